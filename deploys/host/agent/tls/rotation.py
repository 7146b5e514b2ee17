"""
The keys that come next, and how they take the place of those in use (RFC 7671 section 8.1).

They are made long before, with certificates of their own, and are in the TLSA set beside those in
use. Going over to them is a renewal with another key: of a self-signed certificate a new file, of
an authority's one that certbot asks for with the next key in the place of a lineage's own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...model.desired import Certificate
from ..system.shell import Refused
from . import dane, pem
from .certificates import allow, known, sign, take

LIVE = Path("/etc/letsencrypt/live")
Issue = Callable[[Certificate, list[str]], None]


def make_next(certificate: Certificate) -> None:
    """Make the keys that come after those in use."""
    sign(certificate.next, certificate.name, certificate.kinds, {})


def rotate(certificate: Certificate, issue: Issue) -> None:
    """Serve the next keys, and make others that come next; refused before senders accept them."""
    path, new = Path(certificate.path), Path(certificate.next)
    try:
        allow(certificate.name, path.read_text(), new.read_text())
    except dane.Unannounced as reason:
        raise Refused("rotate", str(reason)) from None
    if certificate.source == "acme":
        # One by one: certbot's hook serves each at once, beside what there is of the other.
        for kind, key in known(certificate.next).items():
            with _in_lineage(f"{certificate.name}-{kind}", key):
                issue(certificate, [kind])
        take(certificate)
        make_next(certificate)
    else:
        new.replace(path)
        make_next(certificate)


@contextmanager
def _in_lineage(lineage: str, key: str) -> Iterator[None]:
    """Let certbot find a key for one renewal: it reuses what is at a lineage's privkey.pem."""
    # A renewal writes the key beside the certificate that it is for, as the version after this one.
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
