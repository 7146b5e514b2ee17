"""Blocklists that list, refuse or cannot be trusted; registrations and routes."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Page
from deploys.checks.reputation import blocklists, is_reserved, rpki
from deploys.checks.reputation.dnsbl import LISTED_IPV6
from deploys.dns.resolver import Resolver
from deploys.mail.settings.verification import Verification
from tests.checks.cases.pair import Case
from tests.checks.cases.reputation import (
    ENTRY,
    NETWORK,
    answered,
    listing,
    public,
    registered,
    routed,
)
from tests.checks.worlds import Pages, fleet, world
from tests.zones.responder import Responder, a

OK, WARNING, ERROR, UNKNOWN = Severity.OK, Severity.WARNING, Severity.ERROR, Severity.UNKNOWN
TEST_POINT, NEVER = "2.0.0.127.zen.spamhaus.org", "1.0.0.127.zen.spamhaus.org"


@pytest.mark.parametrize(
    ("changed", "severity", "words"),
    [
        ({}, OK, "not listed by zen.spamhaus.org"),
        ({ENTRY: ["127.0.0.10"]}, ERROR, "PBL"),
        ({ENTRY: ["127.0.0.77"]}, ERROR, "127.0.0.77"),
        ({TEST_POINT: []}, UNKNOWN, "does not list its test point"),
        ({NEVER: ["127.0.0.2"]}, UNKNOWN, "which no list may contain"),
        ({TEST_POINT: ["127.255.255.254"]}, UNKNOWN, "refuses public resolvers"),
        ({ENTRY: ["127.255.255.252"]}, UNKNOWN, "mistyped"),
        ({ENTRY: ["127.255.255.255"]}, UNKNOWN, "too often"),
        ({ENTRY: ["192.0.2.1"]}, UNKNOWN, "another server answers"),
        ({ENTRY: ["garbage"]}, UNKNOWN, "another server answers"),
    ],
)
def test_a_list_is_trusted_by_its_test_points(
    changed: dict[str, list[str]], severity: Severity, words: str, tmp_path: Path
) -> None:
    found = [one for one in listing(changed)(tmp_path) if one.id == blocklists.BLOCKLISTS.id]

    assert [one.severity for one in found] == [severity]
    assert words in found[0].saw


def test_private_addresses_and_names_are_in_no_query(tmp_path: Path) -> None:
    found = list(listing({}, fleet())(tmp_path))

    assert not any(one.applies for one in found)
    assert all("not a public name or address" in one.saw for one in found)


def test_an_operator_can_name_no_list(tmp_path: Path) -> None:
    found = list(listing({}, public(()))(tmp_path))

    assert {one.saw.partition(": ")[2] for one in found} == {"verify_blocklists names no list"}


OWN = ("own.example.net",)
ADDRESSES = {"2.0.0.127.own.example.net": ["127.0.0.2"]}
DOMAINS = {"test.own.example.net": ["127.0.1.2"]}
NOBODY = {"invalid.own.example.net": ["127.0.1.2"]}


@pytest.mark.parametrize(
    ("points", "hosts", "domains"),
    [
        (ADDRESSES, "listed by own", "no list"),
        (DOMAINS, "no list", "listed by own"),
        (ADDRESSES | DOMAINS, "listed by own", "listed by own"),
        ({}, "does not list its test point 2.0.0.127", "no list"),
        (DOMAINS | NOBODY, "no list", "it lists invalid, which no list may contain"),
    ],
)
def test_a_list_of_the_operator_has_the_kind_of_its_test_points(
    points: dict[str, list[str]], hosts: str, domains: str, tmp_path: Path
) -> None:
    held = {"8.8.8.8.own.example.net": ["127.0.0.4"], "harbor.net.own.example.net": ["127.0.1.2"]}
    found = list(listing({**points, **held}, public(OWN))(tmp_path))

    assert [hosts in one.saw for one in found if one.about == "host"] == [True]
    assert [domains in one.saw for one in found if one.about == "domain"] == [True]


@pytest.mark.parametrize("known", [True, False])
def test_a_list_of_the_operator_can_contain_private_entries(tmp_path: Path, *, known: bool) -> None:
    ours = fleet({"mail_addresses": ["192.168.0.9", "fd00::9"]})
    asked = ours.model_copy(update={"verification": Verification(blocklists=OWN)})
    entries = [
        ip_address(one).reverse_pointer.rsplit(".", 2)[0] for one in ("192.168.0.9", "fd00::9")
    ]
    held = {f"{entry}.own.example.net": ["127.0.0.4"] for entry in entries}
    ipv6 = {f"{LISTED_IPV6}.own.example.net": ["127.0.0.2"]} if known else {}
    found = list(listing({**ADDRESSES, **ipv6, **held}, asked)(tmp_path))

    severities = [one.severity for one in found if one.about == "host"]
    assert severities == [ERROR, ERROR if known else Severity.INFO]


def test_an_address_is_looked_up_with_reversed_octets(tmp_path: Path) -> None:
    ours = public(("list.example.net",)).hosts[0].model_copy(update={"inventory_name": "mx1"})
    asked = public(("list.example.net",)).model_copy(update={"hosts": (ours,)})
    with Responder("127.0.0.1") as server:
        server.answers["2.0.0.127.list.example.net", "A"] = [a("127.0.0.2")]
        server.answers["8.8.8.8.list.example.net", "A"] = [a("127.0.0.3")]
        here = replace(world(tmp_path), names=Resolver(["127.0.0.1"], server.port))
        found = [one for one in blocklists.entries(asked, here) if one.about == "host"]

    assert [(one.severity, one.saw) for one in found] == [
        (ERROR, "mx1 at 8.8.8.8: listed by list.example.net: 127.0.0.3")
    ]


@pytest.mark.parametrize(
    ("case", "severity"),
    [
        (registered(400), OK),
        (registered(3), WARNING),
        (registered(400, until=3), WARNING),
        (answered("garbage"), UNKNOWN),
        (answered("[]"), UNKNOWN),
        (answered('{"events": [{"eventAction": "registration", "eventDate": "x"}]}'), UNKNOWN),
        (answered("", status=404), UNKNOWN),
        (answered("", status=500), UNKNOWN),
    ],
)
def test_a_registration_has_the_severity_of_its_dates(
    case: Case, severity: Severity, tmp_path: Path
) -> None:
    assert {one.severity for one in case(tmp_path)} == {severity}


@pytest.mark.parametrize(
    ("case", "severity", "words"),
    [
        (routed("valid"), OK, "8.8.8.0/24 by AS15169, with 8.8.8.8: valid"),
        (routed("unknown"), Severity.INFO, "its origin is not signed"),
        (routed("invalid_length"), ERROR, "invalid, its prefix is longer than its ROA allows"),
        (routed("invalid_asn", (15169,)), ERROR, "invalid, its ROA names another network"),
        (routed("perhaps"), UNKNOWN, "RIPEstat says 'perhaps'"),
        (routed([]), UNKNOWN, "RIPEstat says '[]'"),
        (routed("valid", []), WARNING, "no network announces it"),
        (routed("valid", None), UNKNOWN, "RIPEstat has no answer about its route"),
        (routed("valid", ["1"]), UNKNOWN, "could not be fetched"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_route_has_the_severity_of_its_validation(
    case: Case, severity: Severity, words: str, tmp_path: Path
) -> None:
    (finding,) = case(tmp_path)

    assert finding.severity is severity
    assert words in finding.saw


@pytest.mark.parametrize("text", ["", "garbage", "[]", '{"data": []}', "[" * 9999])
def test_an_answer_without_data_leaves_the_route_unknown(text: str, tmp_path: Path) -> None:
    pages = Pages({NETWORK: Page(200, "application/json", text)})

    (finding,) = rpki.routes(public(), replace(world(tmp_path), web=pages))

    assert (finding.severity, bool(finding.fix)) == (UNKNOWN, True)


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("harbor.example", True),
        ("a.example.com", True),
        ("notexample.com", False),
        ("harbor.net", False),
    ],
)
def test_reserved_names_are_known(name: str, *, reserved: bool) -> None:
    assert is_reserved(name) is reserved
