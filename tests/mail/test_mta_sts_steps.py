"""An MTA-STS policy goes on by the evidence of TLS reports, never by time alone."""

from datetime import date, timedelta

import pytest

from deploys.mail.mta_sts_steps import TlsEvidence
from deploys.mail.report_store import TlsDay

TODAY = date(2026, 11, 30)


def evidence(
    count: int = 14, successes: int = 20, failures: int = 0, until: int = 1, policy: str = "sts"
) -> TlsEvidence:
    """Return so many days of reports, the last one some days ago."""
    dates = [(TODAY - timedelta(days=until + back)).isoformat() for back in range(count)]
    seen = (TlsDay("a.example", policy, day, successes, failures, ("google.com",)) for day in dates)
    return TlsEvidence(TODAY.isoformat(), 14, 100, tuple(seen))


def test_clean_reports_suffice() -> None:
    assert evidence().lacking == ""
    assert evidence().harm == ""


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (evidence(0), "TLS reports come in; none has come"),
        (evidence(20, until=5), "TLS reports come in; the newest is of 2026-11-25"),
        (evidence(policy="tlsa"), "TLS reports come in; none has come"),
        (evidence(13), "TLS reports are of 14 days, now 13"),
        (evidence(successes=7), "TLS reports are on 100 sessions, now 98"),
        (evidence(failures=1), "at most one session of 200 fails, now 14 of 294"),
    ],
)
def test_what_is_missing_is_said(found: TlsEvidence, why: str) -> None:
    assert found.lacking == why


def test_sessions_that_fail_are_harm_if_they_are_many_and_new() -> None:
    assert evidence(failures=5).harm == "35 of 175 sessions failed in 7 days, by TLS reports"
    assert evidence(failures=2).harm == ""
    assert evidence(successes=400, failures=5).harm == ""
    assert evidence(failures=5, until=10).harm == ""
