"""Terms of SPF policies: the grammar of RFC 7208 section 12, each side of every rule."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.spf import Spf, is_misspelt, is_policy

LABEL = "x" * 63


@pytest.mark.parametrize(
    "term",
    [
        "all",
        "-ALL",
        "~All",
        "?all",
        "+all",
        "include:b.example",
        "INCLUDE:_spf.B.example",
        "-include:b.example.",
        "include:%{d}",
        "include:%{d2}.b.example",
        "include:b.example%{d}",
        "include:b.%%",
        "include:b.example_b.example",
        "a",
        "+a",
        "a/0",
        "a/32",
        "a//0",
        "a//128",
        "a/24//64",
        "a:b.example",
        "a:b.example.",
        "a:b.example/24",
        "a:b.example//64",
        "a:b.example/24//64",
        "a:b-c.ex-ample",
        "a:b.123-4",  # a hyphen makes it no number
        "a:b.4a",
        "a:b.xn--p1ai",
        "a:b/c.example",  # a slash is a character of a name here
        "a:b:c.example",
        "a:%{d}/24",
        "a:_under_score.b.example",
        f"a:{LABEL}{LABEL}.example",  # the grammar has no length
        "mx",
        "mx/24//64",
        "mx:b.example/24",
        "ptr",
        "ptr:b.example",
        "exists:%{i}._spf.%{d2}",
        "exists:%{ir}.%{v}._spf.%{D2}",
        "exists:%{l1r+-.,/_=}.b.example",
        "exists:%{s}%{o}%{h}%{p}.b.example",
        "exists:%{d128}.b.example",
        "exists:%{i}.b.example/86400.rate.%{d}",
        "exists:%_%-.b.example",
        "exists:b.example",
        "ip4:0.0.0.0/0",
        "ip4:192.0.2.1",
        "ip4:192.0.2.1/24",  # host bits may be set
        "IP4:192.0.2.0/32",
        "ip6:::",
        "ip6:::1",
        "ip6:2001:DB8::/32",
        "ip6:2001:db8:0:0:0:0:0:1/128",
        "ip6:::ffff:192.0.2.1/120",
        "ip6:::/0",
        "redirect=b.example",
        "REDIRECT=%{d}",
        "redirect=%{d}._spf.b.example.",
        "exp=%{i}._explain.b.example",
        "foo=",
        "foo=bar",
        "a.b-c_d9=x/y:z",
        "foo=%{c}%{r}%{t}",
        "foo=%%%_%-%{d2r-}",
        "include=b.example",
        "include=",
        "mx=",
        "all=1",
        "ip4=192.0.2.0/33",
    ],
)
def test_a_term_of_the_grammar_is_read_and_written_as_it_is(term: str) -> None:
    assert str(Spf.parse(f"v=spf1 {term}")) == f"v=spf1 {term}"


@pytest.mark.parametrize(
    "term",
    [
        "all.",
        "all:b.example",
        "all/24",
        "-all-",
        "--all",
        "+-all",
        "*all",
        "=all",
        "al",
        "include",
        "include:",
        "include:b",
        "include:.",
        "include:b.example/24",
        "include:b.example:",
        "include:b.example-",
        "include:b.-example",
        "include:b.exam_ple",
        "include:b.123",
        "include:b.example..",
        "include/24",
        "a:",
        "a/",
        "a//",
        "a/33",
        "a/024",
        "a/-1",
        "a/24/64",
        "a//129",
        "a//64/24",
        "a//064",
        "a:/24",
        "a:localhost",
        "a:localhost.",
        "a:192.0.2.1",
        "a:2001:db8::1",
        "a:b.example/",
        "a:b.example,",
        "a:b.example/33",
        "a:b.example;",
        "a:%{d}.",
        "mx:",
        "mx/33",
        "mx:b",
        "ptr:",
        "ptr/24",
        "ptr:b.example/24",
        "exists",
        "exists:",
        "exists/24",
        "exists:b.example/24",
        "exists:%",
        "exists:%.b.example",
        "exists:b%c.example",
        "exists:%{}.b.example",
        "exists:%{d",
        "exists:%{d}}",
        "exists:%d.b.example",
        "exists:%{z}.b.example",
        "exists:%{d0}.b.example",
        "exists:%{d00r}.b.example",
        "exists:%{dx}.b.example",
        "exists:%{rd}.b.example",
        "exists:%{d.2}.b.example",
        "exists:%{d2;}.b.example",
        "exists:%{d2rr}.b.example",
        "exists:%{c}.b.example",
        "exists:%{R}.b.example",
        "exists:%{t}.b.example",
        "exists:%(d).b.example",
        "ip4",
        "ip4:",
        "ip4/24",
        "ip4:192.0.2",
        "ip4:192.0.2.256",
        "ip4:192.0.02.1",
        "ip4:192.0.2.1.1",
        "ip4:192.0.2.1/",
        "ip4:192.0.2.1/33",
        "ip4:192.0.2.1/08",
        "ip4:192.0.2.1//32",
        "ip4:192.0.2.1/24//64",
        "ip4:192.0.2.1/255.255.255.0",
        "ip4:2001:db8::1",
        "ip4:b.example",
        "ip4:192.0.2.1ip4:192.0.2.2",  # two strings, joined without a space
        "ip6",
        "ip6:",
        "ip6:192.0.2.1",
        "ip6:192.0.2.0/24",
        "ip6:2001:db8::1::2",
        "ip6:2001:db8::12345",
        "ip6:2001:db8::/129",
        "ip6:2001:db8::/032",
        "ip6:2001:db8::/32//64",
        "ip6:fe80::1%eth0",
        "ip6:[2001:db8::1]",
        "ipv4:192.0.2.1",
        "ip:192.0.2.1",
        "192.0.2.1",
        "mxx",
        "prt",
        "redirect=",
        "redirect:b.example",
        "redirect=b",
        "redirect=b.example/24",
        "redirect=%{z}.b.example",
        "-redirect=b.example",
        "exp=",
        "exp=b",
        "exp=%{c}.b.example",
        "foo=%abc",
        "foo=%",
        "foo=%{z}",
        "foo=%{d0}",
        "foo=%{d",
        "+foo=bar",
        "1foo=bar",
        "_foo=bar",
        "-foo=bar",
        "=",
        "-",
        "\u00fc=1",
        "include:b\u00fccher.example",
        "include:b\ufffdcher.example",
        r"include:b\195\188cher.example",
        "mx\n-all",
        "mx\r\n",
        "\tmx",
        "mx\t-all",
        "mx\u00a0-all",
        "a\x00",
        "a\x7f",
        "\u0661=1",
        "ip4:192.0.2.\u0661",
    ],
)
def test_a_term_outside_of_the_grammar_is_refused_in_one_line(term: str) -> None:
    with pytest.raises(MailError) as error:
        Spf.parse(f"v=spf1 mx {term} -all")

    assert "\n" not in str(error.value)
    assert "is broken (" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 redirect=b.example redirect=b.example",
        "v=spf1 exp=b.example -all EXP=c.example",
        "v=spf1 -all redirect=b.example redirect=c.example",
    ],
)
def test_redirect_and_exp_are_allowed_once(text: str) -> None:
    with pytest.raises(MailError, match=r" is the second (redirect|exp)=, and one is allowed"):
        Spf.parse(text)


@pytest.mark.parametrize(
    "text",
    ["v=spf1 redirect=b.example exp=b.example", "v=spf1 foo=1 foo=2 foo=1", "v=spf1 all all"],
)
def test_every_other_term_is_allowed_more_than_once(text: str) -> None:
    assert str(Spf.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "policy", "misspelt"),
    [
        ("v=spf1", True, False),
        ("V=SPF1", True, False),
        ("v=spf1 ", True, False),
        ("v=Spf1  -all", True, False),
        ("v=spf1\tmx", False, True),
        ("v=spf1\n", False, True),
        ("v=spf1; mx", False, True),
        ("v=spf1,mx", False, True),
        ("v=spf1mx -all", False, True),
        (" v=spf1 mx", False, True),
        ('"v=spf1 mx"', False, True),
        ("v = spf1 mx", False, True),
        ("v=spf10 mx", False, True),
        ("v=spf1\u00a0mx", False, True),
        ("v=spf2.0/pra mx", False, False),
        ("spf1 mx", False, False),
        ("site-verification=v=spf1", False, False),
        ("", False, False),
    ],
)
def test_a_policy_begins_with_its_version_and_a_space(
    text: str,
    policy: bool,  # noqa: FBT001 - columns of the table
    misspelt: bool,  # noqa: FBT001
) -> None:
    assert is_policy(text) is policy
    assert is_misspelt(text) is misspelt


@pytest.mark.parametrize(
    "term",
    [
        "a" * 60000,
        "a:" + "1" * 60000,
        "a:" + ".1" * 30000,
        "a:b." + "-" * 60000,
        "exists:" + "%{d}" * 15000 + ".",
    ],
    ids=lambda term: term[:10],
)
def test_a_term_of_any_length_is_refused_with_its_beginning(term: str) -> None:
    with pytest.raises(MailError) as error:
        Spf.parse(f"v=spf1 {term}")

    assert f"({term[:80]}" in str(error.value)
