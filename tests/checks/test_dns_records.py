"""MX, address, SPF and DMARC records: findings about good and bad answers."""

from dataclasses import replace
from functools import partial

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Answer, World
from deploys.checks.dns import address
from deploys.checks.dns import dmarc as dmarc_policy
from deploys.checks.dns import mx as mx_records
from deploys.checks.dns import spf as policies
from deploys.checks.dns.mx import MOST, Exchanges
from deploys.mail.settings.model import Fleet
from tests.checks.worlds import Gone, Pages, Zone, fleet

HOST = fleet({"mail_addresses": ["192.0.2.1", "2001:db8::1"]}).hosts[0]
OK, INFO, WARNING = Severity.OK, Severity.INFO, Severity.WARNING
ERROR, UNKNOWN = Severity.ERROR, Severity.UNKNOWN
spf = partial(policies.finding, "harbor.example")
dmarc = partial(dmarc_policy.finding, "_dmarc.harbor.example")
WHERE = Zone(
    {
        ("mx1.harbor.example", "A"): [Answer("ns", ("192.0.2.1",))],
        ("backup.example", "AAAA"): [Answer("ns", ("2001:db8::2",))],
        ("alias.example", "CNAME"): [Answer("ns", ("backup.example.",))],
        ("alias.example", "AAAA"): [Answer("ns", ("2001:db8::2",))],
    }
)
EXCHANGES = Exchanges("harbor.example", frozenset({"mx1.harbor.example"}), WHERE.lookup)
OURS = "10 mx1.harbor.example."
mx, theirs = EXCHANGES.finding, replace(EXCHANGES, target=True).finding
beside = replace(EXCHANGES, beside=frozenset({"backup.example"})).finding
aaaa = partial(address.finding, HOST, "AAAA", {"2001:db8::1"})


@pytest.mark.parametrize(
    ("judge", "values", "severity"),
    [
        (mx, [OURS], OK),
        (mx, ["10 MX1.harbor.example."], OK),
        (mx, [OURS, "20 backup.example."], INFO),
        (theirs, [OURS, "20 backup.example."], OK),
        (beside, [OURS, "20 backup.example."], OK),
        (beside, ["20 backup.example."], ERROR),
        (mx, ["10 backup.example."], ERROR),
        (mx, ["0 ."], ERROR),
        (mx, [OURS, "0 ."], ERROR),  # RFC 7505 section 3: it stands alone
        (mx, [], ERROR),
        (mx, [OURS, "20 gone.example."], ERROR),
        (theirs, [OURS, "20 gone.example."], ERROR),
        (mx, [OURS, "20 alias.example."], ERROR),  # RFC 2181 section 10.3
        (mx, [OURS, "20 192.0.2.1."], ERROR),
        (mx, [OURS, "20 [192.0.2.1]."], ERROR),
        (mx, [OURS, "20 2001:db8::1."], ERROR),
        (mx, [OURS, "20 localhost."], ERROR),
        (mx, [OURS, "20 mx.LOCALHOST."], ERROR),
        (mx, [OURS, "20 \\000\\255."], ERROR),
        (aaaa, ["2001:db8::1"], OK),
        (aaaa, ["2001:db8::1", "2001:db8::2"], ERROR),
        (aaaa, ["2001:db8::2"], ERROR),
        (aaaa, [], ERROR),
        (spf, ["site-verification=1", "v=spf1 mx -all"], OK),
        (spf, ["V=SPF1 mx ~ALL"], OK),
        (spf, ["v=spf1 redirect=_spf.harbor.example"], OK),
        (spf, ["v=spf1 -all"], OK),
        (spf, ["v=spf1 mx exp=why.harbor.example -all x-unknown=1"], OK),
        (spf, ["v=spf1"], WARNING),
        (spf, ["v=spf1 mx"], WARNING),
        (spf, ["v=spf1 mx ?all"], WARNING),
        (spf, ["v=spf1 mx ptr -all"], WARNING),
        (spf, ["v=spf1 ptr:harbor.example -all"], WARNING),
        (spf, ["v=spf1 -all mx"], WARNING),
        (spf, ["v=spf1 mx all"], ERROR),
        (spf, ["v=spf1 mx +ALL"], ERROR),
        (spf, ["v=spf1 mx -al"], ERROR),
        (spf, ["v=spf1 ip4:192.0.2.256 -all"], ERROR),
        (spf, ["v=spf1 include: -all"], ERROR),
        (spf, ["v=spf1 redirect=a.example redirect=b.example"], ERROR),
        (spf, ["v=spf1 \x00\xff %{ -all"], ERROR),
        (spf, ["v=spf1 " + "a" * 60000], ERROR),
        (spf, ["v=spf1 mx -all", "v=spf1 a -all"], ERROR),  # RFC 7208 section 4.5: permerror
        (spf, ["v=spf10 mx"], ERROR),
        (spf, ["v=spf1  mx   -all  "], OK),
        (spf, ["v=spf1 a:host.harbor.example. a/24//64 mx//64 -all"], OK),
        (spf, ["v=spf1 a:_host.under_score.example -all"], OK),
        (spf, ["v=spf1 mx -all redirect=b.example"], WARNING),
        (spf, ["v=spf1 mx include=big.example ip4=1.2.3.4 moo= moo=%{s} -all"], OK),
        (spf, ["v=spf1 mx foo=%abc -all"], ERROR),
        (spf, ["v=spf1 mx foo=%{z} -all"], ERROR),
        (spf, ["v=spf1 mx foo=a% -all"], ERROR),
        (spf, ["v=spf1 exists:%{c}.harbor.example -all"], ERROR),  # in explanations only
        (spf, ["v=spf1 mx m\u00fc=1 -all"], ERROR),
        (spf, ["v=spf1 mx include:b\ufffd\ufffdcher.example -all"], ERROR),
        (spf, ["v=spf1 mx\n-all"], ERROR),
        (spf, ["v=spf1 mx -all\n"], ERROR),
        (spf, ["v=spf1 mx\t-all"], ERROR),
        (spf, ["v=spf1\tmx -all"], ERROR),
        (spf, ["v=spf1mx -all"], ERROR),
        (spf, ["v=spf1 mx", "V=SPF1 -all"], ERROR),
        (spf, ["v=spf1 a: -all"], ERROR),
        (spf, ["v=spf1 a:localhost -all"], ERROR),
        (spf, ["v=spf1 exp=a.example exp=a.example -all"], ERROR),
        (spf, ["v=spf1 " + "ip4:192.0.2.100 " * 40 + "-all"], WARNING),
        (spf, ["site-verification=1"], ERROR),
        (dmarc, ["v=DMARC1; p=none"], OK),
        (dmarc, ["v=DMARC1;p=none"], OK),
        (dmarc, ["v=DMARC1; p=Reject; sp=none; adkim=s; pct=50; fo=1; x=y;"], OK),
        (dmarc, [], ERROR),
        (dmarc, ["v=DMARC1"], ERROR),
        (dmarc, ["v=DMARC1; sp=none"], ERROR),
        (dmarc, ["v=DMARC1; p=deny"], ERROR),
        (dmarc, ["v=DMARC1; p=none; pct=101"], OK),  # RFC 9989 has no pct
        (dmarc, ["V = DMARC1 ;\tP=reject"], OK),
        (dmarc, ["v=DMARC1; fo=1; np=reject; sp=reject; p=none; psd=n"], OK),
        (dmarc, ["v=DMARC1; rua=mailto:a@harbor.example"], INFO),
        (dmarc, ["v=DMARC1; rua=mailto:nobody"], ERROR),
        (dmarc, ["v=DMARC1; p=reject; t=y"], INFO),
        (dmarc, ["v=DMARC1; p=none; t=y"], OK),
        (dmarc, ["v=DMARC1; p=deny; rua=mailto:a@harbor.example"], ERROR),
        (dmarc, ["v=DMARC1; p=reject; sp=deny; rua=mailto:a@harbor.example"], ERROR),
        (dmarc, ["v=DMARC1; p=reject; np=deny"], ERROR),
        (dmarc, ["v=DMARC1; sp=reject; rua=mailto:a@harbor.example"], ERROR),
        (dmarc, ["v=DMARC1; p=none; adkim=strict"], WARNING),
        (dmarc, ["v=DMARC1; p=none; quarantine"], WARNING),
        (dmarc, ["v=DMARC1;; p=none"], WARNING),
        (dmarc, ["v=DMARC1; p=none; rua=mailto:a@b.example mailto:c@b.example"], WARNING),
        (dmarc, ["v=DMARC1; p=none; rua=mailto:"], WARNING),
        (dmarc, ["v=DMARC1; p=none; ruf="], WARNING),
        (dmarc, ["v=DMARC1; p=none; rua=mailto:a@harbor.example!10m"], OK),
        (dmarc, ["v=dmarc1; p=none"], ERROR),
        (dmarc, ["p=none; v=DMARC1"], ERROR),
        (dmarc, ["v=DMARC1; p=none", "v=dmarc1; p=reject"], WARNING),
        (dmarc, ["v=DMARC1; p=none; p=reject"], ERROR),
        (dmarc, ["v=DMARC1; p=none, rua"], ERROR),
        (dmarc, ["v=DMARC1; rua=mailto:a@harbor.example; p=none"], OK),
        (dmarc, ["v=DMARC1; \x00\ufffd;;==" + "x" * 9999], ERROR),
        (dmarc, ["v=DMARC1; p=none", "v=DMARC1; p=reject"], ERROR),
    ],
)
def test_each_answer_has_its_severity(judge: object, values: list[str], severity: Severity) -> None:
    assert callable(judge)

    finding = judge(Answer("ns", tuple(values)))

    assert finding.severity is severity
    assert finding.fix or severity is OK


def test_the_target_of_an_mx_record_is_reported() -> None:
    finding = theirs(Answer("ns", (OURS, "20 gone.example.")))

    assert finding.saw == (f"ns: {OURS}, 20 gone.example.: gone.example has no address")
    assert "receives no mail (null MX, RFC 7505)" in mx(Answer("ns", ("0 .",))).saw


def test_an_mx_target_without_an_answer_is_unknown() -> None:
    finding = replace(EXCHANGES, lookup=Gone().lookup).finding(Answer("ns", (OURS,)))

    assert finding.severity is UNKNOWN


def test_no_number_of_mx_records_makes_the_run_endless() -> None:
    asked = []

    def lookup(name: str, rdtype: str) -> tuple[str, ...]:
        asked.append(name)
        return ("192.0.2.1",) if rdtype == "A" else ()

    many = tuple(f"10 m{number}.example." for number in range(2000))
    finding = replace(EXCHANGES, lookup=lookup, target=True).finding(Answer("ns", (OURS, *many)))

    assert finding.severity is OK
    assert len(set(asked)) == MOST


def severities(zone: Zone, one: Fleet) -> dict[tuple[str, str], list[Severity]]:
    found: dict[tuple[str, str], list[Severity]] = {}
    here = World(None, zone, Pages({}))  # type: ignore[arg-type]
    inspections = mx_records.exchanges, address.addresses, policies.policies, dmarc_policy.policies
    for finding in (one_ for inspect in inspections for one_ in inspect(one, here)):
        found.setdefault((finding.id, finding.subject), []).append(finding.severity)
    return found


def test_every_server_has_its_own_finding() -> None:
    here, gone = Answer("ns1", ("10 mx1.harbor.example.",)), Answer("ns2", problem="timed out")
    stale = Answer("ns3", ("10 old.harbor.example.",))

    records = {
        ("harbor.example", "MX"): [here, gone, stale],
        ("mx1.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))],
    }

    found = severities(Zone(records), fleet())

    assert found["dns.mx", "harbor.example"] == [OK, UNKNOWN, ERROR]


def test_a_zone_without_servers_leaves_every_check_unknown() -> None:
    found = severities(Zone({}), fleet())

    assert set(found) == {
        ("dns.mx", "harbor.example"),
        ("dns.spf", "harbor.example"),
        ("dns.dmarc", "harbor.example"),
        ("dns.address", "mx1"),
    }
    assert {severity for several in found.values() for severity in several} == {UNKNOWN}
