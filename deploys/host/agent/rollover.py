"""
The keys that come next, and how they take the place of those in use (RFC 7671 section 8.1).

They are made long before, with certificates of their own, and are in the TLSA set beside those in
use. Going over to them is a renewal with another key: of a self-signed certificate a new file, of
an authority's one that certbot asks for with the next key in the place of the lineage's own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import dane, pem
from .certificates import allow, take
from .pairs import known, sign
from .shell import Refused

LIVE = Path("/etc/letsencrypt/live")
Issue = Callable[[dict[str, Any]], None]


def make_next(certificate: dict[str, Any]) -> None:
    """Make the keys that come after those in use."""
    sign(certificate["next"], certificate["name"], certificate["kinds"], {})


def rotate(certificate: dict[str, Any], issue: Issue) -> None:
    """Serve the next keys, and make others that come next; refused before senders accept them."""
    path, new = Path(certificate["path"]), Path(certificate["next"])
    try:
        allow(certificate["name"], path.read_text(), new.read_text())
    except dane.Unannounced as reason:
        raise Refused("rotate", str(reason)) from None
    if certificate["source"] == "acme":
        with _in_lineages(certificate["name"], known(certificate["next"])):
            issue(certificate)
        take(certificate)
        make_next(certificate)
    else:
        new.replace(path)
        make_next(certificate)


@contextmanager
def _in_lineages(name: str, keys: dict[str, str]) -> Iterator[None]:
    """Let certbot find these keys for one renewal: it reuses what is at a lineage's privkey.pem."""
    # A renewal writes the key beside the certificate that it is for, as the version after this one.
    places = {kind: (LIVE / f"{name}-{kind}" / "privkey.pem").resolve() for kind in keys}
    before = {kind: place.read_text() for kind, place in places.items()}
    try:
        for kind, place in places.items():
            _replace(place, keys[kind])
        yield
    finally:
        for kind, place in places.items():
            _replace(place, before[kind])


def _replace(place: Path, key: str) -> None:
    pem.write(f"{place}.new", key)
    Path(f"{place}.new").replace(place)
