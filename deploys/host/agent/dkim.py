"""
DKIM keys of the host: made here, reported by their public halves, deleted after a rotation.

The file of a key is complete, on the disk and readable by its owner alone before it gets its name.
A file with the public half (`.pub`) lies beside it, so that a report does not parse the key. A
history, written in one step, notes since when the keys of each slot sign or are retired.
"""

import base64
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..model.desired import Key, KeyKind
from ..model.request import DkimRotation, History

RAW = 32  # octets of an Ed25519 key (RFC 8032 section 5.1.5)
RSA_BITS = 2048


def make_key(key: Key) -> None:
    """Make a key unless it exists, and write its public half."""
    path = Path(key.path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.chown(path.parent, "root", key.owner)
    path.parent.chmod(0o750)
    if not path.exists():
        _write(path, _new(key.kind), key.owner, 0o600)
    _write(_public_file(path), _public(path.read_text(), key.kind), "root", 0o644)


def public_key(path: str) -> str | None:
    """Return the public half of a key in base64; None if there is no key."""
    if not Path(path).exists():
        return None
    try:
        return _public_file(Path(path)).read_text().strip()
    except OSError:
        return None


def histories(paths: Iterable[str]) -> dict[str, dict[int, Mapping[str, float]]]:
    """Return the noted events of keys, by file and slot."""
    return {path: {int(slot): times for slot, times in history(path).items()} for path in paths}


def history(path: str) -> History:
    """Return the noted events of keys; none if the file cannot be read."""
    try:
        return dict(json.loads(Path(path).read_text()))
    except (OSError, ValueError):
        return {}


def rotate_keys(rotation: DkimRotation) -> None:
    """Delete keys that are no longer needed, then note the events of all keys."""
    for key in map(Path, rotation.deleted):
        key.unlink(missing_ok=True)
        _public_file(key).unlink(missing_ok=True)
    for path, times in rotation.histories.items():
        _write(Path(path), f"{json.dumps(times)}\n", "root", 0o644)


def _public_file(path: Path) -> Path:
    return path.with_suffix(".pub")


def _new(kind: KeyKind) -> str:
    """Return a key in rspamd's format: PEM, or for Ed25519 seed and public key in base64."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # noqa: PLC0415 - slow
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    if kind == "rsa2048":
        key = rsa.generate_private_key(65537, RSA_BITS)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    seed = ed25519.Ed25519PrivateKey.generate()
    public = seed.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _base64(seed.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()) + public)


def _public(text: str, kind: KeyKind) -> str:
    """Return the public half of a key as in its DKIM record (RFC 6376, RFC 8463)."""
    if kind == "ed25519":
        return _base64(base64.b64decode(text)[-RAW:])
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - slow
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    public = load_pem_private_key(text.encode(), None).public_key()
    return _base64(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode() + "\n"


def _write(path: Path, text: str, owner: str, mode: int) -> None:
    staged = path.with_name(f"{path.name}.new")
    staged.unlink(missing_ok=True)
    with os.fdopen(os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        shutil.chown(staged, owner, owner)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
