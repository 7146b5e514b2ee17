"""Requests to the agent, made of a host's settings, its desired services and their changes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain

from ...mail.settings.model import HostSettings
from ..model.desired import Certificate, Query, Service
from ..model.plan import HostChange
from ..model.request import (
    ApplyRequest,
    CertifyRequest,
    ChallengeRequest,
    DkimRotation,
    ExistingRequest,
    PlannedService,
    PrepareRequest,
    PublishedKeys,
    RotateRequest,
)
from ..model.state import Existing
from ..services import registry


def existing_request(settings: HostSettings) -> ExistingRequest:
    """Return the request for the state of every service of a host."""
    return ExistingRequest(_queries(settings))


def prepare_request(
    settings: HostSettings, desired: Collection[Service], changes: Iterable[HostChange]
) -> PrepareRequest:
    """Return the request for the packages, users, certificates and keys of a plan."""
    wanted = {change.subject for change in changes}
    packages = chain(*(service.query.packages for service in desired))
    return PrepareRequest(
        _queries(settings),
        packages=tuple(name for name in dict.fromkeys(packages) if name in wanted),
        masked=tuple(unit for service in desired for unit in service.masked),
        preseed="".join(service.preseed for service in desired),
        system_users=tuple(
            one for service in desired for one in service.system_users if one.name in wanted
        ),
        certificates=_certificates(desired, wanted, lambda one: one.path),
        next=_certificates(desired, wanted, lambda one: one.next),
        keys=tuple(key for one in desired for key in one.keys if key.path in wanted),
        patience=float(settings.install_timeout),
    )


def certify_request(
    settings: HostSettings,
    desired: Collection[Service | Query],
    changes: Collection[HostChange],
    published: Iterable[PublishedKeys],
) -> CertifyRequest:
    """Return the request for the certificates of a plan, and for the keys to note."""
    issued, taken, rotated = (
        {change.subject for change in changes if change.verb == verb}
        for verb in ("issue", "take", "rotate")
    )
    return CertifyRequest(
        _queries(settings),
        published=tuple(published),
        issue=_certificates(desired, issued, lambda one: one.path),
        take=_certificates(desired, taken, lambda one: one.path),
        rotate=_certificates(desired, rotated, lambda one: one.next),
        hook=registry.challenge_hook(settings),
    )


def challenge_request(
    settings: HostSettings, desired: Collection[Service | Query], issued: Collection[str]
) -> ChallengeRequest:
    """Return the request to begin orders at the ACME server that need records in the DNS."""
    due = _certificates(desired, issued, lambda one: one.path)
    return ChallengeRequest(_queries(settings), tuple(one for one in due if one.challenge == "dns"))


def apply_request(
    settings: HostSettings,
    services: Iterable[PlannedService],
    obsolete: Mapping[str, str],
    rotation: DkimRotation,
) -> ApplyRequest:
    """Return the request for a whole configuration."""
    return ApplyRequest(
        _queries(settings), rotation, tuple(services), obsolete, float(settings.patience)
    )


def rotate_request(settings: HostSettings, rotation: DkimRotation) -> RotateRequest:
    """Return the request for DKIM keys alone."""
    return RotateRequest(_queries(settings), rotation)


def planned_service(service: Service, existing: Existing, *, changed: bool) -> PlannedService:
    """Return a service with the digests of its files as the plan found them."""
    found = existing.services[service.query.name].files
    expected = {
        file.path: now.sha256 if (now := found.get(file.path)) else None for file in service.set
    }
    return PlannedService(service, changed, expected)


def _queries(settings: HostSettings) -> tuple[Query, ...]:
    return tuple(registry.queries(settings))


def _certificates(
    desired: Iterable[Service | Query], wanted: Collection[str], by: Callable[[Certificate], str]
) -> tuple[Certificate, ...]:
    """Return the certificates of which a path, returned by `by`, is wanted."""
    return tuple(one for service in desired for one in service.certificates if by(one) in wanted)
