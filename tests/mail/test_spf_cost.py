"""What SPF policies cost their readers, with all that they include."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.spf import Spf
from deploys.mail.spf_cost import SpfLookup, costs, limited

NAME = "harbor.example"


def dns(**names: str | None) -> SpfLookup:
    """A DNS in which some names have a TXT, one is down, and every other has an address and MX."""
    held = {f"{name.replace('__', '.')}.example": text for name, text in names.items()}

    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        if name.startswith("void"):
            return ()
        if record_type != "TXT":
            return (f"{record_type} of {name}",)
        text = held.get(name, "v=spf1 ip4:203.0.113.0/24 -all")
        return None if text is None else ("site-verification=1", text)

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
        ("v=spf1 include:big.example -all", NESTED, 6),
        ("v=spf1 mx include:big.example redirect=one.example", NESTED, 10),
        ("v=spf1 include:%{d2}.big.example -all", NESTED, 1),
        ("v=spf1 include:text.example -all", dns(text="no policy at all"), 1),
        ("v=spf1 include:broken.example -all", dns(broken="v=spf1 a exists mox"), 1),
    ],
)
def test_every_lookup_counts_also_those_of_included_policies(
    policy: str, lookup: SpfLookup, count: int
) -> None:
    assert len(list(costs(Spf.parse(policy), NAME, lookup))) == count
    assert limited(Spf.parse(policy), NAME, lookup) == ""


def test_terms_without_a_name_ask_for_the_domain_itself_in_every_policy() -> None:
    asked = costs(Spf.parse("v=spf1 a include:one.example"), NAME, NESTED)

    assert [cost.name for cost in asked] == [NAME, "one.example", "one.example", "three.example"]


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
            "v=spf1 a:void1.example mx:void2.example include:void3.example -all",
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


def test_two_names_that_do_not_exist_are_accepted() -> None:
    assert limited(Spf.parse("v=spf1 a:void1.example a:void2.example -all"), NAME, FLAT) == ""


def test_lookups_without_an_answer_are_reported_and_stop_nothing() -> None:
    remark = limited(Spf.parse("v=spf1 mx include:down.example -all"), NAME, dns(down=None))

    assert remark == "lookups not counted, without an answer: down.example"
