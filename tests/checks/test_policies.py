"""Policies that stand in DNS, judged."""

import pytest

from deploys.checks.dns import tls_rpt
from deploys.checks.finding import Severity
from deploys.checks.world import Answer, World
from tests.checks.worlds import Pages, Zone, fleet

OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN
URI = "mailto:tls@harbor.example"
REPORTS = f"v=TLSRPTv1; rua={URI}"


@pytest.mark.parametrize(
    ("wanted", "values", "severity"),
    [
        ((), [], OK),
        ((), [REPORTS], OK),
        ((URI,), [REPORTS, "site-verification=1"], OK),
        ((), ["v=TLSRPTv1; rua=https://harbor.example/tls,mailto:a@harbor.example"], OK),
        ((URI,), [], ERROR),
        ((URI,), ["v=TLSRPTv1; rua=mailto:other@harbor.example"], ERROR),
        ((), [REPORTS, REPORTS], ERROR),
        ((), ["v=TLSRPTv1"], ERROR),
        ((), ["v=TLSRPTv1; rua=ftp://harbor.example"], ERROR),
        ((), ["v=TLSRPTv1; \x00\xff;;=="], ERROR),
    ],
)
def test_tls_rpt_is_judged(wanted: tuple[str, ...], values: list[str], severity: Severity) -> None:
    finding = tls_rpt.policy("harbor.example", wanted, Answer("ns", tuple(values)))

    assert finding.severity is severity
    assert finding.fix or severity is OK


def test_servers_that_cannot_be_asked_leave_tls_rpt_open() -> None:
    gone = Zone({("_smtp._tls.harbor.example", "TXT"): [Answer("ns", problem="timed out")]})
    for zone in (gone, Zone({})):
        nobody = World(None, zone, Pages({}))  # type: ignore[arg-type]

        assert [one.severity for one in tls_rpt.published(fleet(), nobody)] == [UNKNOWN]
