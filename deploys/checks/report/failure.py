"""
Notice of a scheduled run that ended before its report: `python -m deploys.checks.report.failure`.

systemd starts it when the run of the timer fails (OnFailure=). A run with a report has told its
findings itself. The words are the inventory's name, the unit that failed, and the receiver: an
address, or the parts of a reference to a secret. Without a receiver only the journal has the text.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from os import environ
from socket import gethostname

from ...mail.errors import MailError
from ...mail.settings.secret import Secret
from ...run import reports
from .receiver import OutgoingNotice, send

LONGEST = 1800  # seconds of a run, TimeoutStartSec of its unit
REFERENCES = ("env", "file")  # the arguments of a command may be secret, and a unit is public


def words(receiver: Secret | str) -> tuple[str, ...]:
    """Return a receiver as words of a command line; () if it has to stay out of it."""
    if isinstance(receiver, Secret):
        return (receiver.kind, *receiver.reference) if receiver.kind in REFERENCES else ()
    return (receiver,) if receiver and not receiver.startswith("https://") else ()


def main(inventory: str, unit: str, *receiver: str) -> int:
    """Print and send the notice, unless the run has written a report; return the exit status."""
    if _reported(inventory, _start(unit)):
        return 0
    result = environ.get("MONITOR_SERVICE_RESULT", "")  # systemd.exec(5)
    text = (
        f"Mail of {inventory} was not verified: the scheduled run on {gethostname()} ended before "
        f"its report{f' ({result})' if result else ''}. journalctl -u {unit} shows the reason."
    )
    sys.stderr.write(f"{text}\n")
    subject = f"Mail of {inventory} was not verified"
    fields = {"verdict": "unknown", "inventory": inventory}
    try:
        if receiver:
            send(OutgoingNotice(subject, text, datetime.now(UTC), fields), _receiver(receiver))
    except MailError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _receiver(given: Sequence[str]) -> Secret | str:
    kind, *reference = given
    return Secret(kind, tuple(reference)) if reference else kind


def _start(unit: str) -> float:
    """Return the time when a unit was started last, or the earliest possible one."""
    show = ("systemctl", "show", "--property=ExecMainStartTimestamp", "--timestamp=unix", unit)
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(show, capture_output=True, text=True, timeout=20, check=True)
        return float(done.stdout.strip().partition("=@")[2])
    return time.time() - LONGEST


def _reported(inventory: str, start: float) -> bool:
    found = reports.folder(inventory).rglob("report.json")
    return any(report.stat().st_mtime >= start for report in found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
