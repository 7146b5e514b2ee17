"""The report as Markdown, for a ticket, a chat or the summary of a CI job."""

import re
from collections.abc import Iterator

from ..core.finding import Severity
from ..core.report import Message, Report
from .problems import Problem, problems
from .summary import change_line, headline, news, scope, summary

_ATTENTION = (Severity.ERROR, Severity.UNKNOWN, Severity.WARNING)


def render(report: Report) -> str:
    """Return the report as a Markdown document."""
    paragraphs = [
        f"# {headline(report)}",
        *(line for line in (summary(report), scope(report), news(report)) if line),
        "\n".join(f"- {_code(change_line(change))}" for change in report.comparison.changes),
        *(_problem(problem) for problem in problems(report, *_ATTENTION)),
        "\n".join(_waived(report)),
        "\n".join(_messages(report.messages)),
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _problem(problem: Problem) -> str:
    ids = ", ".join(map(_code, problem.ids))
    saw = "\n".join(f"- {_code(one)}" for one in problem.saw)
    title = f"## {problem.severity}: {_code(problem.subject)}, {ids}"
    return f"{title}\n\n{saw}\n\nFix: {_code(problem.fix)}"


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
        # A bar ends a table's cell, even in code.
        path = _code(message.path).replace("|", "\\|")
        yield f"| {path} | {time if message.arrived else 'not delivered'} |"


def _code(text: str) -> str:
    """Return text as code that nothing in it can end: no text of a server is markup."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"
