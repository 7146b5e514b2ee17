"""
Habits of octoDNS's providers that a run of ours cannot live with.

They are made for one pass over all zones. So many of them keep what they once read, and a zone that
is read again, to see whether anybody edited it meanwhile, would always be as it was. Some pass an
error off as a zone with nothing in it, some wait for an answer as long as it takes, and all of them
speak to the terminal.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

from octodns.provider.base import BaseProvider
from octodns.zone import Zone
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from ...mail.errors import MailError
from .provider import masked

PATIENCE = 30.0  # seconds for an answer, where a provider names none
DEPTH = 4  # a provider has a client, which may have one of its own, and so on to the session
HALF = (
    "returned the zone without its NS records, so not the whole zone; run again, and if it is "
    "the same then, look there at the zone itself"
)
LOUD = ("Zone", "Record", "Plan", "azure", "botocore", "google")  # octoDNS's loggers, and libraries


def rereading(provider_class: type[BaseProvider]) -> type[BaseProvider]:
    """Return a provider's class whose zones are read anew each time."""
    namespace = {"__module__": provider_class.__module__}
    return type(provider_class.__name__, (_Rereading, provider_class), namespace)


class _Rereading:
    """
    Forgets, before it reads a zone, what the provider has remembered since it was made.

    Some return the zone's own NS records too, and then refuse a plan for a zone that has them.
    """

    _memories: Sequence[tuple[object, str]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - octoDNS's own keys
        super().__init__(*args, **kwargs)
        self._memories = list(_memories(self))

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's signature
        for part, name in self._memories:
            setattr(part, name, {})
        exists = super().populate(zone, target=target, lenient=lenient)  # type: ignore[misc]
        if exists is not False and self.SUPPORTS_ROOT_NS and not zone.root_ns:  # type: ignore[attr-defined]
            raise MailError(HALF)
        if zone.root_ns and not self.SUPPORTS_ROOT_NS:  # type: ignore[attr-defined]
            zone.remove_record(zone.root_ns)
        return exists is not False


def _memories(made: object) -> Iterator[tuple[object, str]]:
    """Yield what is empty and private in a new provider and its own client: it is for later."""
    package = type(made).__module__.partition(".")[0]
    for part in _parts(made, depth=1):
        if type(part).__module__.partition(".")[0] == package:
            for name, value in vars(part).items():
                if name.startswith("_") and isinstance(value, dict) and not value:
                    yield part, name


def sessions(made: BaseProvider) -> Iterator[Session]:
    """Yield the HTTP sessions that a provider keeps, however deep."""
    return (part for part in _parts(made, DEPTH) if isinstance(part, Session))


def limit_patience(made: BaseProvider) -> None:
    """Let no request of a provider wait for ever."""
    for session in sessions(made):
        plain = [url for url, way in session.adapters.items() if type(way) is HTTPAdapter]
        for url in plain:  # one of the provider's own has limits of its own
            session.mount(url, _Impatient())


class _Impatient(HTTPAdapter):
    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - passed on
        return super().send(
            request, *args, **kwargs | {"timeout": kwargs.get("timeout") or PATIENCE}
        )


def loggers(made: BaseProvider) -> Iterator[str]:
    """Yield the names of a provider's loggers, its client's too."""
    for part in _parts(made, depth=1):
        log = getattr(part, "log", None)
        if isinstance(log, logging.Logger):
            yield log.name


def hush(names: Iterable[str], secrets: Sequence[str]) -> None:
    """Keep the messages of loggers for those who debug, and secrets out of them."""
    for name in names:
        log = logging.getLogger(name)
        log.handlers = [_Whisper(secrets)]
        log.propagate = False


class _Whisper(logging.Handler):
    """Passes octoDNS's messages on for `--debug`, and keeps them from the terminal otherwise."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self.secrets = secrets

    def emit(self, record: logging.LogRecord) -> None:
        message = masked(record.getMessage(), self.secrets)
        logging.getLogger("pyinfra").debug("octoDNS: %s", message.replace("\n", " "))


def _parts(whole: object, depth: int) -> Iterator[object]:
    """Yield an object and what it holds, each once, so many levels down."""
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
