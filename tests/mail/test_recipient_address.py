"""Addresses of lists: valid and not (RFC 5321, RFC 6531), folded, and of roles (RFC 2142)."""

import pytest

from deploys.mail.recipient_address import LONGEST, recipient_address

LONG = "a" * 64
LABEL = "b" * 63


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("anna@example.org", "example.org"),
        ("Anna.Lee+news@EXAMPLE.Org", "example.org"),
        ("!#$%&'*+/=?^_`{|}~-@example.org", "example.org"),
        ("0@1.example", "1.example"),
        (f"{LONG}@example.org", "example.org"),
        ('"john doe"@example.org', "example.org"),
        (r'"a@b\"c\\"@example.org', "example.org"),
        ("müller@example.org", "example.org"),
        ("用户@例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("anna@bücher.example", "xn--bcher-kva.example"),
        ("anna@BÜCHER.example", "xn--bcher-kva.example"),
        ("anna@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("anna@[192.0.2.1]", "[192.0.2.1]"),
        ("anna@[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"),
        (f"a@{LABEL}.{LABEL}.{LABEL}.{'c' * 60}", f"{LABEL}.{LABEL}.{LABEL}.{'c' * 60}"),
    ],
)
def test_an_address_is_valid(text: str, domain: str) -> None:
    assert recipient_address(text).domain == domain
    assert recipient_address(text).literal == domain.startswith("[")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it has no @"),
        ("anna", "it has no @"),
        ("@example.org", "it has no local part before the @"),
        ("anna@", "it has no domain after the @"),
        ("anna@example", "its domain example has one label only"),
        ("anna@example..org", "its domain example..org is not a domain name"),
        ("anna@example.org.", "its domain example.org. is not a domain name"),
        ("anna@.example.org", "its domain .example.org is not a domain name"),
        ("anna@-a.example", "its domain -a.example is not a domain name"),
        ("anna@a_b.example", "its domain a_b.example is not a domain name"),
        ("anna@ example.org", "its domain  example.org is not a domain name"),
        ("anna@192.0.2.1", "its domain 192.0.2.1 is not a domain name"),
        ("anna@example.123", "its domain example.123 is not a domain name"),
        (f"anna@{LABEL}b.example", f"its domain {LABEL}b.example is not a domain name"),
        ("anna@☃.example", "its domain ☃.example is not a domain name"),
        ("anna@[192.0.2]", "its address literal [192.0.2] is not valid"),
        ("anna@[2001:db8::1]", "its address literal [2001:db8::1] is not valid"),
        ("anna@[IPv6:192.0.2.1]", "its address literal [IPv6:192.0.2.1] is not valid"),
        (".anna@example.org", "its local part has a dot at an end, or two dots together"),
        ("anna.@example.org", "its local part has a dot at an end, or two dots together"),
        ("an..na@example.org", "its local part has a dot at an end, or two dots together"),
        ("an na@example.org", "its local part has ' ' without quotation marks"),
        ("a@b@example.org", "its local part has '@' without quotation marks"),
        ("a@x.example,b@example.org", "its local part has '@' without quotation marks"),
        ('"anna@example.org', "its local part has '\"' without quotation marks"),
        ('""@example.org', "its local part has '\"' without quotation marks"),
        ("mailto:anna@example.org", "its local part has ':' without quotation marks"),
        (
            "Anna <anna@example.org>",
            "it has angle brackets or a name; only the address belongs there",
        ),
        ("an\u200bna@example.org", "it has the character U+200B, which is not visible"),
        ("anna@exam\u00adple.org", "it has the character U+00AD, which is not visible"),
        ("an\nna@example.org", "it has the character U+000A, which is not visible"),
        (f"{LONG}a@example.org", "its local part is longer than 64 octets"),
        (f"{'ü' * 33}@example.org", "its local part is longer than 64 octets"),
        (f"aa@{LABEL}.{LABEL}.{LABEL}.{'c' * 60}", f"it is longer than {LONGEST} octets"),
    ],
)
def test_another_text_has_its_fault_named(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match="it") as told:
        recipient_address(text)

    assert str(told.value) == fault


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.org", "ANNA@Example.ORG"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("müller@example.org", "MÜLLER@example.org"),
        ("mu\u0308ller@example.org", "m\u00fcller@example.org"),
        ('"anna"@example.org', "anna@example.org"),
        (r'"an\na"@example.org', "anna@example.org"),
    ],
)
def test_two_forms_of_one_address_are_folded_to_one(one: str, other: str) -> None:
    assert recipient_address(one).folded == recipient_address(other).folded


def test_a_subaddress_is_another_address_of_the_same_mailbox() -> None:
    plain, tagged = map(recipient_address, ("anna@example.org", "Anna+news+x@example.org"))

    assert plain.folded != tagged.folded
    assert plain.without_tag == tagged.without_tag == "anna@example.org"


@pytest.mark.parametrize("text", ["+x@example.org", "an-na@example.org", "an.na@example.org"])
def test_an_address_without_a_subaddress_stays_as_it_is(text: str) -> None:
    assert recipient_address(text).without_tag == text


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("postmaster@example.org", True),
        ("INFO@example.org", True),
        ("No-Reply@example.org", True),
        ("sales+spring@example.org", True),
        ("garden-request@example.org", True),
        ("anna@example.org", False),
        ("information@example.org", False),
        ("anna.info@example.org", False),
        ("anna@info.example", False),
    ],
)
def test_the_address_of_a_role_is_told_from_that_of_a_person(text: str, role: bool) -> None:  # noqa: FBT001
    assert recipient_address(text).role is role


def test_a_local_part_beyond_ascii_is_international_and_a_domain_is_not() -> None:
    assert recipient_address("müller@example.org").international
    assert not recipient_address("anna@bücher.example").international
