"""VERP: which addresses name a recipient, and which are refused."""

import pytest

from deploys.mail.verp import TokenError, Verp, VerpAddress, day_number, derived_key, folded

KEY = derived_key("a secret of thirty-two characters", "verp")
VERP = Verp("bounces.example.org", KEY)
DAY = 20_787
LONG = "a-name-of-many-letters@a-long-domain.example.net"


def test_the_format_is_the_documented_one() -> None:
    assert VERP.address("Anna@Example.NET", DAY) == (
        "anna=example.net+kez4rh3evstkuhv632wa@bounces.example.org"
    )


@pytest.mark.parametrize(
    "recipient",
    ["anna@example.net", "anna+news@example.net", "a=b@example.net", "o'hara@example.net"],
)
def test_an_address_gives_its_recipient_back(recipient: str) -> None:
    for address in (VERP.address(recipient, DAY), VERP.address(recipient, DAY).upper()):
        assert VERP.read(address, DAY) == VerpAddress(recipient, "", DAY)


@pytest.mark.parametrize("recipient", [LONG, "jürgen@example.net", '"two words"@example.net'])
def test_a_recipient_that_does_not_fit_is_a_digest(recipient: str) -> None:
    address = VERP.address(recipient, DAY)

    assert address.isascii()
    assert len(address.partition("@")[0]) <= 64
    assert VERP.read(address, DAY) == VerpAddress("", VERP.digest(recipient), DAY)
    assert VERP.digest(recipient) != VERP.digest("anna@example.net")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("anna=example.net@bounces.example.org", "has no token"),
        ("anna=example.net+short@bounces.example.org", "has no token"),
        ("@bounces.example.org", "has no token"),
        ("", "has no token"),
        (f"anna=example.net+{'a' * 20}@bounces.example.org", "is forged"),
        (f"anna=example.net+{'0' * 20}@bounces.example.org", "is forged"),
        (f"anna=example.net+{'é' * 20}@bounces.example.org", "is forged"),
        (VERP.address("anna@example.net", DAY).replace("anna", "otto"), "is forged"),
        (VERP.address("anna@example.net", DAY).replace("bounces", "other"), "has no token"),
        (Verp("bounces.example.org", b"x").address("anna@example.net", DAY), "is forged"),
        (VERP.address("anna@example.net", DAY - 14), ""),
        (VERP.address("anna@example.net", DAY - 15), "expired 1 days ago"),
        (VERP.address("anna@example.net", DAY + 1), ""),
        (VERP.address("anna@example.net", DAY + 2), "from the future"),
    ],
)
def test_a_token_is_valid_for_its_address_and_time_alone(address: str, why: str) -> None:
    if not why:
        assert VERP.read(address, DAY).recipient == "anna@example.net"
        return
    with pytest.raises(TokenError, match=why):
        VERP.read(address, DAY)


def test_day_numbers_begin_again_after_two_octets() -> None:
    last = VERP.address("anna@example.net", 65_535)

    assert day_number(65_536 * 86_400 + 1) == 0
    assert VERP.read(last, 3).day == 65_535


@pytest.mark.parametrize(
    ("recipient", "form"),
    [
        ("Anna@EXAMPLE.net", "anna@example.net"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        (" anna@example.net ", "anna@example.net"),
        ("anna", "anna"),
        ("anna@a..b", "anna@a..b"),
    ],
)
def test_recipients_are_compared_in_one_form(recipient: str, form: str) -> None:
    assert folded(recipient) == form
