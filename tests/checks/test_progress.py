"""Progress on a terminal, in a log, and without any output."""

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from deploys.checks.core.progress import Line, Lines, Progress, progress
from deploys.checks.run.runner import verify
from tests.checks.cases.dns_records import zone
from tests.checks.worlds import fleet, world


def console(width: int = 40, *, terminal: bool = True) -> Console:
    return Console(file=StringIO(), width=width, force_terminal=terminal, highlight=False)


def written(one: Console) -> str:
    assert isinstance(one.file, StringIO)
    return one.file.getvalue()


def screen(one: Console) -> list[list[str]]:
    """Return what stands on a terminal after each drawing."""
    frames, lines = [], [""]
    for part in re.split(r"(\x1b\[1A\r\x1b\[2K|\r\x1b\[2K|\n)", written(one)):
        if part == "\n":
            lines.append("")
            frames.append([line for line in lines if line])
        elif part.startswith("\x1b[1A"):
            del lines[-2:]
            lines.append("")
        elif part.startswith("\r"):
            lines[-1] = ""
        else:
            lines[-1] += part
    return [*frames, [line for line in lines if line]]


def ask(shown: Progress) -> None:
    with shown.checking("dns.mx"), shown.checking("messages"):
        shown.now("messages", "1 of 2 messages have arrived")
    shown.end()


def test_on_a_terminal_one_line_changes_and_goes_away() -> None:
    here = console()

    ask(Line(here))

    assert screen(here) == [
        ["    checking dns.mx"],
        ["    checking messages; checking dns.mx"],
        ["    1 of 2 messages have arrived; ch..."],
        ["    checking dns.mx"],
        [],
    ]


def test_without_a_terminal_each_finished_task_is_a_line() -> None:
    here = console(terminal=False)

    ask(Lines(here))

    assert written(here) == "    1 of 2 messages have arrived\n    checked dns.mx\n"


@pytest.mark.parametrize(
    ("environment", "kind"),
    [({"PYINFRA_PROGRESS": "off"}, Progress), ({}, Lines), ({"FORCE_COLOR": "1"}, Line)],
    ids=["--json", "a file", "a terminal"],
)
def test_progress_depends_on_the_kind_of_standard_error(
    environment: dict[str, str], kind: type[Progress], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYINFRA_PROGRESS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert type(progress()) is kind


def test_a_verification_shows_its_checks(tmp_path: Path) -> None:
    here = console(terminal=False)
    asked = replace(world(tmp_path, patience=3), names=zone(), progress=Lines(here))

    verify(fleet({"verify_only": "dns.*,delivery.arrived"}), asked, dict, ())

    assert "    checked dns.dkim\n" in written(here)
    assert "    4 of 5 messages have arrived\n" in written(here)  # nothing listens on port 25
