"""Blocks of code and spans of code in the documents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# Programs whose commands are looked at, at the begin of a line or of a span.
PROGRAMS = ("pyinfra ", "scripts/", "python -m ", "pip install ")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> Iterator[Path]:
    """Yield the documents: of docs/, of the top, and of the templates of issues."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def blocks() -> Iterator[Block]:
    for path in pages():
        text = path.read_text()
        for fence in FENCE.finditer(text):
            line = text.count("\n", 0, fence.start(2)) + 1
            yield Block(str(path.relative_to(ROOT)), line, fence[1], dedent(fence[2]))


def commands() -> Iterator[Block]:
    """Yield each command of a block or a span that begins with one of the programs."""
    for block in blocks():
        if block.language not in ("python", "json"):
            for line in block.text.replace("\\\n", " ").splitlines():
                yield from _command(block.page, block.line, line.strip().removeprefix("- "))
    for path in pages():
        for number, line in enumerate(FENCE.sub(_blank, path.read_text()).splitlines(), 1):
            for span in SPAN.finditer(line):
                yield from _command(str(path.relative_to(ROOT)), number, span[1])


def _command(page: str, line: int, text: str) -> Iterator[Block]:
    command = text.removeprefix("run: ").removeprefix(".venv/bin/")
    if command.startswith(PROGRAMS):
        yield Block(page, line, "sh", command)


def _blank(fence: re.Match[str]) -> str:
    return "\n" * fence[0].count("\n")
