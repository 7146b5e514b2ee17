"""The registry's values, parsed and written."""

import pytest

from deploys.mail.errors import MailError
from deploys.zones.ownership.registry import Mark, Registry, digest, marks_for, new_tag

GOOD = {
    "3f9a1c host mx1.harbor.example": Mark("3f9a1c", "host", "mx1.harbor.example"),
    "3f9a1c A mx1 5d41402a": Mark("3f9a1c", "A", "mx1", ("5d41402a",)),
    "3f9a1c MX @ 5d41402a bc4b2a76": Mark("3f9a1c", "MX", "", ("5d41402a", "bc4b2a76")),
    "3f9a1c SPF @ 5d41402a": Mark("3f9a1c", "SPF", "", ("5d41402a",)),
    "3f9a1c TXT mx1-rsa._domainkey 5d41402a": Mark(
        "3f9a1c", "TXT", "mx1-rsa._domainkey", ("5d41402a",)
    ),
}


@pytest.mark.parametrize(("text", "mark"), GOOD.items())
def test_a_mark_is_read_and_written_the_same(text: str, mark: Mark) -> None:
    assert Mark.parse(text) == mark
    assert str(mark) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "site-verification=1f3a",
        "3f9a1c A mx1",
        "3f9a1c host mx1.harbor.example 5d41402a",
        "3f9a1c A mx1 5d41402",
        "3F9A1C A mx1 5d41402a",
        "3f9a1c  A mx1 5d41402a",
    ],
)
def test_an_invalid_mark_is_quoted(text: str) -> None:
    with pytest.raises(MailError) as error:
        Mark.parse(text)

    assert repr(text) in str(error.value)


def test_other_texts_in_the_registry_are_kept() -> None:
    registry = Registry.parse([*GOOD, "who did this?"])

    assert registry.others == ("who did this?",)
    assert set(registry.texts()) == {*GOOD, "who did this?"}


def test_a_fleet_is_recognised_by_any_of_its_hosts() -> None:
    registry = Registry.parse(
        ["3f9a1c host mx1.a.example", "3f9a1c host mx2.a.example", "aaaaaa host mx.b.example"]
    )

    assert registry.tags(["mx2.a.example", "mx3.a.example"]) == ("3f9a1c",)
    assert registry.tags(["mx3.a.example"]) == ()


def test_only_the_marks_of_some_fleets_count() -> None:
    registry = Registry.parse(["3f9a1c A a 5d41402a", "aaaaaa A a bc4b2a76", "aaaaaa A b bc4b2a76"])

    assert registry.digests(["aaaaaa"]) == {("a", "A"): {"bc4b2a76"}, ("b", "A"): {"bc4b2a76"}}
    assert registry.digests()["a", "A"] == {"5d41402a", "bc4b2a76"}


def test_a_value_never_is_more_than_one_string() -> None:
    key = (f"{'n' * 40}._domainkey", "TXT")
    digests = {digest(str(number)) for number in range(100)}
    marks = list(marks_for(new_tag(["mx1.harbor.example"], Registry()), key, digests))

    assert max(len(str(mark)) for mark in marks) <= 255
    assert Registry.parse(map(str, marks)).digests() == {key: digests}


def test_a_fleet_never_gets_the_tag_of_another() -> None:
    hosts = ["mx1.harbor.example"]
    first = new_tag(hosts, Registry())
    taken = Registry((Mark(first, "host", "mx2.harbor.example"),))

    assert new_tag(hosts, Registry()) == first
    assert new_tag(hosts, taken) != first
