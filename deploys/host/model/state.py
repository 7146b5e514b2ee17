"""What a host says of itself, as values: the agent's answer, checked where it comes in."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class _Found(BaseModel):
    model_config = ConfigDict(frozen=True)


class FoundFile(_Found):
    """A file as it is; `content` is base64 of its first 64 KiB, of a secret file nothing."""

    sha256: str
    content: str
    mode: int
    owner: str
    group: str


class FoundCertificate(_Found):
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


class FoundListener(_Found):
    """The process that holds a port."""

    pid: int
    process: str


class FoundUnit(_Found):
    """A systemd unit's states, in systemd's own words."""

    ActiveState: str
    UnitFileState: str


class FoundService(_Found):
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


class FoundSystem(_Found):
    """The operating system by `/etc/os-release`."""

    id: str
    version_id: str
    pretty_name: str


class Existing(_Found):
    """Everything that a plan compares."""

    system: FoundSystem
    packages: Mapping[str, str | None]
    listeners: Mapping[str, FoundListener | None]
    services: Mapping[str, FoundService]
    certificates: Mapping[str, FoundCertificate | None]
    acme_account: str = ""  # its URI, where certbot has one
    others: Mapping[str, str] = {}  # units of services that an earlier run set up, by their names
    keys: Mapping[str, str | None]  # base64 of what is public of a key
    # When what happened to keys, by file, slot and event: seconds since the epoch, as `clock` is.
    histories: Mapping[str, Mapping[int, Mapping[str, float]]] = {}
    clock: float = 0
    notes: tuple[str, ...] = ()  # what a command could not do, and went on without
