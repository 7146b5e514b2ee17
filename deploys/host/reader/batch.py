"""
Reading of every message that waits, in a process of its own with bounded memory.

Hostile content can end this process at worst. Each message is read, its reports are added in one
transaction each, and the message is deleted then: one that is read twice counts once.
"""

import resource
import sqlite3
import sys
import time
from pathlib import Path

from ...mail.report_store import ReportRefusal, ReportStore, day_of, opened
from .archive import Unreadable
from .configuration import ReaderConfiguration
from .mailbox import AGAIN, ReportMailbox
from .message import LARGEST_MESSAGE, InvalidReport, reports

MEMORY = 768 * 2**20  # octets


def main(file: str) -> None:
    """Read all messages that wait."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    configuration = ReaderConfiguration.read(Path(file))
    try:
        read_all(configuration, time.time())
    except sqlite3.Error as problem:
        sys.stderr.write(f"the database of reports cannot be used: {problem}\n")
        sys.exit(AGAIN)


def read_all(configuration: ReaderConfiguration, now: float) -> None:
    """Read the messages of the mailbox into the database."""
    folder = Path(configuration.state)
    mailbox = ReportMailbox(folder / "mail")
    with opened(folder) as store:
        for message in mailbox.waiting():
            _read(mailbox.begin(message), mailbox, store, configuration, now)
        store.forget_old(day_of(now))
        store.forget_refusals(one.name for one in mailbox.unread.iterdir())


def _read(
    message: Path,
    mailbox: ReportMailbox,
    store: ReportStore,
    configuration: ReaderConfiguration,
    now: float,
) -> None:
    try:
        for report in reports(_content(message), configuration, now):
            store.add(report)
    except Unreadable as problem:
        _refuse(message, str(problem), mailbox, store, report=isinstance(problem, InvalidReport))
    except MemoryError:
        why = f"it takes more than {MEMORY} octets of memory"
        _refuse(message, why, mailbox, store, report=True)
    except sqlite3.Error:
        raise  # the message is not at fault
    except Exception as problem:  # noqa: BLE001 - Python's parser of headers fails in many ways
        _refuse(message, f"it cannot be parsed: {problem}", mailbox, store, report=False)
    else:
        message.unlink()


def _content(message: Path) -> bytes:
    if message.stat().st_size > LARGEST_MESSAGE:
        raise Unreadable(f"it has more than {LARGEST_MESSAGE} octets")
    return message.read_bytes()


def _refuse(
    message: Path, why: str, mailbox: ReportMailbox, store: ReportStore, *, report: bool
) -> None:
    store.refuse(ReportRefusal(message.name, message.stat().st_mtime, why[:500], int(report)))
    mailbox.keep(message)


if __name__ == "__main__":
    main(*sys.argv[1:])
