"""Checks of received reports: the odd cases, and the figures for the page."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.reports.inspection import reports
from deploys.mail.report_store import ReportSums
from tests.checks.cases.pair import Case
from tests.checks.cases.reports import OLD, TODAY, mail, read_by_host, refused, tls, waiting
from tests.checks.worlds import NoHosts, fleet, world

OK, INFO, WARNING, UNKNOWN = Severity.OK, Severity.INFO, Severity.WARNING, Severity.UNKNOWN


def found(case: Case, id_: str, folder: Path) -> Finding:
    (one,) = [finding for finding in case(folder) if finding.id == id_]
    return one


@pytest.mark.parametrize(
    ("id_", "sums", "severity", "saw"),
    [
        (
            "reports.dmarc",
            ReportSums(),
            INFO,
            "no DMARC report has come in 30 days",
        ),
        ("reports.dmarc", mail(passing=8, failing=1), OK, "8 of 9 messages passed"),
        ("reports.dmarc", mail(1, passing=199), OK, "199 of 200 messages passed"),
        ("reports.dmarc", mail(3, passing=197), WARNING, "3 failed, most of 127.0.0.1"),
        ("reports.dmarc", mail(9, "192.0.2.9"), INFO, "9 failed of 192.0.2.9"),
        ("reports.dmarc", mail(9, ""), INFO, "9 failed of other addresses"),
        ("reports.dmarc", mail(0, "192.0.2.9"), OK, "by reports of 2 receivers"),
        ("reports.tls", ReportSums(), INFO, "harbor.example: no TLS report has come in 30 days"),
        ("reports.tls", tls(2, OLD), OK, "40 of 42 sessions in 30 days had TLS"),
        ("reports.tls", tls(2), WARNING, "7 days: certificate-expired at mx1.harbor.example (2)"),
        ("reports.reader", waiting(60), OK, "mx1: every report that arrived has been read"),
        (
            "reports.reader",
            waiting(7200),
            WARNING,
            "mx1: messages that wait: 3, the oldest for 2.0 h",
        ),
        ("reports.reader", refused(1), WARNING, "not be read in 7 days: 1, as of a.example"),
        ("reports.reader", refused(1, days=9), OK, "mx1: every report that arrived has been read"),
        ("reports.reader", refused(0), OK, "other messages kept: 1, as of a.example: damaged"),
    ],
)
def test_a_finding_says_what_the_reports_say(
    id_: str, sums: ReportSums, severity: Severity, saw: str, tmp_path: Path
) -> None:
    one = found(read_by_host(sums), id_, tmp_path)

    assert (one.severity, saw in one.saw) == (severity, True), one.saw


def test_figures_have_every_day_and_every_source(tmp_path: Path) -> None:
    figures = found(read_by_host(mail(5)), "reports.dmarc", tmp_path).received

    assert figures
    assert (len(figures.days), figures.days[-1].day, figures.passed, figures.failed) == (
        31,
        TODAY,
        90,
        5,
    )
    (source,) = figures.sources
    assert (source.address, source.own, source.messages) == ("127.0.0.1", True, 95)


def test_nothing_applies_where_no_host_reads_reports(tmp_path: Path) -> None:
    findings = read_by_host(ReportSums(), {})(tmp_path)

    assert {one.id for one in findings} == {"reports.reader", "reports.dmarc", "reports.tls"}
    assert not any(one.applies for one in findings)


@pytest.mark.parametrize("line", ["", "Traceback", '{"dmarc": 5}'])
def test_an_answer_that_is_no_sums_is_unknown(line: str, tmp_path: Path) -> None:
    findings = list(read_by_host(line)(tmp_path))

    assert {one.severity for one in findings} == {UNKNOWN}
    assert "the sums of its reports cannot be read" in findings[0].saw


def test_a_silent_host_is_unknown(tmp_path: Path) -> None:
    here = replace(world(tmp_path), hosts=NoHosts())
    own = fleet({"mail_dmarc_reports": ["dmarc@harbor.example"]})

    assert {one.severity for one in reports(own, here)} == {UNKNOWN}
