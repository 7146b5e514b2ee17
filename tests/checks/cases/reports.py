"""Reports of others, as a host has read them: mail in our name, and TLS with our hosts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.reports.inspection import reports
from deploys.mail.report_store import (
    DmarcDay,
    FailureSum,
    ReportRefusal,
    ReportSums,
    SourceSum,
    TlsDay,
    as_json,
)
from tests.checks.cases.host import FixedOutput
from tests.checks.cases.pair import Case, Pair
from tests.checks.worlds import fleet, world

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY, OLD = NOW.strftime("%Y-%m-%d"), (NOW - timedelta(days=20)).strftime("%Y-%m-%d")
OWN = "127.0.0.1"  # of mx1, in the tests
HARBOR = "harbor.example"
READ = {"mail_dmarc_reports": ["dmarc@harbor.example"]}


def mail(failing: int = 0, address: str = OWN, passing: int = 90) -> ReportSums:
    """Return the sums of a day with mail of one address."""
    total = passing + failing
    day = DmarcDay(HARBOR, "none", TODAY, total, failing, ("google.com", "yahoo.com"))
    source = SourceSum(HARBOR, "none", address, total, passing, passing, failing, 0, TODAY)
    return ReportSums(dmarc=(day,), sources=(source,))


def tls(failures: int = 0, day: str = TODAY) -> ReportSums:
    """Return the sums of a day with sessions of TLS."""
    days = TlsDay(HARBOR, "sts", day, 40, failures, ("google.com",))
    failure = FailureSum(
        HARBOR, "certificate-expired", "mx1.harbor.example", "192.0.2.7", "", failures, 1, day
    )
    return ReportSums(tls=(days,), failures=(failure,) if failures else ())


def refused(report: int, days: float = 1) -> ReportSums:
    time = (NOW - timedelta(days=days)).timestamp()
    return ReportSums(refusals=(ReportRefusal("1.mx1", time, "of a.example: damaged", report),))


def waiting(seconds: float) -> ReportSums:
    return ReportSums(waiting=3, oldest=NOW.timestamp() - seconds)


def read_by_host(sums: ReportSums | str, own: Mapping[str, object] | None = None) -> Case:
    """Return a host that answers with these sums."""
    line = sums if isinstance(sums, str) else as_json(sums)

    def case(folder: Path) -> list[Finding]:
        here = replace(world(folder), hosts=FixedOutput([line]), clock=NOW.timestamp)
        return list(reports(fleet(READ if own is None else own), here))

    return case


CASES: Mapping[str, Pair] = {
    "reports.reader": Pair(
        read_by_host(ReportSums()),
        read_by_host(waiting(1000)),
        lab_test="test_reports.test_a_proof_shows_what_receivers_report",
    ),
    "reports.dmarc": Pair(
        read_by_host(mail()),
        read_by_host(mail(5)),
        lab_test="test_reports.test_a_proof_shows_what_receivers_report",
    ),
    "reports.tls": Pair(
        read_by_host(tls()),
        read_by_host(tls(2)),
        lab_test="test_reports.test_a_proof_shows_what_receivers_report",
    ),
}
