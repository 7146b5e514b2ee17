"""TLSA records as text: what a sender of mail makes use of."""

import re

import pytest

from deploys.mail import tlsa
from deploys.mail.errors import MailError
from deploys.mail.tlsa import Tlsa

ONE, TWO = "0a" * 32, "ff" * 32


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (f"3 1 1 {ONE}", Tlsa(ONE)),
        (f"3 1 1 {ONE.upper()}", Tlsa(ONE)),
        (f"3 1 1 {ONE[:20]} {ONE[20:]}", Tlsa(ONE)),  # RFC 6698 section 2.2 permits spaces
        (f"2 0 1 {ONE}", Tlsa(ONE, 2, 0, 1)),
        (f"3 1 2 {ONE}{TWO}", Tlsa(ONE + TWO, 3, 1, 2)),
        ("2 0 0 30820122", Tlsa("30820122", 2, 0, 0)),
    ],
)
def test_good_records_are_read_and_written_back(text: str, record: Tlsa) -> None:
    assert Tlsa.parse(text) == record
    assert Tlsa.parse(str(record)) == record


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a TLSA record"),
        ("3 1 1", "is not a TLSA record"),
        ("3 1 1 sha256", "is not a TLSA record"),
        ("3 1 1 abc", "is not a TLSA record"),
        ("v=spf1 mx", "is not a TLSA record"),
        (f"1 1 1 {ONE}", "has usage 1: write 2 or 3"),
        (f"0 1 1 {ONE}", "has usage 0: write 2 or 3"),
        (f"3 2 1 {ONE}", "has selector 2: write 0 or 1"),
        (f"3 1 1 {ONE[2:]}", "has 31 octets and matching 1: write 32 octets for 1"),
        (f"3 1 2 {ONE}", "has 32 octets and matching 2"),
        (f"3 1 3 {ONE}", "has 32 octets and matching 3"),
    ],
)
def test_bad_records_are_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(MailError, match=re.escape(sentence)):
        Tlsa.parse(text)


def test_a_set_names_each_key_once_and_reads_the_same_each_time() -> None:
    assert tlsa.records([TWO, ONE, TWO]) == (f"3 1 1 {ONE}", f"3 1 1 {TWO}")
    assert tlsa.record_name("mx1.harbor.example") == "_25._tcp.mx1.harbor.example"


@pytest.mark.parametrize(
    ("text", "ours"), [(f"3 1 1 {ONE}", True), (f"2 1 1 {ONE}", False), (f"3 0 1 {ONE}", False)]
)
def test_our_own_form_of_a_record_is_known(text: str, *, ours: bool) -> None:
    assert tlsa.is_key_digest(text) is ours
