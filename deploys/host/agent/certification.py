"""
Certification: certificates are issued, taken over and rotated before the services load them.

If the CA does not answer, the current certificate stays in use. The answer says so, and the next
run tries again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..model.desired import Certificate
from ..model.request import CertifyRequest, ChallengeRequest
from ..model.state import Existing
from .existing import existing
from .system.shell import Refused
from .tls import dane, dns_challenge, update_hook
from .tls.acme import issue
from .tls.certificates import reload_services, take
from .tls.rotation import rotate


def certify(request: CertifyRequest) -> Existing:
    """Issue and serve certificates; without success the current ones stay in use."""
    for keys in request.published:
        dane.note_keys(keys.name, keys.digests, keys.ttl)
    with update_hook.staged(request.hook):
        notes = [*_issued(request.issue), *_rotated(request.rotate)]
    for certificate in request.take:
        take(certificate)
        if certificate.challenge == "dns":
            dns_challenge.close(certificate)  # none waits: the CA has asked for no challenge
    for certificate in (*request.issue, *request.take):
        if certificate.challenge == "dns":
            dns_challenge.forget_others(certificate)
    reload_services([*request.issue, *request.rotate, *request.take])
    found = existing(request)
    waiting = [one.waits for one in found.certificates.values() if one and one.waits]
    return replace(found, notes=(*notes, *waiting))


def challenge(request: ChallengeRequest) -> Existing:
    """Begin the orders of certificates; a failure is a note, as the current ones stay in use."""
    try:
        dns_challenge.begin(request.certificates)
    except Refused as refused:
        return replace(existing(request), notes=(f"no order at the CA: {refused}",))
    return existing(request)


def _issued(certificates: Iterable[Certificate]) -> Iterator[str]:
    for certificate in certificates:
        try:
            if certificate.challenge == "dns":
                dns_challenge.finish(certificate)
            else:
                issue(certificate, certificate.kinds)
            take(certificate)
        except Refused as refused:
            yield _note(certificate, refused)
            break  # the next certificate would wait for the same CA


def _rotated(certificates: Iterable[Certificate]) -> Iterator[str]:
    for certificate in certificates:
        try:
            rotate(certificate, issue)
        except Refused as refused:
            yield f"the TLS keys of {certificate.name} are not rotated yet: {refused}"


def _note(certificate: Certificate, refused: Refused) -> str:
    return (
        f"{certificate.directory} issued no certificate for {certificate.name}: {refused}; "
        "the current certificate stays in use, and the next run tries again"
    )
