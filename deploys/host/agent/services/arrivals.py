"""Messages that a preflight has sent, found in mailboxes or in Postfix's queue."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ....mail import paths
from ...model.desired import Arrival
from ..system.shell import Refused, run

QUEUES = [f"{queue}/deferred" for queue in (paths.QUEUE, paths.BULK_QUEUE)]
UNDECIDED = [
    f"{queue}/{name}"
    for queue in (paths.QUEUE, paths.BULK_QUEUE)
    for name in ("maildrop", "incoming", "active")
]
WAITING = ("maildrop", "incoming", "active", "deferred", "hold")  # a queue's directories of mail
LOOKS = 20  # at these without a message until what has not arrived is lost
NEXT = re.compile(r"^From \S+ .*\n", re.MULTILINE)  # mbox(5): the line before each message
FOLD = re.compile(r"\r?\n[ \t]+")  # RFC 5322 section 2.2.3


def require(
    arrivals: Collection[Arrival], mailboxes: Iterable[str], end: Callable[[], str]
) -> None:
    """Wait for every message until the end; raise Refused for the first that is missing."""
    directories, idle = [*mailboxes], 0
    missing = list(arrivals)
    while missing := _missing(missing, directories):
        idle = 0 if _files(UNDECIDED) else idle + 1
        if end() or idle > LOOKS:
            raise Refused("preflight", f"{missing[0].name}: {missing[0].hint}")
        time.sleep(0.05)


def _missing(arrivals: Iterable[Arrival], mailboxes: Iterable[str]) -> list[Arrival]:
    delivered = [*_delivered(mailboxes)]
    # A message that is returned at once has left the queue, and is in the sender's mailbox.
    queued = [*_queued(), *delivered] if any(one.queued for one in arrivals) else []
    return [one for one in arrivals if not _found(one, queued if one.queued else delivered)]


def _found(arrival: Arrival, messages: Iterable[str]) -> bool:
    return any(
        all(re.search(pattern, text, re.MULTILINE) for pattern in arrival.patterns)
        for text in messages
    )


def _delivered(directories: Iterable[str]) -> Iterator[str]:
    """Yield every message in mailboxes, in mbox files or in a file of its own."""
    for path in _files(directories):
        with suppress(FileNotFoundError):  # it has just been renamed
            yield from map(_unfolded, NEXT.split(path.read_text("utf-8", "replace")))


def _queued() -> Iterator[str]:
    """Yield every message in the queue with its envelope, as postcat(1) shows it."""
    for file in _files(QUEUES):
        yield _unfolded(run("postcat", str(file)).stdout)


def waiting(queues: Mapping[str, str]) -> int:
    """Return how many messages wait in queues, those whose file has the text of its queue."""
    found = 0
    for queue, text in queues.items():
        for file in _files(f"{queue}/{name}" for name in WAITING):
            with suppress(FileNotFoundError):  # it has just been delivered
                found += text.encode() in file.read_bytes()
    return found


def _files(directories: Iterable[str]) -> list[Path]:
    found = (path for directory in directories for path in Path(directory).rglob("*"))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _unfolded(text: str) -> str:
    return FOLD.sub(" ", text)
