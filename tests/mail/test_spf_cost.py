"""Costs of SPF policies with all that they include, and the senders for whom they are broken."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.spf import Spf
from deploys.mail.spf_cost import cost, faults, limited
from deploys.mail.spf_evaluation import SpfLookup

NAME = "harbor.example"


def dns(**names: str | None) -> SpfLookup:
    """A DNS in which some names have a TXT, one is down, and every other has an address and MX.

    void*.example has nothing, four*.example no AAAA, mx11.example eleven MX records, and
    two.mail.example two policies.
    """
    held = {f"{name.replace('__', '.')}.example": text for name, text in names.items()}

    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        if (
            name.startswith("void")
            or ":" in name
            or (name.startswith("four") and record_type == "AAAA")
        ):
            return ()
        if record_type == "TXT":
            text = held.get(name, "v=spf1 ip4:203.0.113.0/24 -all")
            return None if text is None else ("site-verification=1", *text.split("|"))
        hosts = [f"{n} host{n}.{name}." for n in range(11 if name == "mx11.example" else 1)]
        return {"MX": tuple(hosts), "A": ("192.0.2.1",), "AAAA": ("2001:db8::1",)}[record_type]

    return lookup


FLAT = dns()
NESTED = dns(
    big="v=spf1 include:one.example include:two.example ~all",
    one="v=spf1 a mx:three.example -all",
    two="v=spf1 redirect=three.example",
)


@pytest.mark.parametrize(
    ("policy", "lookup", "count"),
    [
        ("v=spf1 -all", FLAT, 0),
        ("v=spf1 ip4:203.0.113.1 ip6:2001:db8::1 -all", FLAT, 0),
        ("v=spf1 mx ~all", FLAT, 1),
        ("v=spf1 +mx a:b.example ptr exists:%{i}.b.example ?include:b.example -all", FLAT, 5),
        ("v=spf1 mx -all a include:b.example", FLAT, 1),
        ("v=spf1 mx redirect=b.example", FLAT, 2),
        ("v=spf1 mx redirect=b.example -all", FLAT, 1),
        ("v=spf1 mx exp=e.example -all", FLAT, 1),
        ("v=spf1 mx include=big.example -all", NESTED, 1),
        ("v=spf1 mx mx=big.example x-unknown=%{s} -all", NESTED, 1),
        ("v=spf1 include:big.example -all", NESTED, 6),
        ("v=spf1 mx include:big.example redirect=one.example", NESTED, 10),
        ("v=spf1 include:%{d2}.big.example -all", NESTED, 1),
        ("v=spf1 include:big.%{d1r}x%{o1} -all", dns(big__harborxexample="v=spf1 a -all"), 1),
        ("v=spf1 include:big.%{d1} -all", NESTED, 6),
        ("v=spf1 include:%{l}.example a -all", NESTED, 2),
        ("v=spf1 include:open.example a:b.example -all", dns(open="v=spf1 +all"), 1),
    ],
)
def test_every_lookup_counts_also_those_of_included_policies(
    policy: str, lookup: SpfLookup, count: int
) -> None:
    assert len(cost(Spf.parse(policy), NAME, lookup).spent) == count
    assert limited(Spf.parse(policy), NAME, lookup) == ""


def test_terms_without_a_name_ask_for_the_domain_itself_in_every_policy() -> None:
    asked: list[str] = []

    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        asked.append(f"{record_type} {name}")
        return NESTED(name, record_type)

    cost(Spf.parse("v=spf1 a include:one.example"), NAME, lookup)

    assert asked[:5] == [
        f"A {NAME}",
        "TXT one.example",
        "A one.example",
        "MX three.example",
        "A host0.three.example",
    ]
    assert asked[5:] == [f"AAAA {NAME}", "AAAA one.example", "AAAA host0.three.example"]


@pytest.mark.parametrize(
    ("policy", "lookup", "words"),
    [
        (
            "v=spf1 mx " + " ".join(f"include:{i}.example" for i in range(10)) + " -all",
            FLAT,
            "would cost 11 DNS lookups where 10 are allowed: remove some of mx (1), include:0",
        ),
        (
            "v=spf1 mx include:big.example redirect=big.example",
            NESTED,
            (
                "13 DNS lookups where 10 are allowed: remove some of include:big.example (6), "
                "redirect=big.example (6), mx (1)"
            ),
        ),
        (
            "v=spf1 include:loop.example",
            dns(loop="v=spf1 include:loop.example"),
            "would cost 40 or more DNS lookups",
        ),
        (
            "v=spf1 a redirect=loop.example",
            dns(loop="v=spf1 a redirect=pool.example", pool="v=spf1 redirect=loop.example"),
            "would cost 40 or more DNS lookups",
        ),
        (
            "v=spf1 a:void1.example mx:void2.example exists:void3.example -all",
            FLAT,
            "3 names that do not exist, and 2 are allowed: remove the terms for void1.",
        ),
    ],
)
def test_a_policy_that_costs_too_much_is_refused_with_the_count_and_what_costs_it(
    policy: str, lookup: SpfLookup, words: str
) -> None:
    with pytest.raises(MailError) as error:
        limited(Spf.parse(policy), NAME, lookup)

    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert words in faults(Spf.parse(policy), NAME, lookup)


BROKEN_BELOW = dns(
    none="no policy at all",
    near="v=spf1; mx -all",
    two="v=spf1 -all|v=spf1 a -all",
    syntax="v=spf1 a exists mox",
    nested="v=spf1 a include:none.example -all",
    onward="v=spf1 redirect=none.example",
)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ("mx include:none.example -all", "include:none.example: none.example has no SPF policy"),
        ("mx include:near.example -all", "include:near.example: near.example has no SPF policy"),
        ("mx include:void.example -all", "include:void.example: void.example has no SPF policy"),
        ("mx redirect=none.example", "redirect=none.example: none.example has no SPF policy"),
        ("mx include:two.example -all", "include:two.example: two.example has 2 SPF policies"),
        ("mx redirect=two.example", "redirect=two.example: two.example has 2 SPF policies"),
        ("mx include:syntax.example -all", "(exists is not valid; write exists:%{i}.other.exampl"),
        ("redirect=syntax.example", "(exists is not valid; write exists:%{i}.other.example)"),
        ("include:nested.example -all", "include:nested.example: include:none.example: none.exam"),
        ("include:onward.example -all", "include:onward.example: redirect=none.example: none.ex"),
        ("redirect=nested.example", "redirect=nested.example: include:none.example: none.example"),
        ("mx:mx11.example -all", "mx:mx11.example: mx11.example has 11 MX records where 10"),
        ("include:none.%{d1} -all", "include:none.%{d1}: none.example has no SPF policy"),
        (f"include:{'x' * 64}.example -all", "has no SPF policy"),
        # Two strings of a TXT record are joined without a space.
        ("include:a.exampleinclude:b.example -all", "a.exampleinclude:b.example has no SPF policy"),
    ],
)
def test_a_term_that_no_receiver_can_evaluate_is_reported_and_stops_nothing(
    terms: str, words: str
) -> None:
    policy = Spf.parse(f"v=spf1 {terms}")

    for remark in (limited(policy, NAME, BROKEN_BELOW), faults(policy, NAME, BROKEN_BELOW)):
        assert remark.startswith("every sender that no earlier term matches gets permerror, so ")
        assert words in remark
        assert "\n" not in remark


def test_every_broken_term_is_reported_and_the_terms_after_it_are_counted() -> None:
    policy = Spf.parse("v=spf1 include:none.example include:two.example a -all")
    found = cost(policy, NAME, BROKEN_BELOW)

    assert [fault.partition(":")[2].split(":")[0] for fault in found.faults] == [
        "none.example",
        "two.example",
    ]
    assert found.spent == ("include:none.example", "include:two.example", "a")


@pytest.mark.parametrize(
    ("terms", "void"),
    [
        ("a:void1.example a:void2.example", {4: 2, 6: 2}),
        ("a:four1.example a:void1.example", {4: 1, 6: 2}),
        ("mx:void1.example mx:four1.example", {4: 1, 6: 1}),
        ("mx:b.example ptr exists:%{i}.void.example", {4: 0, 6: 0}),
        ("exists:void.example exists:four.example", {4: 1, 6: 1}),  # A for either (section 5.7)
        (f"a:{'x' * 64}.example", {4: 0, 6: 0}),  # the DNS has no such names: never asked
    ],
)
def test_lookups_without_a_result_are_counted_for_each_family(
    terms: str, void: dict[int, int]
) -> None:
    found = cost(Spf.parse(f"v=spf1 {terms} -all"), NAME, FLAT)

    assert {version: len(names) for version, names in found.void.items()} == void
    assert limited(Spf.parse(f"v=spf1 {terms} -all"), NAME, FLAT) == ""


FOURS = "a:four1.example a:four2.example a:four3.example"


@pytest.mark.parametrize(
    ("terms", "remark"),
    [
        (FOURS, ""),  # no IPv6 sender may pass in any case
        (f"{FOURS} ip4:192.0.2.7", ""),
        (f"{FOURS} ip6:2001:db8::7", "IPv6 senders cause 3 lookups without a result where 2 are"),
        (f"{FOURS} a", "IPv6 senders cause 3 lookups without a result where 2 are"),
        (f"{FOURS} exists:%{{i}}.b.example", "IPv6 senders cause 3 lookups without a result"),
    ],
)
def test_a_family_that_finds_too_little_is_reported_if_it_has_senders(
    terms: str, remark: str
) -> None:
    said = limited(Spf.parse(f"v=spf1 {terms} -all"), NAME, FLAT)

    assert said.startswith(remark)
    assert bool(said) == bool(remark)


def test_lookups_without_an_answer_are_reported_and_stop_nothing() -> None:
    policy, known = Spf.parse("v=spf1 mx include:down.example -all"), dns(down=None)

    assert limited(policy, NAME, known) == "lookups not counted, without an answer: down.example"
    assert faults(policy, NAME, known) == ""
