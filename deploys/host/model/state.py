"""State of a host, as the agent reports it. Only the standard library is imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FoundFile:
    """A file as it is; `content` is base64 of its first 64 KiB, of a secret file nothing."""

    sha256: str
    content: str
    mode: int
    owner: str
    group: str


@dataclass(frozen=True)
class FoundCertificate:
    """
    What a name is served with: kinds of keys, days until the first certificate ends.

    `current` tells whether that is what its sources hold, `problem` what forbids to serve those and
    `waits` what they wait for. `served`, `issued` and `next` are digests of keys (RFC 6698): those
    in use, those in the sources where they differ, those that come next; `noted` the ones of which
    it is known that every name server answers with them.
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

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the digests of every key that is shown, or shall be."""
        return tuple(dict.fromkeys((*self.served, *self.issued, *self.next)))


@dataclass(frozen=True)
class FoundListener:
    """The process that holds a port."""

    pid: int
    process: str


@dataclass(frozen=True)
class FoundUnit:
    """A systemd unit's states, in systemd's own words."""

    ActiveState: str
    UnitFileState: str


@dataclass(frozen=True)
class FoundService:
    """
    What one service has on the disk, and the digest of what it has loaded.

    A table's value is the digest of the source from which it was built, if that is known.
    """

    files: Mapping[str, FoundFile | None]
    tables: Mapping[str, str | None]
    owned: tuple[str, ...]
    units: Mapping[str, FoundUnit]
    pid: int | None
    loaded: str | None
    interrupted: bool


@dataclass(frozen=True)
class FoundSystem:
    """The operating system by `/etc/os-release`."""

    id: str
    version_id: str
    pretty_name: str


@dataclass(frozen=True)
class Existing:
    """Everything that a plan compares."""

    system: FoundSystem
    packages: Mapping[str, str | None]
    listeners: Mapping[str, FoundListener | None]
    services: Mapping[str, FoundService]
    certificates: Mapping[str, FoundCertificate | None]
    keys: Mapping[str, str | None]  # the public half of each DKIM key, in base64
    acme_account: str = ""  # its URI, where certbot has one
    others: Mapping[str, str] = field(default_factory=dict)  # units of an earlier run's services
    # Events of DKIM keys, by file, slot and event: seconds since the epoch, as `clock` is.
    histories: Mapping[str, Mapping[int, Mapping[str, float]]] = field(default_factory=dict)
    clock: float = 0
    notes: tuple[str, ...] = ()  # failures that did not stop a command
