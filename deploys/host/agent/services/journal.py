"""
Journal of a service: the lines in which it says itself why it does not start.

systemctl only says where to look. A line may quote a file with secrets, so these are masked.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ...model.desired import Service
from ..system.shell import run

SHOWN = 2  # lines
LONGEST = 240  # characters of a line
MASK, SHORTEST = "***", 6  # characters of a secret
ERROR = 3  # syslog(3): priorities of errors are lower
SEVERE = re.compile(r"\b(error|fatal|panic|emerg|alert|crit)\b", re.IGNORECASE)
TELLING = re.compile(
    r"fail|can(no|')t\b|could not|unable|denied|refused|invalid|unknown|no such|in use\b|killed"
    r"|not (found|permitted|allowed)|bad |missing|unexpected",
    re.IGNORECASE,
)
# What systemd says of every failure.
ECHO = re.compile(
    r"Failed with result|Failed to (start|reload)|(Control|Main) process exited, code=exited"
    r"|Start request repeated|Scheduled restart job"
)
# A program's own time, name and process.
STAMP = re.compile(r"^\[?\d{4}[\d/:. T-]*\]?\s+(\S+\[[\d:]+\]:?\s+)?")


@dataclass(frozen=True)
class JournalLine:
    """A line of the journal; `own` is false for systemd's lines about a unit."""

    text: str
    severe: bool
    own: bool


def explained(why: str, service: Service, since: float, *, running: bool) -> str:
    """
    Return the sentence of a failure with the service's own reason, said since a time.

    A service that is running also logs what clients do wrong: there, only its errors count.
    """
    units = tuple(dict.fromkeys((service.enabled, service.unit)))
    named = [word for unit in units for word in ("-u", unit)]
    run("journalctl", "--sync")
    shown = run("journalctl", *named, "-o", "json", "--no-pager", "--since", f"@{since:.3f}").stdout
    lines = list(_lines(shown))
    found = list(_errors(lines)) if running else telling(lines)
    said = " / ".join(masked(text, secrets(service)) for text in distinct(found))
    where = f"journalctl -u {service.unit}"
    if said:
        return f"{why}: {said} ({where})"
    return why if running else f"{why}; see `{where}`"


def telling(lines: Collection[JournalLine]) -> list[str]:
    """Return the lines that say most about the end of a service."""
    found = [line for line in lines if line.severe or TELLING.search(line.text)]
    groups = (
        _errors(lines),
        (line.text for line in found if line.own),
        (line.text for line in found if not ECHO.search(line.text)),
        [line.text for line in lines if line.own][-SHOWN:],
    )
    return next(filter(None, map(list, groups)), [])


def distinct(texts: Collection[str]) -> list[str]:
    """Return the first texts that differ, none of them long."""
    return list(dict.fromkeys(text[:LONGEST] for text in texts))[:SHOWN]


def _errors(lines: Collection[JournalLine]) -> Iterator[str]:
    return (line.text for line in lines if line.own and line.severe)


def masked(text: str, values: Collection[str]) -> str:
    """Return a text without secret values."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def secrets(service: Service) -> set[str]:
    """Return the words in a service's secret files."""
    texts = [file.content for file in service.set if file.secret]
    words = {word for text in texts for word in re.split(r"[\s:=\"']+", text)}
    return {word for word in words if len(word) >= SHORTEST}


def _lines(shown: str) -> Iterator[JournalLine]:
    for line in shown.splitlines():
        entry = json.loads(line)
        text = entry.get("MESSAGE")
        if isinstance(text, str):  # else it is not UTF-8
            text = STAMP.sub("", text.strip())
            severe = int(entry.get("PRIORITY", "6")) <= ERROR or bool(SEVERE.search(text))
            yield JournalLine(text, severe, entry.get("SYSLOG_IDENTIFIER") != "systemd")
