"""Figures of earlier runs, which every report takes over from the one before it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deploys.checks.core.report import Report, Verdict
from deploys.checks.report import write
from deploys.checks.report.history import MOST, history, past
from tests.checks import report_samples as samples


def kept(folder: Path, report: Report) -> Path:
    write(report, folder, samples.page)
    return folder / "report.json"


def test_the_first_run_has_no_history(tmp_path: Path) -> None:
    assert history(samples.good(), tmp_path / "report.json") == ()


def test_each_run_adds_the_one_before_it(tmp_path: Path) -> None:
    report = replace(samples.bad(), history=())
    for day in range(3):
        later = replace(report, started=samples.STARTED + timedelta(days=day))
        report = replace(later, history=history(later, tmp_path / "report.json"))
        kept(tmp_path, report)

    days = [one.started - samples.STARTED for one in report.history]
    assert days == [timedelta(days=0), timedelta(days=1)]


def test_the_figures_of_a_run() -> None:
    one = past(samples.bad())

    assert (one.verdict, one.errors, one.unknown, one.warnings) == (Verdict.FAILED, 3, 3, 3)
    assert (one.sent, one.arrived, one.slowest) == (4, 3, 14.2)
    assert past(samples.part()).slowest is None


def test_the_history_is_bounded(tmp_path: Path) -> None:
    many = (past(samples.good()),) * (MOST + 5)
    path = kept(tmp_path, replace(samples.good(), history=many))

    assert len(history(samples.good(), path)) == MOST


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 2}'])
def test_a_file_that_is_no_report_has_no_history(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)

    assert history(samples.good(), path) == ()


def test_a_run_with_other_limits_has_another_history(tmp_path: Path) -> None:
    path = kept(tmp_path, samples.part())

    assert history(samples.good(), path) == ()
    assert len(history(samples.part(), path)) == 1
