"""
Rotation of TLS keys: the next keys replace the current ones (RFC 7671 section 8.1).

The next keys are made long before, with certificates of their own, and have TLSA records like the
current ones. A rotation is a renewal with another key: the file of the next keys if they are
self-signed, else certbot's renewal with the next key in the place of a lineage's own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ....mail.paths import CERTBOT_LIVE
from ...model.desired import Certificate
from ..system.shell import Refused
from . import dane, pem
from .certificates import keys_by_kind, require_accepted, take, write_self_signed

LIVE = Path(CERTBOT_LIVE)
Issuance = Callable[[Certificate, list[str]], None]


def make_next(certificate: Certificate) -> None:
    """Make the next keys."""
    write_self_signed(certificate.next, certificate.name, certificate.kinds, {})


def rotate(certificate: Certificate, issue: Issuance) -> None:
    """Serve the next keys and make new ones; raise Refused while senders do not accept them."""
    path, new = Path(certificate.path), Path(certificate.next)
    try:
        require_accepted(certificate.name, path.read_text(), new.read_text())
    except dane.UnpublishedKey as reason:
        raise Refused("rotate", str(reason)) from None
    if certificate.source == "acme":
        # One kind after the other: certbot's hook serves each new certificate at once.
        for kind, key in keys_by_kind(certificate.next).items():
            with _in_lineage(f"{certificate.name}-{kind}", key):
                issue(certificate, [kind])
        take(certificate)
        make_next(certificate)
    else:
        new.replace(path)
        make_next(certificate)


@contextmanager
def _in_lineage(lineage: str, key: str) -> Iterator[None]:
    """Put a key at a lineage's privkey.pem for one renewal, as certbot reuses that file."""
    # The renewal writes its key to a file of the next version; this version gets its own key back.
    place = (LIVE / lineage / "privkey.pem").resolve()
    before = place.read_text()
    try:
        _replace(place, key)
        yield
    finally:
        _replace(place, before)


def _replace(place: Path, key: str) -> None:
    pem.write(f"{place}.new", key)
    Path(f"{place}.new").replace(place)
