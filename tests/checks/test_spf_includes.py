"""SPF policies whose includes are broken: our own hosts pass, every later sender does not."""

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer
from deploys.checks.dns import spf, spf_senders
from tests.checks.cases.dns_zone import Records, of, zone
from tests.checks.worlds import fleet

DOMAIN = "harbor.example"
OK, WARNING, ERROR = Severity.OK, Severity.WARNING, Severity.ERROR


def policy(text: str, **others: str) -> Records:
    """Return the DNS with a policy of the domain, and others that it may include."""
    included = {(f"{name}.example", "TXT"): tuple(o.split("|")) for name, o in others.items()}
    return {**included, (DOMAIN, "TXT"): (f"v=spf1 {text}",)}


def judged(records: Records) -> tuple[Finding, Finding]:
    """Return the finding about the policy, and the last one about its senders."""
    world = of(zone(records))
    (here,) = spf.policies(fleet(), world)
    senders = [one for one in spf_senders.senders(fleet(), world) if one.subject == DOMAIN]
    assert senders[0].severity is OK  # our own term stands in front
    return here, senders[-1]


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (policy("mx include:erehwon.example ip4:198.51.100.9 -all"), "erehwon.example has no SPF"),
        (policy("mx redirect=erehwon.example"), "redirect=erehwon.example: erehwon.example has no"),
        (policy("mx include:two.example -all", two="v=spf1 -all|v=spf1 a -all"), "has 2 SPF polic"),
        (policy("mx redirect=two.example", two="v=spf1 -all|v=spf1 a -all"), "has 2 SPF policies"),
        (
            policy("mx include:bad.example -all", bad="v=spf1 ip4:1.2.3 -all"),
            "ip4:1.2.3 is no",
        ),
        (policy("mx redirect=bad.example", bad="v=spf1 b\ufffd -all"), "only printable ASCII"),
        (policy("mx include:bad.example -all", bad="v=spf1\tmx -all"), "bad.example has no SPF"),
        (
            policy("mx include:a.example -all", a="v=spf1 include:b.example", b="v=spf1 moo"),
            "include:a.example: include:b.example: b.example: the SPF policy 'v=spf1 moo'",
        ),
        (policy("mx include:erehwon.%{d1} -all"), "erehwon.example has no SPF policy"),
        (policy(f"mx include:{'x' * 64}.example -all"), "has no SPF policy"),
    ],
)
def test_a_broken_include_is_an_error_although_our_hosts_pass(records: Records, words: str) -> None:
    for found in judged(records):
        assert found.severity is ERROR
        assert words in found.saw
        assert "\n" not in found.saw
        assert found.fix


@pytest.mark.parametrize(
    ("records", "severity"),
    [
        (policy("mx include:good.example -all", good="v=spf1 ip4:192.0.2.7 -all"), OK),
        (policy("mx redirect=good.example", good="v=spf1 ip4:192.0.2.7 -all"), OK),
        (policy("mx -all redirect=erehwon.example"), WARNING),
        (policy("mx include=erehwon.example -all"), OK),
        (policy("mx include:%{l}.erehwon.example -all"), OK),  # known for each sender alone
        (policy("mx -all include:erehwon.example"), WARNING),
        (policy("mx include:a.example -all", a="v=spf1 include:a.example -all"), WARNING),
        (policy("mx a:x.example a:y.example a:z.example -all"), WARNING),
    ],
)
def test_an_include_that_receivers_can_read_is_no_error(
    records: Records, severity: Severity
) -> None:
    found, _ = judged(records)

    assert found.severity is severity


def test_a_domain_of_no_inventory_is_judged_with_its_includes_too() -> None:
    answer = Answer("ns", ("v=spf1 include:erehwon.example -all",))

    assert spf.finding("orchard.example", answer, lambda *_: ()).severity is ERROR
    assert spf.finding("orchard.example", answer, lambda *_: ("v=spf1 -all",)).severity is OK
    assert spf.finding("orchard.example", answer, lambda *_: None).severity is OK
