"""State of a host, as the agent reports it. Only the standard library is imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...mail.report_store import ReportSums

LOOPBACK6 = "::1"


@dataclass(frozen=True)
class FoundFile:
    """A file; `content` is base64 of its first 64 KiB, and empty for a secret file."""

    sha256: str
    content: str
    mode: int
    owner: str
    group: str


@dataclass(frozen=True)
class FoundCertificate:
    """
    Certificates of a name: kinds of keys, and days until the first certificate expires.

    `current` is true if they equal the sources, `problem` says why the sources are not valid, and
    `waits` why they are not served yet. `served`, `issued` and `next` are digests of keys (RFC
    6698): in use, in the sources if they differ, and the next ones. `noted` are digests that every
    authoritative server is known to answer with. They are not `readable` while the host lacks
    python3-cryptography, which every run installs first. The sources are `complete` if each file is
    there; `source_days` are days until the first certificate in them expires, if they differ.
    """

    kinds: tuple[str, ...]
    covered: bool
    self_signed: bool
    days: int
    current: bool
    directory: str
    problem: str
    served: tuple[str, ...] = ()
    issued: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    waits: str = ""
    challenge: str = ""  # by which the ACME server's certificates were issued
    readable: bool = True
    early: bool = False  # not valid yet: a clock that was ahead has made it
    complete: bool = True
    source_days: int | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the digests of the keys that are in use and of those that follow."""
        return tuple(dict.fromkeys((*self.served, *self.issued, *self.next)))


@dataclass(frozen=True)
class FoundListener:
    """The process that listens on a port, and the systemd unit that it belongs to."""

    pid: int
    process: str
    unit: str = ""


@dataclass(frozen=True)
class FoundUnit:
    """States of a systemd unit, under systemd's names."""

    ActiveState: str
    UnitFileState: str


@dataclass(frozen=True)
class FoundService:
    """
    State of one service: its files and units, and the digest of the files that it has loaded.

    The value of a table is the digest of the source that it was built from, if that is known.
    `foreign` are files of others that our first set would replace, with what is theirs in them.
    `silent` are sockets at which a process that has started long before does not answer.
    """

    files: Mapping[str, FoundFile | None]
    tables: Mapping[str, str | None]
    owned: tuple[str, ...]
    units: Mapping[str, FoundUnit]
    pid: int | None
    loaded: str | None
    interrupted: bool
    foreign: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    queued: int = 0  # messages that still need a service which is no longer wanted


@dataclass(frozen=True)
class FoundSystem:
    """The operating system by `/etc/os-release`."""

    id: str
    version_id: str
    pretty_name: str


@dataclass(frozen=True)
class Existing:
    """Existing state of a host."""

    system: FoundSystem
    packages: Mapping[str, str | None]
    listeners: Mapping[str, FoundListener | None]
    services: Mapping[str, FoundService]
    certificates: Mapping[str, FoundCertificate | None]
    keys: Mapping[str, str | None]  # the public half of each DKIM key, in base64
    acme_account: str = ""  # its URI, if certbot has one
    others: Mapping[str, str] = field(default_factory=dict)  # units of an earlier run's services
    # Events of DKIM keys, by file, slot and event: seconds since the epoch, as `clock` is.
    histories: Mapping[str, Mapping[int, Mapping[str, float]]] = field(default_factory=dict)
    clock: float = 0
    users: Mapping[str, bool] = field(default_factory=dict)  # True if the user exists
    ipv6: tuple[str, ...] = (LOOPBACK6,)  # addresses; none if IPv6 is switched off
    # Values that ACME orders wait for in the DNS, by the name of the certificate.
    challenges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reports: ReportSums = field(default_factory=ReportSums)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # that match a pattern
    notes: tuple[str, ...] = ()  # failures that did not stop a command
