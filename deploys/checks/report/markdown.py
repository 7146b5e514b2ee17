"""The report as Markdown, for a ticket, a chat or the summary of a CI job."""

import re
from collections.abc import Iterator

from ..causes.causes import Cause, causes
from ..core.finding import Severity
from ..core.report import Message, Report
from .matrix import matrix
from .summary import cause_count, change_line, headline, news, scope, summary


def render(report: Report) -> str:
    """Return the report as a Markdown document."""
    found = causes(report)
    paragraphs = [
        f"# {headline(report)}",
        *(line for line in (summary(report), scope(report), cause_count(found)) if line),
        *map(_cause, found),
        "\n".join(_matrix(report) if found else ()),
        news(report),
        "\n".join(f"- {_code(change_line(change))}" for change in report.comparison.changes),
        "\n".join(_waived(report)),
        "\n".join(_messages(report.messages)),
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _cause(cause: Cause) -> str:
    problem = cause.problem
    subjects, ids = (", ".join(map(_code, texts)) for texts in (problem.subjects, problem.ids))
    words = f" ({cause.damage.words})" if problem.severity is Severity.ERROR else ""
    saw = "\n".join(f"- {_code(str(one))}" for one in problem.saw)
    fixes = "\n\n".join(f"Fix: {_code(fix)}" for fix in problem.fixes)
    explained = f"\n\nExplains {_code(cause.explained)}" if cause.effects else ""
    return f"## {problem.severity}: {subjects}, {ids}{words}\n\n{saw}\n\n{fixes}{explained}"


def _matrix(report: Report) -> Iterator[str]:
    found = matrix(report)
    if found.rows:
        yield f"| | {' | '.join(found.areas)} |\n|---|{'---|' * len(found.areas)}"
    for row in found.rows:
        cells = " | ".join(row.severities.get(area, "-") for area in found.areas)
        yield f"| {_cell(row.subject)} | {cells} |"


def _waived(report: Report) -> Iterator[str]:
    waived = report.having(Severity.WAIVED)
    if waived:
        yield "## waived\n"
    for finding in waived:
        yield f"- {_code(finding.id)} of {_code(finding.subject)}: {_code(str(finding.waived))}"


def _messages(messages: tuple[Message, ...]) -> Iterator[str]:
    if messages:
        yield "| Path | Time |\n|---|---:|"
    for message in messages:
        time = "" if message.seconds is None else f"{message.seconds:.1f} s"
        yield f"| {_cell(message.path)} | {time if message.arrived else 'not delivered'} |"


def _cell(text: str) -> str:
    # A bar ends a table's cell, even in code.
    return _code(text).replace("|", "\\|")


def _code(text: str) -> str:
    """Return text as code that nothing in it can end: no text of a server is markup."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"
