"""
Private keys made on this host, and what is public of them.

openssl makes a key into a pipe; its file is complete, on the disk and for its owner's eyes alone
before it has its name. What is public stands beside it (`.pub`), so that a look costs no process,
and when which keys began to sign, or ceased to, in a file that is written in one step.
"""

import base64
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..model.desired import Key
from ..model.request import DkimRotation, History
from .system.shell import must

KINDS = {
    "rsa2048": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "ed25519": ("-algorithm", "ED25519"),
}
RAW = 32  # octets of an Ed25519 key, the last ones of its DER encoding (RFC 8410 section 7)


def make_key(key: Key) -> None:
    """Make a key; one that is there already is kept, and only told what is public of it."""
    path = Path(key.path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.chown(path.parent, "root", key.owner)
    path.parent.chmod(0o750)
    if not path.exists():
        pem = must("key", "openssl", "genpkey", *KINDS[key.kind])
        _write(path, pem if key.kind == "rsa2048" else _raw(pem), key.owner, 0o600)
    _write(_beside(path), _public(path.read_text(), key.kind), "root", 0o644)


def public_key(path: str) -> str | None:
    """Return what is public of a key in base64; None where there is no key."""
    if not Path(path).exists():
        return None
    try:
        return _beside(Path(path)).read_text().strip()
    except OSError:
        return None


def histories(paths: Iterable[str]) -> dict[str, dict[int, Mapping[str, float]]]:
    """Return the noted events of keys, by file and slot."""
    return {path: {int(slot): times for slot, times in history(path).items()} for path in paths}


def history(path: str) -> History:
    """Return the noted events of a file's keys; none of a file that cannot be read."""
    try:
        return dict(json.loads(Path(path).read_text()))
    except (OSError, ValueError):
        return {}


def turn(rotation: DkimRotation) -> None:
    """Delete keys that are not needed any more, and then note what has happened to all."""
    for key in map(Path, rotation.deleted):
        key.unlink(missing_ok=True)
        _beside(key).unlink(missing_ok=True)
    for path, times in rotation.histories.items():
        _write(Path(path), f"{json.dumps(times)}\n", "root", 0o644)


def _beside(path: Path) -> Path:
    return path.with_suffix(".pub")


def _raw(pem: str) -> str:
    """Return an Ed25519 key as rspamd reads it: seed and public key, in base64."""
    return base64.b64encode(_der(pem)[-RAW:] + _der(pem, "-pubout")[-RAW:]).decode() + "\n"


def _public(text: str, kind: str) -> str:
    if kind == "ed25519":
        return base64.b64encode(base64.b64decode(text)[-RAW:]).decode() + "\n"
    return base64.b64encode(_der(text, "-pubout")).decode() + "\n"


def _der(pem: str, *options: str) -> bytes:
    pem = must("key", "openssl", "pkey", *options, stdin=pem)
    return base64.b64decode("".join(pem.strip().splitlines()[1:-1]))


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
