"""Comparison with the previous report, and with one that cannot be read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.report import Comparison, Report
from deploys.checks.dns.mx import MX
from deploys.checks.report import write
from deploys.checks.report.comparison import compared
from deploys.checks.report.summary import news
from tests.checks.report_samples import STARTED, good, page

ANSWERS = {
    "ok": MX.ok("harbor.example", "as it should be"),
    "info": MX.info("harbor.example", "so", "nothing"),
    "warning": MX.warning("harbor.example", "slow", "hurry"),
    "unknown": MX.unknown("harbor.example", "silent", "ask again"),
    "error": MX.error("harbor.example", "broken", "mend it"),
}
ANSWERS["waived"] = replace(ANSWERS["error"], severity=Severity.WAIVED)


def of(*findings: Finding) -> Report:
    return replace(good(), findings=findings, comparison=Comparison())


def since(folder: Path, before: Report, now: Report) -> Comparison:
    write(replace(before, started=STARTED - timedelta(days=1)), folder, page)
    return compared(now, folder / "report.json")


def findings(words: str) -> Sequence[Finding]:
    return [ANSWERS[word] for word in words.split()]


@pytest.mark.parametrize(
    ("before", "now", "turn"),
    [
        ("ok", "error", "new"),
        ("", "error", "new"),
        ("info", "warning", "new"),
        ("ok ok", "ok error", "new"),  # one name server of two
        ("error", "ok", "gone"),
        ("error", "", "gone"),
        ("warning", "error", "worse"),
        ("warning ok", "error warning", "worse"),
        ("waived", "error", "worse"),  # its waiver ended
        ("error", "warning", "better"),
        ("error", "waived", "better"),
        ("error", "error error", ""),
        ("ok", "info", ""),
        ("ok", "", ""),
        ("", "ok", ""),
        ("", "", ""),
    ],
)
def test_the_worst_finding_of_a_check_is_compared(
    tmp_path: Path, before: str, now: str, turn: str
) -> None:
    comparison = since(tmp_path, of(*findings(before)), of(*findings(now)))

    assert [str(change.turn) for change in comparison.changes] == ([turn] if turn else [])
    assert comparison.since == STARTED - timedelta(days=1)


def test_another_text_of_a_finding_is_no_change(tmp_path: Path) -> None:
    other = replace(ANSWERS["error"], saw="it said so with another id")

    assert since(tmp_path, of(ANSWERS["error"]), of(other)).changes == ()


def test_the_first_report_is_compared_with_nothing(tmp_path: Path) -> None:
    comparison = compared(good(), tmp_path / "report.json")

    assert comparison == Comparison()
    assert news(replace(good(), comparison=comparison)) == ""


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b'{"verdict": "passed"}', b"\xff\xfe", b" " * 10_000_001],
    ids=("empty", "cut off", "a list", "another object", "not UTF-8", "too long"),
)
def test_a_broken_previous_report_is_one_sentence(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "report.json").write_bytes(text)

    comparison = compared(good(), tmp_path / "report.json")

    assert comparison.changes == ()
    assert comparison.unknown == (
        f"the previous report {tmp_path}/report.json cannot be read: "
        "it is not a report of pyinfra-mail"
    )


def test_a_previous_report_that_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()

    assert "cannot be read: Is a directory" in compared(good(), tmp_path / "report.json").unknown


def test_a_report_is_compared_only_with_one_of_the_same_limits(tmp_path: Path) -> None:
    part = replace(of(*findings("error")), limits=("only dns.*",))
    other = replace(of(), limits=("only smtp.*",))

    comparison = since(tmp_path, part, other)

    assert comparison.changes == ()
    assert "has other limits" in news(replace(other, comparison=comparison))
