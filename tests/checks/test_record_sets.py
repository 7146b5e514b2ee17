"""Record sets on the name servers, kept beside the values that they should have."""

import pytest

from deploys.checks.core.finding import RecordSeen
from deploys.checks.core.world import Answer, World
from deploys.checks.dns.address import ADDRESS
from deploys.checks.dns.query import RecordQuery, per_server
from deploys.checks.dns.spf import policies
from tests.checks.worlds import NoHosts, Pages, Zone, fleet


def test_each_answer_about_a_record_set_is_kept_with_what_is_expected() -> None:
    zone = Zone({("mx1.harbor.example", "A"): [Answer("ns", ("192.0.2.99",))]})
    query = RecordQuery(
        ADDRESS,
        "mx1",
        "mx1.harbor.example",
        "A",
        lambda answer: ADDRESS.error("mx1", str(answer), "publish it"),
        ("203.0.113.11",),
    )

    (found,) = per_server(query, World(NoHosts(), zone, Pages({})))

    assert found.record == RecordSeen("mx1.harbor.example", "A", ("203.0.113.11",), ("192.0.2.99",))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (("site-verification=1", "v=spf1 mx -all"), ("v=spf1 mx -all",)),
        (("site-verification=1",), ()),
        (("v=spf1 " + "x" * 9999,), ("v=spf1 " + "x" * 493 + "...",)),
    ],
)
def test_only_the_txt_records_of_the_check_are_kept(
    values: tuple[str, ...], found: tuple[str, ...]
) -> None:
    zone = Zone({("harbor.example", "TXT"): [Answer("ns", values)]})

    (seen,) = policies(fleet(), World(NoHosts(), zone, Pages({})))

    assert seen.record == RecordSeen("harbor.example", "TXT", (), found)
