"""
Daemon of the reader: it looks for messages, and starts a process that reads them.

It stays small and parses nothing. What the other process cannot survive is kept, and not tried
again.
"""

import subprocess
import sys
import time
from pathlib import Path

from ...mail.report_store import ReportRefusal, opened
from .configuration import ReaderConfiguration
from .mailbox import AGAIN, ReportMailbox

PAUSE = 5.0  # seconds between two looks
LONGEST = 600.0  # seconds of a batch


def main(file: str) -> None:
    """Read messages for as long as the unit runs."""
    folder = Path(ReaderConfiguration.read(Path(file)).state)
    mailbox = ReportMailbox(folder / "mail")
    mailbox.begin_again()
    while True:
        if mailbox.waiting():
            read(file, folder, mailbox)
        time.sleep(PAUSE)


def read(file: str, folder: Path, mailbox: ReportMailbox) -> None:
    """Read all messages in another process; keep the one at which it has died."""
    program = (sys.executable, "-B", "-m", f"{__package__}.batch", file)
    try:
        status = subprocess.run(program, check=False, timeout=LONGEST).returncode
        ended = f"status {status}"
    except subprocess.TimeoutExpired:
        status, ended = 1, f"no result within {LONGEST:g} s"
    if status == AGAIN:
        mailbox.begin_again()
    for message in mailbox.begun():
        with opened(folder) as store:
            why = f"its reader ended with {ended}"
            store.refuse(ReportRefusal(message.name, message.stat().st_mtime, why, report=1))
        mailbox.keep(message)


if __name__ == "__main__":
    main(*sys.argv[1:])
