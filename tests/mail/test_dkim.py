"""DKIM keys as records: written, read back, and refused where no receiver would understand."""

import base64

import pytest

from deploys.mail.dkim import DkimKey, is_key
from deploys.mail.errors import MailError

ED25519 = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize("key", [DkimKey("rsa", "MIIBIjAN"), DkimKey("ed25519", ED25519)])
def test_a_key_is_read_as_it_was_written(key: DkimKey) -> None:
    assert DkimKey.parse(str(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "v=DKIM1; k=rsa; p=MIIBIjAN",
        "p=MIIBIjAN",  # RFC 6376 section 3.6.1: all but p= may be left out
        "v=DKIM1; h=sha256; s=email; t=s; p=MIIB IjAN;",
    ],
)
def test_other_peoples_spellings_are_read(text: str) -> None:
    assert is_key(text)
    assert DkimKey.parse(text) == DkimKey("rsa", "MIIBIjAN")


@pytest.mark.parametrize("text", ["v=spf1 p=x", "v=DKIM1; k=rsa", "site-verification=1", ""])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not is_key(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v=DKIM1; k=rsa", "is not a DKIM key"),
        ("v=DKIM1; p=MIIB; p=MIIB", "write name=value, each name once"),
        ("v=DKIM1; k=dsa; p=MIIB", "has k=dsa: write rsa or ed25519"),
        ("v=DKIM1; p=M!IB", "is not base64"),
        ("v=DKIM1; p=", "is empty, so it is revoked"),
        ("v=DKIM1; k=ed25519; p=MIIB", "has 3 octets: Ed25519 has 32"),
    ],
)
def test_a_key_that_is_not_valid_is_refused(text: str, words: str) -> None:
    with pytest.raises(MailError) as refused:
        DkimKey.parse(text)

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
