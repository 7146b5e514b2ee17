"""SPF policies: read, written, and merged without taking anything from anybody."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploys.mail.errors import MailError
from deploys.mail.spf import Spf, is_all, merged

OURS = Spf.parse("v=spf1 mx ~all")


def good(text: str, *rest: Any) -> tuple[Any, ...]:
    return text, *rest


def bad(text: str, sentence: str) -> tuple[str, str]:
    return text, sentence


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        good("v=spf1", ()),
        good("v=spf1 -all", ("-all",)),
        good("V=SPF1 MX -ALL", ("MX", "-ALL")),
        good("v=spf1  mx   ~all ", ("mx", "~all")),
        good("v=spf1 +a/24//64 mx:other.example ?all", ("+a/24//64", "mx:other.example", "?all")),
        good(
            "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32",
            ("ip4:203.0.113.0/24", "ip6:2001:db8::/32"),
        ),
        good("v=spf1 redirect=_spf.faraway.example", ("redirect=_spf.faraway.example",)),
        good("v=spf1 exists:%{i}._spf.%{d2} -all", ("exists:%{i}._spf.%{d2}", "-all")),
        good("v=spf1 exists:%{p}.faraway.example -all", ("exists:%{p}.faraway.example", "-all")),
        good("v=spf1 mx exp=explain._spf.%{d} -all", ("mx", "exp=explain._spf.%{d}", "-all")),
        good("v=spf1 moo=anything -all", ("moo=anything", "-all")),
    ],
)
def test_a_policy_is_read(text: str, terms: tuple[str, ...]) -> None:
    assert Spf.parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        bad("", "is not an SPF policy"),
        bad("v=spf10 mx", "is not an SPF policy"),
        bad("v=spf1mx", "is not an SPF policy"),
        bad("v=spf2.0/pra mx", "is not an SPF policy"),
        bad("v=spf1 moo -all", "moo"),
        bad("v=spf1 mx, -all", "mx, ends in a comma"),
        bad("v=spf1 ip4:203.0.113.256 -all", "ip4:203.0.113.256 is no IPv4 address"),
        bad("v=spf1 ip4:203.0.113.0/33 -all", "ip4:203.0.113.0/33 is no IPv4 address or network"),
        bad("v=spf1 ip6:203.0.113.1 -all", "ip6:203.0.113.1 is no IPv6 address"),
        bad("v=spf1 a:203.0.113.1 -all", "ip4"),
        bad("v=spf1 include: -all", "include:"),
        bad("v=spf1 exists -all", "exists"),
        bad("v=spf1 =mx -all", "=mx"),
        bad(
            "v=spf1 redirect=a.example redirect=b.example",
            "redirect=b.example is the second redirect=",
        ),
        bad("v=spf1 exp= -all", "exp= is not valid; write exp=explain.other.example"),
        bad("v=spf1 redirect=%{q}.example", "%{q}"),
    ],
)
def test_a_policy_that_is_not_valid_is_refused_with_its_term(text: str, sentence: str) -> None:
    with pytest.raises(MailError) as error:
        Spf.parse(text)

    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


TERMS = st.sampled_from(
    [
        "mx",
        "+mx",
        "a",
        "-ip4:192.0.2.7",
        "include:_spf.faraway.example",
        "?ptr",
        "exists:%{i}.b.example",
    ]
)
ENDS = st.sampled_from(["-all", "~all", "?all", "+all", "all", "redirect=_spf.faraway.example"])
POLICIES = st.builds(lambda terms, end: Spf((*terms, end)), st.lists(TERMS, max_size=6), ENDS)


@given(POLICIES)
def test_a_policy_that_was_written_reads_back_the_same(policy: Spf) -> None:
    assert Spf.parse(str(policy)) == policy


@given(POLICIES)
def test_merging_keeps_every_term_and_merging_again_changes_nothing(theirs: Spf) -> None:
    once = merged(OURS, [str(theirs)])

    assert once.terms[-len(theirs.terms) :] == theirs.terms
    assert merged(OURS, [str(once)]) == once


@pytest.mark.parametrize(
    ("existing", "result"),
    [
        good("", ("mx", "~all")),
        good("v=spf1 -all", ("mx", "-all")),
        good("v=spf1 mx -all", ("mx", "-all")),
        good("v=spf1 +MX ?all", ("+MX", "?all")),
        good("v=spf1 MX -all mx", ("MX", "-all", "mx")),
        good("v=spf1 -mx ~all", ("mx", "-mx", "~all")),
        good("v=spf1 ~all mx", ("mx", "~all", "mx")),
        good(
            "v=spf1 include:_spf.faraway.example ~all",
            ("mx", "include:_spf.faraway.example", "~all"),
        ),
        good("v=spf1 redirect=_spf.faraway.example", ("mx", "redirect=_spf.faraway.example")),
        good("v=spf1 a exp=e.faraway.example", ("mx", "a", "exp=e.faraway.example")),
    ],
)
def test_our_hosts_are_permitted_first_and_all_other_terms_stay(
    existing: str, result: tuple[str, ...]
) -> None:
    assert merged(OURS, ["site-verification=1", existing]).terms == result


@pytest.mark.parametrize("theirs", ["a:mx1.b.example", "+A:MX1.b.example", "a:mx1.b.example."])
def test_a_term_of_ours_in_another_spelling_is_not_added(theirs: str) -> None:
    ours = Spf.parse("v=spf1 a:mx1.b.example ~all")

    assert merged(ours, [f"v=spf1 {theirs} -all"]).terms == (theirs, "-all")


@pytest.mark.parametrize(
    ("existing", "sentence"),
    [
        bad("v=spf1 a -all|v=spf1 -all", "2 SPF policies are published where one is allowed"),
        bad("v=spf1 moo -all", "moo"),
        bad(
            "v=spf1 " + " ".join(f"ip4:203.0.113.{i}" for i in range(30)) + " -all",
            "octets where 512 are safe",
        ),
    ],
)
def test_a_policy_that_would_not_hold_is_refused(existing: str, sentence: str) -> None:
    with pytest.raises(MailError) as error:
        merged(OURS, existing.split("|"))

    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("existing", "asked", "result"),
    [
        good("v=spf1 ?all", "~all", "v=spf1 mx ~all"),
        good("v=spf1 +all", "~all", "v=spf1 mx ~all"),
        good("v=spf1 all", "-all", "v=spf1 mx -all"),
        good("v=spf1 a ~all", "-all", "v=spf1 mx a -all"),
        good("v=spf1 a -all", "~all", "v=spf1 mx a -all"),
        good("v=spf1 a", "-all", "v=spf1 mx a -all"),
        good("v=spf1 redirect=b.example", "-all", "v=spf1 mx redirect=b.example"),
    ],
)
def test_a_stricter_end_is_set_on_request_and_a_looser_one_never(
    existing: str, asked: str, result: str
) -> None:
    assert str(merged(Spf(("mx", asked)), [existing], strict=True)) == result


@pytest.mark.parametrize(
    ("existing", "result"),
    [
        good("", "v=spf1 -all"),
        good("v=spf1 ~all", "v=spf1 -all"),
        good("v=spf1 -mx ?all", "v=spf1 -mx -all"),
        good("v=spf1 exp=e.example -all", "v=spf1 exp=e.example -all"),
    ],
)
def test_a_silent_domain_permits_no_host(existing: str, result: str) -> None:
    assert str(merged(Spf(("-all",)), [existing], strict=True)) == result


@pytest.mark.parametrize(
    ("existing", "sender"),
    [
        bad("v=spf1 include:_spf.faraway.example ~all", "include:_spf.faraway.example"),
        bad("v=spf1 redirect=b.example", "redirect=b.example"),
    ],
)
def test_a_silent_domain_with_a_permitting_policy_is_a_conflict(existing: str, sender: str) -> None:
    with pytest.raises(MailError, match=f" permits {sender}, and mail_silent_domains says"):
        merged(Spf(("-all",)), [existing], strict=True)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("all", True),
        ("-ALL", True),
        ("?all", True),
        ("a:mx1.club.football", False),
        ("all:b", False),
        ("", False),
    ],
)
def test_the_mechanism_that_matches_every_host_is_recognised(
    term: str,
    found: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert is_all(term) is found
