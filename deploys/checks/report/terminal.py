"""The report on the terminal: short without problems, exact with them."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..causes.causes import Cause, causes, notes
from ..causes.problems import Problem
from ..core.finding import Severity
from ..core.report import Message, Report, Verdict
from .matrix import matrix
from .summary import bulk, cause_count, change_line, headline, news, reported, scope, summary

STYLES = {
    Severity.ERROR: "bold red",
    Severity.UNKNOWN: "bold magenta",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold blue",
}
VERDICTS = {
    Verdict.PASSED: "bold green",
    Verdict.UNKNOWN: "bold magenta",
    Verdict.FAILED: "bold red",
}
_ENOUGH = 12
_WIDE = 70  # columns that the matrix needs
_LONGEST = 10_000  # columns of a line outside of a terminal


def console() -> Console:
    """Return standard error; in a file or a pipe, its lines are as long as their text."""
    found = Console(stderr=True, highlight=False)
    return found if found.is_terminal else Console(stderr=True, highlight=False, width=_LONGEST)


def show(report: Report, console: Console) -> None:
    """Print the report, without spaces at the ends of lines."""
    found = causes(report)
    sections = [
        _verdict(report, found),
        *(line for cause in found for line in _cause(cause)),
        *(line for note in notes(report) for line in _problem(note)),
        *(_matrix(report, console.width) if found else ()),
        *_news(report),
        *_waived(report),
        *_messages(report.messages),
    ]
    with console.capture() as captured:
        console.print(Padding(Group(*sections), (1, 2)))
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.file.write("".join(f"{line}\n" for line in lines))
    console.file.flush()


def _verdict(report: Report, found: list[Cause]) -> RenderableType:
    lines = (
        summary(report),
        reported(report),
        *bulk(report),
        scope(report),
        cause_count(found),
    )
    shown = (Text(line) for line in lines if line)
    return Group(Text(headline(report), VERDICTS[report.verdict]), *shown)


def _news(report: Report) -> Iterable[RenderableType]:
    if line := news(report):
        yield Text(f"\n{line}" if causes(report) else line)
    for change in report.comparison.changes[:_ENOUGH]:
        yield Padding(Text(change_line(change)), (0, 0, 0, 2))
    if (more := len(report.comparison.changes) - _ENOUGH) > 0:
        yield Padding(Text(f"and {more} more"), (0, 0, 0, 2))


def _waived(report: Report) -> Iterable[RenderableType]:
    for finding in report.having(Severity.WAIVED):
        yield Text.assemble(
            "\n",
            (finding.severity, "bold cyan"),
            "  ",
            (finding.subject, "bold"),
            f"  {finding.id}  {finding.waived}",
        )


def _cause(cause: Cause) -> Iterable[RenderableType]:
    yield from _problem(cause.problem, cause.damage.words)
    if cause.effects:
        yield Padding(Text.assemble(("explains ", "bold"), cause.explained), (0, 0, 0, 2))


def _problem(problem: Problem, damage: str = "") -> Iterable[RenderableType]:
    yield Text.assemble(
        "\n",
        (problem.severity, STYLES[problem.severity]),
        "  ",
        (", ".join(problem.subjects), "bold"),
        f"  {', '.join(problem.ids)}",
        f"  ({damage})" if damage and problem.severity is Severity.ERROR else "",
    )
    yield from (Padding(Text(str(saw)), (0, 0, 0, 2)) for saw in problem.saw)
    for fix in problem.fixes:
        yield Padding(Text.assemble(("fix: ", "bold"), fix), (0, 0, 0, 2))


def _matrix(report: Report, width: int) -> Iterable[RenderableType]:
    found = matrix(report)
    if not found.rows or width < _WIDE:
        return
    table = Table.grid("", *found.areas, padding=(0, 2))
    table.add_row("", *found.areas, style="dim")
    for row in found.rows:
        cells = (row.severities.get(area) for area in found.areas)
        table.add_row(
            Text(row.subject), *(Text(one, STYLES.get(one, "")) if one else "-" for one in cells)
        )
    yield Text("")
    yield table


def _messages(messages: tuple[Message, ...]) -> Iterable[RenderableType]:
    if not messages or (len(messages) > _ENOUGH and all(one.arrived for one in messages)):
        return
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for message in messages:
        table.add_row(Text(message.path), _time(message))
    yield Text("")
    yield table


def _time(message: Message) -> Text:
    if not message.arrived:
        return Text("not delivered", "bold red")
    return Text("" if message.seconds is None else f"{message.seconds:.1f} s")
