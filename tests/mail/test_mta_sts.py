"""MTA-STS as text: policies, their ids, and what announces them (RFC 8461)."""

import re

import pytest

from deploys.mail.errors import MailError
from deploys.mail.mta_sts import Policy, is_announcement, is_ours

TESTING = Policy.of("testing", ["mx2.harbor.example", "mx1.harbor.example"])
TEXT = """version: STSv1
mode: testing
mx: mx1.harbor.example
mx: mx2.harbor.example
max_age: 86400
"""


def test_a_policy_is_a_text_and_the_text_is_the_policy() -> None:
    assert str(TESTING) == TEXT
    assert Policy.parse(TEXT) == TESTING
    assert Policy.parse(TEXT.replace("\n", "\r\n").replace(": ", ":  ")) == TESTING


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("version: STSv1\nmode: none\nmax_age: 60\n", Policy("none", (), 60)),
        (
            "version: STSv1\nmode: enforce\nmax_age: 60\nmode: none\nmx: *.a.example\nnew: x\n",
            Policy("enforce", ("*.a.example",), 60),
        ),
    ],
)
def test_good_policies(text: str, policy: Policy) -> None:
    assert Policy.parse(text) == policy


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not an MTA-STS policy"),
        (TEXT.replace("STSv1", "STSv2"), "is not an MTA-STS policy"),
        (TEXT.replace("testing", "strict"), "mode 'strict': write none, testing or enforce"),
        (TEXT.replace("mode: testing\n", ""), "mode ''"),
        (TEXT.replace("86400", "soon"), "max_age 'soon'"),
        (TEXT.replace("86400", "31557601"), "max_age '31557601'"),
        (re.sub("mx: .*\n", "", TEXT), "names no mail host"),
        (TEXT + "hello\n", "not valid at 'hello'"),
    ],
)
def test_bad_policies_are_refused_with_the_reason(text: str, sentence: str) -> None:
    with pytest.raises(MailError, match=re.escape(sentence)):
        Policy.parse(text)


def test_the_id_follows_from_the_policy_alone_and_begins_with_its_mode() -> None:
    again = Policy.of("testing", ["mx1.harbor.example", "mx2.harbor.example"])
    others = [
        Policy.of("enforce", TESTING.mx),
        Policy.of("none", TESTING.mx),
        Policy.of("testing", TESTING.mx[:1]),
        Policy("testing", TESTING.mx, 60),
    ]

    assert again.id == TESTING.id
    assert len({one.id for one in (TESTING, *others)}) == 5
    assert [one.id[0] for one in (TESTING, *others)] == ["t", "e", "n", "t", "t"]
    assert all(re.fullmatch("[A-Za-z0-9]{1,32}", one.id) for one in others)  # section 3.1


@pytest.mark.parametrize(
    ("text", "announces", "ours"),
    [
        (TESTING.announcement, True, True),
        (TESTING.announcement.replace("; ", ";"), True, True),
        ("v=STSv1; id=20160831085700Z;", True, False),
        ("v=STSv1; id=;", True, False),
        ("v=STSv10; id=1;", False, False),
        ("site-verification=1", False, False),
    ],
)
def test_announcements_differ_from_other_texts(text: str, announces: bool, ours: bool) -> None:  # noqa: FBT001 - a table
    assert (is_announcement(text), is_ours(text)) == (announces, ours)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("mx1.harbor.example", True),
        ("MX1.harbor.example.", True),
        ("mx.other.example", True),
        ("other.example", False),
        ("a.mx.other.example", False),
        ("mx3.harbor.example", False),
    ],
)
def test_a_star_matches_one_label(host: str, named: bool) -> None:  # noqa: FBT001 - a table
    policy = Policy.of("enforce", [*TESTING.mx, "*.other.example"])

    assert policy.names(host) is named
