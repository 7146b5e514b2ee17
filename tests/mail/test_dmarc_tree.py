"""The tree walk of DMARC: whose policy applies to a name, and to which organization it belongs."""

from collections.abc import Mapping

import pytest

from deploys.mail.dmarc_tree import Texts, discovered, inherited, organizational_domain, targets
from deploys.mail.errors import MailError

NONE, REJECT = "v=DMARC1; p=none", "v=DMARC1; p=reject"


def dns(policies: Mapping[str, str | tuple[str, ...]]) -> Texts:
    """Return the TXT values at `_dmarc.` of some domains."""

    def texts(name: str) -> tuple[str, ...]:
        found = policies.get(name.removeprefix("_dmarc."), ())
        return (found,) if isinstance(found, str) else found

    return texts


@pytest.mark.parametrize(
    ("domain", "asked"),
    [
        ("example", ["example"]),
        ("mail.harbor.example", ["mail.harbor.example", "harbor.example", "example"]),
        (
            "b.c.d.e.f.g.h.i",
            [
                *("b.c.d.e.f.g.h.i", "c.d.e.f.g.h.i", "d.e.f.g.h.i", "e.f.g.h.i"),
                *("f.g.h.i", "g.h.i", "h.i", "i"),
            ],
        ),
        (
            "a.b.c.d.e.f.g.h.i.j.mail.harbor.example",
            [
                "a.b.c.d.e.f.g.h.i.j.mail.harbor.example",
                *("g.h.i.j.mail.harbor.example", "h.i.j.mail.harbor.example"),
                *("i.j.mail.harbor.example", "j.mail.harbor.example"),
                *("mail.harbor.example", "harbor.example", "example"),
            ],
        ),
    ],
)
def test_a_walk_asks_at_eight_names_at_most(domain: str, asked: list[str]) -> None:
    assert targets(domain) == tuple(asked)


@pytest.mark.parametrize(
    ("policies", "domain", "organization", "at"),
    [
        ({}, "mail.harbor.example", "mail.harbor.example", None),
        ({"harbor.example": NONE}, "harbor.example", "harbor.example", "harbor.example"),
        ({"harbor.example": NONE}, "a.mail.harbor.example", "harbor.example", "harbor.example"),
        (
            {"harbor.example": NONE, "mail.harbor.example": NONE},
            "mail.harbor.example",
            "harbor.example",
            "mail.harbor.example",
        ),
        (
            {"harbor.example": NONE, "mail.harbor.example": NONE},
            "a.mail.harbor.example",
            "harbor.example",
            "harbor.example",  # not the nearest, but that of the organization
        ),
        (
            {"harbor.example": NONE, "mail.harbor.example": f"{NONE}; psd=n"},
            "a.mail.harbor.example",
            "mail.harbor.example",
            "mail.harbor.example",
        ),
        (
            {"bank.example": f"{REJECT}; PSD=Y", "giant.bank.example": NONE},
            "mail.giant.bank.example",
            "giant.bank.example",
            "giant.bank.example",
        ),
        (
            {"bank.example": f"{REJECT}; psd=y"},
            "mail.mega.bank.example",
            "mega.bank.example",
            "bank.example",
        ),
        ({"bank.example": f"{NONE}; psd=y"}, "bank.example", "bank.example", "bank.example"),
        ({"example": f"{NONE}; psd=y"}, "harbor.example", "harbor.example", "example"),
        ({"example": f"{NONE}; psd=u"}, "harbor.example", "example", "example"),
        (
            {"harbor.example": (NONE, REJECT), "example": NONE},
            "harbor.example",
            "example",
            "example",
        ),
        ({"harbor.example": ("a=1", "v=dmarc1; p=none")}, "harbor.example", "harbor.example", None),
        (
            {"harbor.example": f"{NONE}; p=none", "example": NONE},
            "a.harbor.example",
            "example",
            "example",
        ),
        (
            {"harbor.example": NONE, "e.f.g.h.harbor.example": REJECT},
            "a.b.c.d.e.f.g.h.harbor.example",
            "harbor.example",
            "harbor.example",
        ),
    ],
)
def test_the_policy_and_the_organization_of_a_domain(
    policies: Mapping[str, str | tuple[str, ...]], domain: str, organization: str, at: str | None
) -> None:
    found = discovered(domain, dns(policies))

    assert organizational_domain(domain, dns(policies)) == organization
    assert (found.domain if found else None) == at


@pytest.mark.parametrize(
    ("policy", "steps"),
    [
        ("p=reject", (2, 2, 2)),
        ("p=reject; sp=none", (2, 0, 0)),
        ("p=none; np=reject", (0, 0, 2)),
        ("p=none; sp=reject; np=quarantine; t=y", (0, 1, 0)),
    ],
)
def test_a_name_below_has_the_policy_for_names_below(
    policy: str, steps: tuple[int, int, int]
) -> None:
    texts = dns({"harbor.example": f"v=DMARC1; {policy}"})
    own, below = discovered("harbor.example", texts), inherited("a.harbor.example", texts)

    assert own
    assert below
    assert own.step("harbor.example") == steps[0]
    assert below.step("a.harbor.example") == steps[1]
    assert below.step("a.harbor.example", exists=False) == steps[2]


def test_a_policy_of_its_own_that_is_not_valid_is_not_replaced_by_one_above() -> None:
    texts = dns({"mail.harbor.example": "v=DMARC1; p=block", "harbor.example": NONE})

    with pytest.raises(MailError, match="p=block"):
        discovered("mail.harbor.example", texts)


def test_a_walk_asks_for_no_name_that_is_too_long() -> None:
    asked: list[str] = []

    def texts(name: str) -> tuple[str, ...]:
        asked.append(name)
        return ()

    organizational_domain(f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example", texts)

    assert asked[0].startswith("_dmarc.bbb")
