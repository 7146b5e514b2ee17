"""Result of a list on the terminal."""

from rich.console import Console
from rich.text import Text

from ..report.terminal import STYLES, VERDICTS
from .result import ListResult

_ENOUGH = 5  # domains; the page has more


def show(result: ListResult, console: Console) -> None:
    """Print the verdict, the lines by reason, and the domains that lose most lines."""
    lines = [Text(result.headline, VERDICTS[result.verdict]), *map(Text, result.notes)]
    for reason, count in result.reasons:
        severity = Text(f"{reason.severity:<8}", STYLES.get(reason.severity, ""))
        lines.append(Text.assemble(severity, f"{count:>9,}  {reason}"))
    if result.worst:
        lines.append(Text("Domains with most lines that are lost or unknown:"))
    lines += (
        Text(f"{'':8}{domain.lines:>9,}  {domain.name}: {domain.reason}")
        for domain in result.worst[:_ENOUGH]
    )
    console.print()
    for line in lines:
        console.print(Text("  ").append_text(line), soft_wrap=True)
