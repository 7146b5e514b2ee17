"""BIMI records: read and written."""

import pytest

from deploys.mail.bimi import Bimi
from deploys.mail.errors import MailError


@pytest.mark.parametrize(
    ("text", "logo"),
    [
        ("v=BIMI1; l=https://www.harbor.example/logo.svg", "https://www.harbor.example/logo.svg"),
        (
            "v=BIMI1; l=https://b.example/l.svg; a=https://b.example/l.pem",
            "https://b.example/l.svg",
        ),
        ("v=BIMI1; l=; a=", ""),
    ],
)
def test_a_record_reads_back_as_it_was_written(text: str, logo: str) -> None:
    assert str(Bimi.parse(text)) == text
    assert Bimi.parse(text).logo == logo


def test_a_new_record_names_the_logo() -> None:
    assert str(Bimi.of("https://b.example/l.svg")) == "v=BIMI1; l=https://b.example/l.svg"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("v=BIMI2; l=https://b.example/l.svg", "is not a BIMI record"),
        ("v=BIMI1", "names no logo: add 'l=https://...'"),
        ("v=BIMI1; logo", "is not valid at 'logo'"),
    ],
)
def test_a_text_that_is_not_valid_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(MailError) as error:
        Bimi.parse(text)

    assert sentence in str(error.value)
