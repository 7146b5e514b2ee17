"""SPF results, as receivers evaluate them, for the addresses of hosts."""

from operator import add
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploys.checks.clients.spf_evaluation import evaluated
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import UnansweredError
from deploys.checks.dns.spf_senders import Claim, finding, senders
from tests.checks.cases.dns_zone import Records, asked, of, zone
from tests.checks.worlds import fleet

OK, WARNING, ERROR, UNKNOWN = Severity.OK, Severity.WARNING, Severity.ERROR, Severity.UNKNOWN
DOMAIN, HELO = ("harbor.example", "TXT"), ("mx1.harbor.example", "TXT")


def found(changed: Records, folder: Path, subject: str = "harbor.example") -> list[Finding]:
    return [one for one in asked(senders, changed)(folder) if one.subject == subject]


def includes(count: int) -> Records:
    names = [f"p{number}.example" for number in range(count)]
    policy = " ".join(f"include:{name}" for name in names)
    others = {(name, "TXT"): ("v=spf1 ip4:192.0.2.9 -all",) for name in names}
    return {**others, DOMAIN: (f"v=spf1 {policy} ip4:127.0.0.1 -all",)}


LOOP: Records = {DOMAIN: ("v=spf1 redirect=a.example",), ("a.example", "TXT"): ("v=spf1 a -all",)}


@pytest.mark.parametrize(
    ("changed", "severity", "words"),
    [
        ({}, OK, "pass by mx (1 of 10 lookups, 0 of 2 void)"),
        ({DOMAIN: ("v=spf1 ip4:127.0.0.0/8 -all",)}, OK, "pass by ip4:127.0.0.0/8 (0 of 10"),
        ({DOMAIN: ("v=spf1 mx:gone.example ip4:127.0.0.1 -all",)}, OK, "1 of 2 void"),
        (includes(8), OK, "pass by ip4:127.0.0.1 (8 of 10 lookups"),
        ({DOMAIN: ("v=spf1 -all",)}, ERROR, "fail by -all"),
        ({DOMAIN: ("v=spf1 ?mx -all",)}, ERROR, "neutral by ?mx"),
        ({DOMAIN: ("v=spf1 ~all",)}, ERROR, "softfail by ~all"),
        ({DOMAIN: ("v=spf1 ip4:192.0.2.1",)}, ERROR, "neutral by no term: none matches"),
        (LOOP, ERROR, "fail by -all"),
        ({DOMAIN: ()}, ERROR, "none: harbor.example has no policy"),
        ({DOMAIN: ("v=spf1 mx -all", "v=spf1 -all")}, ERROR, "permerror: harbor.example has 2 SPF"),
        ({DOMAIN: ("v=spf1 mix -all",)}, ERROR, "(mix is unknown; the mechanisms are"),
        ({DOMAIN: ("v=spf1 ip4:1.2.3 mx",)}, ERROR, "ip4:1.2.3 is no IPv4 address"),
        ({DOMAIN: ("v=spf1 include:gone.example mx",)}, ERROR, "include:gone.example"),
        (
            {DOMAIN: ("v=spf1 include:harbor.example mx",)},
            ERROR,
            "more than 10 DNS lookups, at include:harbor.example",
        ),
        (
            {DOMAIN: ("v=spf1 a:x.example a:y.example a:z.example mx",)},
            ERROR,
            "more than 2 void lookups, at z.example",
        ),
        ({DOMAIN: ("v=spf1 m\u00fc\u00df -all",)}, ERROR, "permerror"),
        (includes(11), ERROR, "more than 10 DNS lookups, at include:p10.example"),
    ],
)
def test_a_sender_passes_or_the_finding_names_the_term(
    changed: Records, severity: Severity, words: str, tmp_path: Path
) -> None:
    first, *_ = found(changed, tmp_path)

    assert first.saw.startswith("mx1 at 127.0.0.1, MAIL FROM: ")
    assert words in first.saw
    assert first.severity is severity
    assert first.fix or severity is OK


def test_a_host_says_helo_with_a_name_that_has_a_policy_too(tmp_path: Path) -> None:
    here, *_ = found({}, tmp_path, "mx1.harbor.example")
    gone, *_ = found({HELO: ()}, tmp_path, "mx1.harbor.example")

    assert (here.severity, here.saw) == (
        OK,
        "mx1 at 127.0.0.1, HELO: pass by a (1 of 10 lookups, 0 of 2 void)",
    )
    assert (gone.severity, gone.fix) == (
        ERROR,
        'publish at mx1.harbor.example a TXT record: "v=spf1 a -all"',
    )


def test_the_address_of_each_family_is_tried() -> None:
    both = fleet({"mail_addresses": ["127.0.0.1", "2001:db8::1"]})

    seen = {one.saw: one.severity for one in senders(both, of(zone({})))}

    assert seen["mx1 at 2001:db8::1, MAIL FROM: fail by -all"] is ERROR


@pytest.mark.parametrize(
    ("count", "severity"), [(8, OK), (9, WARNING), (10, WARNING), (12, WARNING)]
)
def test_a_policy_with_many_lookups_is_a_warning(
    count: int, severity: Severity, tmp_path: Path
) -> None:
    *_, last = found(includes(count), tmp_path)

    assert last.saw == f"harbor.example: its whole policy needs {count} of 10 lookups, 0 void"
    assert last.severity is severity


@pytest.mark.parametrize(
    ("silent", "rdtype"), [("harbor.example", "TXT"), ("mx1.harbor.example", "A")]
)
def test_a_name_without_an_answer_is_unknown(silent: str, rdtype: str) -> None:
    known = zone({})

    def lookup(name: str, rdtype: str) -> tuple[str, ...]:
        if name == silent:
            raise UnansweredError(f"no answer about {rdtype} of {name}")
        return known.lookup(name, rdtype)

    seen = evaluated("127.0.0.1", "harbor.example", "mx1", lookup)
    found = finding(Claim("mx1", "mx1.harbor.example", "127.0.0.1", "harbor.example"), seen)

    assert found.severity is UNKNOWN
    assert f"no answer about {rdtype} of {silent}" in found.saw


NAMES = ["a", "mx", "ptr", "exists", "include", "ip4", "ip6", "all", "redirect=", "exp="]
TERMS = st.one_of(
    st.text(max_size=20),
    st.builds(add, st.sampled_from(["", *"-+?~"]), st.sampled_from(NAMES)),
    st.from_regex(r"(include|exists|a|exp=|redirect=):?%\{[a-z0-9]{0,4}[-.r]?\}[a-z.]{0,9}"),
)


@settings(max_examples=200, deadline=None)
@given(terms=st.lists(TERMS, max_size=8))
def test_every_policy_has_a_result(terms: list[str]) -> None:
    text = " ".join(("v=spf1", *terms))

    def lookup(name: str, rdtype: str) -> tuple[str, ...]:  # noqa: ARG001 - the same of every name
        return (text,) if rdtype == "TXT" else ()

    assert evaluated("127.0.0.1", "harbor.example", "mx1", lookup).result
