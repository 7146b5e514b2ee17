"""
Certificates that are issued, taken over and replaced, before the services load them.

An authority that does not answer is no reason to serve nothing: what is there stays in force, the
answer says so, and the next run asks again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..model.desired import Certificate
from ..model.request import CertifyRequest
from ..model.state import Existing
from .existing import existing
from .system.shell import Refused
from .tls import dane
from .tls.acme import issue
from .tls.certificates import reload, take
from .tls.rotation import rotate


def certify(request: CertifyRequest) -> Existing:
    """Have certificates issued, and serve them; where that cannot be, what is there stays."""
    for keys in request.published:
        dane.note(keys.name, keys.digests, keys.ttl)
    notes = [*_issued(request.issue), *_rotated(request.rotate)]
    for certificate in request.take:
        take(certificate)
    reload([*request.issue, *request.rotate, *request.take])
    found = existing(request)
    waiting = [one.waits for one in found.certificates.values() if one and one.waits]
    return replace(found, notes=(*notes, *waiting))


def _issued(certificates: Iterable[Certificate]) -> Iterator[str]:
    for certificate in certificates:
        try:
            issue(certificate, certificate.kinds)
            take(certificate)
        except Refused as refused:
            yield _note(certificate, refused)
            break  # the next one would only wait for the same server


def _rotated(certificates: Iterable[Certificate]) -> Iterator[str]:
    for certificate in certificates:
        try:
            rotate(certificate, issue)
        except Refused as refused:
            yield f"the keys of {certificate.name} stay: {refused}"


def _note(certificate: Certificate, refused: Refused) -> str:
    return (
        f"{certificate.directory} issued no certificate for {certificate.name}: {refused}; "
        "it is served with the one that is there, and the next run asks again"
    )
