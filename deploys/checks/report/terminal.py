"""The report on the terminal: short without problems, exact with them."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..core.finding import Severity
from ..core.report import Message, Report, Verdict
from .problems import problems
from .summary import change_line, headline, news, scope, summary

_STYLES = {
    Severity.ERROR: "bold red",
    Severity.UNKNOWN: "bold magenta",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold blue",
}
_VERDICTS = {
    Verdict.PASSED: "bold green",
    Verdict.UNKNOWN: "bold magenta",
    Verdict.FAILED: "bold red",
}
_ENOUGH = 12


def show(report: Report, console: Console) -> None:
    """Print the report."""
    sections = [
        _verdict(report),
        *_news(report),
        *_problems(report),
        *_waived(report),
        *_messages(report.messages),
    ]
    console.print(Padding(Group(*sections), (1, 2)))


def _verdict(report: Report) -> RenderableType:
    lines = (summary(report), scope(report), news(report))
    shown = (Text(line) for line in lines if line)
    return Group(Text(headline(report), _VERDICTS[report.verdict]), *shown)


def _news(report: Report) -> Iterable[RenderableType]:
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


def _problems(report: Report) -> Iterable[RenderableType]:
    for problem in problems(report, *_STYLES):
        yield Text.assemble(
            "\n",
            (problem.severity, _STYLES[problem.severity]),
            "  ",
            (problem.subject, "bold"),
            f"  {', '.join(problem.ids)}",
        )
        yield from (Padding(Text(saw), (0, 0, 0, 2)) for saw in problem.saw)
        yield Padding(Text.assemble(("fix: ", "bold"), problem.fix), (0, 0, 0, 2))


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
