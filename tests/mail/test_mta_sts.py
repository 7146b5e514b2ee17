"""MTA-STS as text: policies, their ids, and what announces them (RFC 8461)."""

import re

import pytest

from deploys.mail.errors import MailError
from deploys.mail.mta_sts import Policy, announced_id, is_announcement, is_ours

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
        ("version: STSv1\nmode: none\nmax_age: 9\nmode: a\nmax_age: b", Policy("none", (), 9)),
        (
            "version: STSv1\nmode: none\nmx: a.example\nmax_age: 0031557600",
            Policy("none", ("a.example",), 31557600),
        ),
        (
            (
                "max_age:0\nmode:\ttesting \t\nnew.ext-1: \N{PILCROW SIGN} x\n"
                "mx: mx-1.a.example\nversion: STSv1\nmx: *.b.example"
            ),
            Policy("testing", ("mx-1.a.example", "*.b.example"), 0),
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
        (TEXT + "mx:\n", "not valid at 'mx:'"),
        (TEXT + "ext: \n", "not valid at 'ext: '"),
        (TEXT + "_ext: 1\n", "not valid at '_ext: 1'"),
        (TEXT + "ext : 1\n", "not valid at 'ext : 1'"),
        (TEXT + " ext: 1\n", "not valid at ' ext: 1'"),
        (TEXT + "x" * 33 + ": 1\n", "not valid at 'xxx"),
        (TEXT + "ext: a\tb\n", "not valid at 'ext: a\\tb'"),
        (TEXT + "\n", "not valid at ''"),
        (TEXT.replace("mode", "\nmode"), "not valid at ''"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}" + TEXT, "not valid at '\\ufeffversion"),
        (TEXT.replace("\n", "\r"), "not valid at 'version: STSv1\\rmode"),
        (TEXT.replace("\n", "\x0b"), "not valid at 'version: STSv1\\x0bmode"),
        (TEXT.replace("version", "Version"), "is not an MTA-STS policy"),
        (TEXT.replace("testing", "Testing"), "mode 'Testing'"),
        (TEXT.replace("86400", "-1"), "max_age '-1'"),
        (TEXT.replace("86400", "8.6e4"), "max_age '8.6e4'"),
        (TEXT.replace("86400", "\N{FULLWIDTH DIGIT ONE}"), "max_age '\N{FULLWIDTH DIGIT ONE}'"),
        (TEXT.replace("86400", "00000086400"), "max_age '00000086400'"),
        *(
            (f"{TEXT}mx: {name}\n", f"has the mx {name!r}: write a host name")
            for name in (
                "*",
                "*.",
                "*.*.a.example",
                "mx.*.example",
                "m*.a.example",
                ".a.example",
                "a..example",
                "mx1.a.example.",
                "-mx.a.example",
                "mx_1.a.example",
                "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
                "mx1.a.example mx2.a.example",
                "mx1.a.example, mx2.a.example",
                "10 mx1.a.example",
                "[192.0.2.1]",
                f"{'a' * 64}.example",
                ".".join(["a" * 60] * 5),
            )
        ),
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
        ("v=STSv1", True, False),
        ("v=STSv1 \t; id=1", True, False),
        (f"v=STSv1; id=t{'0' * 31}; new=1", True, True),
        ("v = STSv1; id=1;", False, False),
        ("V=STSv1; id=1;", False, False),
        (" v=STSv1; id=1;", False, False),
        ("v=STSv10; id=1;", False, False),
        ("site-verification=1", False, False),
    ],
)
def test_announcements_differ_from_other_texts(text: str, announces: bool, ours: bool) -> None:  # noqa: FBT001 - a table
    assert (is_announcement(text), is_ours(text)) == (announces, ours)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("id=20161125", "20161125"),
        ("id=a;", "a"),
        ("  id=a \t; new.ext-1=!x; ", "a"),
        ("new=x;id=a", "a"),
        ("id=a; id=b", "a"),  # the first counts
        (f"id={'9' * 32}", "9" * 32),
        ("", None),
        ("new=x", None),
        ("id=", None),
        (f"id={'9' * 33}", None),
        ("id=2016-11-25", None),
        ("id=\N{DIGIT ONE}\N{ARABIC-INDIC DIGIT ONE}", None),
        ("id = a", None),
        ("ID=a", None),
        ("id=a;;", None),
        ("; id=a", None),
        ("id=a; new=", None),
        ("id=a; new", None),
        ("id=a; new=x y", None),
        ("id=a; new=x=y", None),
        ("id=a; _new=x", None),
        (f"id=a; {'x' * 33}=1", None),
        ("id=a\n", None),
    ],
)
def test_an_announcement_with_one_error_is_none(fields: str, found: str | None) -> None:
    text = f"v=STSv1;{fields}"

    if found:
        assert announced_id(text) == found
    else:
        with pytest.raises(MailError, match="write"):
            announced_id(text)
    assert is_announcement(text)


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
