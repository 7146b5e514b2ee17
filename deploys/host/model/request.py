"""
Requests to the agent: one for each verb.

Every request but the preflight's says what to report afterwards (`queries`), and the answer to it
is the `Existing` of the host. Only the standard library is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .desired import Certificate, File, Key, Query, Service, SystemUser

History = Mapping[str, Mapping[str, float]]  # by slot and event: seconds since the epoch


@dataclass(frozen=True)
class Request:
    """A request; its verb is the name by which the agent knows it."""

    verb: ClassVar[str]


@dataclass(frozen=True)
class ExistingRequest(Request):
    """Report the state of the host, and change nothing."""

    verb: ClassVar[str] = "existing"
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class PrepareRequest(ExistingRequest):
    """
    Install packages, then make users, certificates, the next TLS keys and DKIM keys.

    `masked` are units that a package must not start by itself, `preseed` is debconf's input,
    `patience` is the longest wait in seconds for each command.
    """

    verb: ClassVar[str] = "prepare"
    packages: tuple[str, ...]
    masked: tuple[str, ...]
    preseed: str
    system_users: tuple[SystemUser, ...]
    certificates: tuple[Certificate, ...]
    next: tuple[Certificate, ...]
    keys: tuple[Key, ...]
    patience: float


@dataclass(frozen=True)
class PublishedKeys:
    """Digests of a name's TLS keys on every authoritative server, and their TTL in seconds."""

    name: str
    digests: tuple[str, ...]
    ttl: int


@dataclass(frozen=True)
class CertifyRequest(ExistingRequest):
    """Note published keys; issue certificates, take them over, and rotate to the next keys."""

    verb: ClassVar[str] = "certify"
    published: tuple[PublishedKeys, ...]
    issue: tuple[Certificate, ...]
    take: tuple[Certificate, ...]
    rotate: tuple[Certificate, ...]
    hook: tuple[File, ...]  # of certbot, which stands on the host after the configuration only


@dataclass(frozen=True)
class ChallengeRequest(ExistingRequest):
    """Begin the ACME orders of certificates, and report the records that they wait for."""

    verb: ClassVar[str] = "challenge"
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True)
class DkimRotation:
    """DKIM keys to delete, and the histories to note once they are gone, each by its file."""

    deleted: tuple[str, ...]
    histories: Mapping[str, History]


@dataclass(frozen=True)
class RotateRequest(ExistingRequest):
    """Delete DKIM keys and note histories."""

    verb: ClassVar[str] = "rotate"
    rotation: DkimRotation


@dataclass(frozen=True)
class PlannedService:
    """
    A desired service, and whether anything in it changes.

    `expected` are the digests of its files as the plan found them; None for an absent file.
    """

    service: Service
    changed: bool
    expected: Mapping[str, str | None]


@dataclass(frozen=True)
class ApplyRequest(RotateRequest):
    """
    Make the services of a host as desired, stop others by their units, and rotate.

    `patience` is the longest wait in seconds for a service that shows signs of life.
    """

    verb: ClassVar[str] = "apply"
    services: tuple[PlannedService, ...]
    obsolete: Mapping[str, str]  # units by service
    patience: float


@dataclass(frozen=True)
class PreflightRequest(Request):
    """
    Test the staged services inside namespaces; the agent sends this to itself.

    `addresses` are those of the host, which the loopback of the namespaces gets.
    """

    verb: ClassVar[str] = "preflight"
    services: tuple[PlannedService, ...]
    patience: float
    addresses: tuple[str, ...]
