"""
The report as one HTML page, without other files and without network.

Its only script filters and copies; everything can be read without it. The page's own policy (CSP)
allows this script alone, so that no text of a server can become another.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..causes.causes import Cause, causes
from ..core.finding import WORST_FIRST, Check, Finding, Severity
from ..core.report import Message, Report
from ..report.matrix import matrix
from ..report.summary import (
    cause_count,
    change_line,
    changes,
    headline,
    news,
    scope,
    severity_counts,
    span,
)
from .bulk import bulk_cards
from .charts import charts, runs
from .records import record_rows
from .reported import reported
from .servers import server_map
from .subjects import Subjects, related, subjects
from .timeline import HopBar, hop_bars, in_clear_text

SCRIPT = files(__package__).joinpath("script.js").read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class CauseCard:
    """A cause, the reason why its check matters, its evidence, and the names to filter by."""

    cause: Cause
    check: Check
    evidence: tuple[tuple[str, str], ...]  # ids of rows, and their texts
    effects: tuple[tuple[str, str], ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class MessageRow:
    """A test message: the stations of its path, its hops, and the row of its arrival."""

    message: Message
    stations: tuple[str, ...]
    bars: tuple[HopBar, ...]
    unusual: bool
    evidence: str


def render(report: Report, checks: Mapping[str, Check], slow: float) -> str:
    """
    Return the report as an HTML document.

    + checks: every check of the report by its id, in the order of the report
    + slow: seconds; a message that took longer is shown with its hops
    """
    template = _environment().get_template("report.html.j2")
    return template.render(report=report, **_verdict(report), **_sections(report, checks, slow))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _verdict(report: Report) -> dict[str, Any]:
    found = causes(report)
    return {
        "headline": headline(report),
        "figures": list(_figures(report)),
        "counts": _counts(report),
        "notes": [note for note in (scope(report), cause_count(found)) if note],
        "since": news(report),
        "news": [change_line(change) for change in report.comparison.changes],
        "script": SCRIPT,
        "digest": base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode(),
    }


def _sections(report: Report, checks: Mapping[str, Check], slow: float) -> dict[str, Any]:
    places = subjects(report, checks)
    shown = dict.fromkeys(one.id for one in report.findings)
    paths = [_message(one, slow, places, report) for one in report.messages]
    return {
        "causes": [_cause(one, checks, places, report) for one in causes(report)],
        "matrix": matrix(report),
        "cards": places.cards,
        "groups": places.groups,
        "domains": sorted({one.subject for one in report.findings if one.about == "domain"}),
        "hosts": sorted({one.subject for one in report.findings if one.about == "host"}),
        "map": server_map(report),
        "waived": report.having(Severity.WAIVED),
        "longest": max((len(one.stations[-1]) for one in paths), default=0),
        "paths": paths,
        "slowest": max((one.seconds or 0 for one in report.messages), default=0) or 1,
        "records": record_rows(report),
        "reported": reported(report),
        "bulk": bulk_cards(report),
        "charts": charts(report),
        "runs": runs(report),
        "checks": [check for id_, check in checks.items() if id_ in shown],
        "not_asked": [checks[id_] for id_ in report.not_asked],
    }


def _cause(
    cause: Cause, checks: Mapping[str, Check], places: Subjects, report: Report
) -> CauseCard:
    own = cause.problem.findings
    names = dict.fromkeys(one.subject for one in (*own, *cause.effects))
    return CauseCard(
        cause,
        checks[own[0].id],
        _links(own, places),
        _links(cause.effects, places),
        related(report, *names),
    )


def _links(findings: tuple[Finding, ...], places: Subjects) -> tuple[tuple[str, str], ...]:
    found = {places.row_of(one): f"{one.id} of {one.subject}" for one in findings}
    return tuple(found.items())


def _message(message: Message, slow: float, places: Subjects, report: Report) -> MessageRow:
    unusual = in_clear_text(message) or (message.seconds or 0) > slow
    arrival = next(
        (
            places.row_of(one)
            for one in report.findings
            if one.id == "delivery.arrived" and one.saw.startswith(f"{message.path}:")
        ),
        "",
    )
    stations = tuple(message.path.split(" -> "))
    return MessageRow(message, stations, tuple(hop_bars(message)), unusual, arrival)


def _figures(report: Report) -> Iterator[tuple[str, str, str]]:
    delivered = sum(message.arrived for message in report.messages)
    count = f"{delivered} of {len(report.messages)}" if report.mailed else "none sent"
    yield "Messages delivered", count, span(report.messages)
    total = sum(report.changes.values())
    yield "Changed by the run", str(total), changes(report.changes) or "hosts and zones"
    yield "Duration", f"{report.seconds:.1f} s", "checks run in parallel"


def _counts(report: Report) -> list[tuple[Severity, int]]:
    counts = severity_counts(report)
    return [(severity, counts[severity]) for severity in WORST_FIRST if counts[severity]]
