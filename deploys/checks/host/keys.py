"""
Key files of a host: their modes, and the age of keys and certificates.

Certificates are read from the files too: one that no service has loaded yet is visible on no port.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

from cryptography import x509

from ...mail.paths import CERTIFICATES, DKIM_KEYS
from ..core.finding import Check, Finding
from .snapshot import Snapshot

KEYS = Check(
    "host.keys",
    "host",
    "Are private keys readable by their owners only, and certificates and DKIM keys not too old?",
    "RFC 6376 section 8.3; RFC 5280 section 4.1.2.5",
    why="A reader of a private key can act as the domain; an expired certificate ends TLS.",
    remedy="Deploy the host, which sets owners and modes, renews and rotates.",
)
_OTHERS = 0o027  # group may read, the owner alone may write
_SOON = 7  # days
_DAY = 86_400
_LATE = 14  # days that a rotation can wait for records and resolvers


def keys(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the mode of every key file, the end of certificates, and the age of DKIM keys."""
    name = snapshot.host.inventory_name
    secrets = [line.split(maxsplit=3) for line in snapshot.lines("secret")]
    if not all(any(place in words[-1] for words in secrets) for place in (CERTIFICATES, DKIM_KEYS)):
        yield KEYS.error(name, f"{name}: a key for TLS or DKIM is missing", f"deploy {name}")
        return
    wrong = [finding for words in secrets for finding in _file(snapshot, words)]
    for line in snapshot.lines("certificate"):
        wrong += _certificate(snapshot, line)
    yield from wrong
    if not wrong:
        saw = f"{name}: {len(secrets)} key files are readable by their owners only; none is too old"
        yield KEYS.ok(name, saw)


def _file(snapshot: Snapshot, words: list[str]) -> Iterator[Finding]:
    name, host = snapshot.host.inventory_name, snapshot.host
    mode, owner, changed, path = words
    if int(mode, 8) & _OTHERS:
        fix = f"run `chmod 0600 {path}`; if other users could log in, make a new key"
        yield KEYS.error(name, f"{name}: {path} of {owner} has mode {mode}", fix)
    rotate = host.dkim_rotate
    if path.startswith(DKIM_KEYS) and rotate.endswith("d"):
        days = (snapshot.now - int(changed)) / _DAY
        if days > int(rotate[:-1]) + _LATE:
            fix = f"deploy {name} as often as mail_dkim_rotate = {rotate!r} says"
            yield KEYS.warning(name, f"{name}: {path} is {days:.0f} days old", fix)


def _certificate(snapshot: Snapshot, line: str) -> Iterator[Finding]:
    name = snapshot.host.inventory_name
    encoded, _, path = line.partition(" ")
    fix = f"see `journalctl -u certbot`, or deploy {name}"
    try:
        text = base64.b64decode(encoded)
        first = x509.load_pem_x509_certificates(text)[0]
    except ValueError:
        yield KEYS.error(name, f"{name}: {PurePosixPath(path).name} holds no certificate", fix)
        return
    left = (first.not_valid_after_utc - datetime.fromtimestamp(snapshot.now, UTC)).days
    saw = f"{name}: the certificate in {path} is valid until {first.not_valid_after_utc:%Y-%m-%d}"
    if left < 0:
        yield KEYS.error(name, saw, fix)
    elif left < _SOON:
        yield KEYS.warning(name, saw, fix)
