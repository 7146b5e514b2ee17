"""
Adjustments to octoDNS's providers, which are made for one pass over all zones.

Some return an error as a zone with nothing in it, some return a zone's own NS records and then
refuse to plan for it, one reads no zone with an invalid record of others, and all of them print to
the terminal.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone

from ...mail.errors import MailError
from .provider import masked

INCOMPLETE = (
    "returned the zone without its NS records, so the zone is incomplete; run again, and if that "
    "fails too, check the zone there"
)
LOGGERS = ("Zone", "Record", "Plan", "azure", "botocore", "google")  # octoDNS's and libraries'


def whole_zone_class(provider_class: type[BaseProvider]) -> type[BaseProvider]:
    """Return a provider's class that reads whole zones only."""
    namespace = {"__module__": provider_class.__module__}
    return type(provider_class.__name__, (_WholeZones, provider_class), namespace)


class _WholeZones:
    """A provider that refuses an incomplete zone, and reads no NS records that it cannot plan."""

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's signature
        _accept(zone)
        exists = super().populate(zone, target=target, lenient=lenient)  # type: ignore[misc]
        if exists is not False and self.SUPPORTS_ROOT_NS and not zone.root_ns:  # type: ignore[attr-defined]
            raise MailError(INCOMPLETE)
        if zone.root_ns and not self.SUPPORTS_ROOT_NS:  # type: ignore[attr-defined]
            zone.remove_record(zone.root_ns)
        return exists is not False


def _accept(zone: Zone) -> None:
    """Read the records of others as they are, also with a class that ignores `lenient`."""
    skipped: dict[str, frozenset[str]] = {}
    for by_type in Record.registered_validators().values():
        for record_type, active in by_type.items():
            ids = frozenset(validator.id for validator in active)
            skipped[record_type] = skipped.get(record_type, frozenset()) | ids
    zone.disabled_record_validators = skipped


def loggers(provider: BaseProvider) -> Iterator[str]:
    """Yield the names of the loggers of a provider and its client."""
    for part in parts(provider, depth=1):
        log = getattr(part, "log", None)
        if isinstance(log, logging.Logger):
            yield log.name


def redirect(names: Iterable[str], secrets: Sequence[str]) -> None:
    """Send the messages of loggers to pyinfra's debug log, without secrets."""
    for name in names:
        log = logging.getLogger(name)
        log.handlers = [_DebugHandler(secrets)]
        log.propagate = False


class _DebugHandler(logging.Handler):
    """Shows octoDNS's messages with `--debug` only."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self.secrets = secrets

    def emit(self, record: logging.LogRecord) -> None:
        message = masked(record.getMessage(), self.secrets)
        logging.getLogger("pyinfra").debug("octoDNS: %s", message.replace("\n", " "))


def parts(whole: object, depth: int) -> Iterator[object]:
    """Yield an object and the objects that it holds, each once, down to a depth."""
    level, seen = [whole], {id(whole)}
    for _ in range(depth + 1):
        yield from level
        below = (part for one in level for part in vars(one).values() if _has_parts(part))
        level = [
            part for part in {id(part): part for part in below}.values() if id(part) not in seen
        ]
        seen.update(map(id, level))


def _has_parts(thing: object) -> bool:
    return hasattr(thing, "__dict__") and not isinstance(thing, type | ModuleType | logging.Logger)
