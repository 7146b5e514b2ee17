"""
Suppressions that an operator names: in arguments of a run, or in a file of CSV.

A file is an export, with its columns, or has one address a line. Nothing is changed unless every
line is valid.
"""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from ..mail.errors import MailError
from ..mail.recipient_address import recipient_address
from .bulk.event import KINDS, Suppression

Action = Literal["list", "export", "add", "import", "remove"]
ACTIONS: tuple[Action, ...] = ("list", "export", "add", "import", "remove")
COLUMNS = ("recipient", "kind", "reason", "since", "expires")
DAY = 86_400  # seconds
SHOWN = 5  # mistakes of a file
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SuppressionRequest:
    """The wish of an operator: rows to add, or recipients to remove, each with the reason."""

    action: Action
    rows: tuple[Suppression, ...] = ()
    recipients: tuple[str, ...] = ()
    reason: str = ""


def suppression_request(argument: Callable[[str], str]) -> SuppressionRequest:
    """Return the wish in the arguments of a run, by their names; raise MailError."""
    action = argument("suppress")
    if action not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise MailError(f"suppress is {action!r}; write --data suppress= with one of: {known}")
    if action in ("list", "export"):
        return SuppressionRequest(cast("Action", action))
    reason = argument("suppress_reason")
    if action == "import":
        rows = tuple(_file(argument("suppress_file"), reason, _expires(argument("suppress_days"))))
        return SuppressionRequest("import", rows)
    addresses = tuple(_addresses(argument("suppress_address")))
    if not reason:
        raise MailError("suppress_reason is missing; write --data suppress_reason='asked by phone'")
    if action == "remove":
        return SuppressionRequest("remove", recipients=addresses, reason=reason)
    expires = _expires(argument("suppress_days"))
    return SuppressionRequest("add", tuple(_row(one, reason, expires) for one in addresses))


def as_csv(rows: list[dict[str, object]]) -> str:
    """Return rows of the store as CSV, which an import reads again."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _row(recipient: str, reason: str, expires: int) -> Suppression:
    return Suppression(recipient, "manual", reason, int(time.time()), expires)


def _addresses(text: str) -> Iterator[str]:
    found = [one.strip() for one in text.split(",") if one.strip()]
    if not found:
        raise MailError(
            "suppress_address is missing; write --data suppress_address=anna@example.net"
        )
    for one in found:
        if fault := _fault(one):
            raise MailError(f"suppress_address: {one!r} is no recipient, because {fault}")
        yield one


def _fault(text: str) -> str:
    """Return the fault of a text that is neither an address nor a digest."""
    if _DIGEST.fullmatch(text):
        return ""
    try:
        recipient_address(text)
    except ValueError as error:
        return str(error)
    return ""


def _expires(days: str) -> int:
    if not days:
        return 0
    if not days.isdecimal() or not int(days):
        raise MailError(f"suppress_days is {days!r}; write days in digits, or leave it out")
    return int(time.time()) + int(days) * DAY


def _file(name: str, reason: str, expires: int) -> Iterator[Suppression]:
    """Yield the rows of a file; raise MailError with its first mistakes."""
    lines = [(number, line) for number, line in enumerate(csv.reader(_lines(name)), 1) if any(line)]
    header = lines[0][1] if lines and lines[0][1][0] == COLUMNS[0] else []
    if not lines[len(header) and 1 :]:
        raise MailError(f"{name} has no recipients; write one address a line")
    rows, faults = [], []
    for number, line in lines[len(header) and 1 :]:
        values = dict(zip(header or COLUMNS[:1], (one.strip() for one in line), strict=False))
        try:
            rows.append(_of_values(values, reason, expires))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = f", and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise MailError(f"{name}: {'; '.join(faults[:SHOWN])}{more}; correct the file")
    yield from rows


def _lines(name: str) -> io.StringIO:
    if not name:
        raise MailError("suppress_file is missing; write --data suppress_file=old.csv")
    try:
        with Path(name).expanduser().open(encoding="utf-8-sig", newline="") as stream:
            return io.StringIO(stream.read(), newline="")
    except UnicodeDecodeError:
        raise MailError(f"{name} is not UTF-8; save it as UTF-8") from None
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise MailError(f"{name} cannot be read ({why}); name a file with recipients") from None


def _of_values(values: dict[str, str], reason: str, expires: int) -> Suppression:
    """Return the row of a line; raise ValueError with its fault."""
    recipient = values["recipient"]
    if fault := _fault(recipient):
        raise ValueError(f"{recipient!r} is no recipient, because {fault}")
    kind = values.get("kind") or "manual"
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind; write one of: {', '.join(KINDS)}")
    why = values.get("reason") or reason
    if not why:
        raise ValueError("it has no reason; write --data suppress_reason='from the old system'")
    times = [values.get(name) or "0" for name in ("since", "expires")]
    if not all(one.isdecimal() for one in times):
        raise ValueError("since and expires are seconds since 1970")
    since, own = map(int, times)
    return Suppression(recipient, kind, why, since or int(time.time()), own or expires)
