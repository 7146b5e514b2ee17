"""Questions about names outside our zones, over real sockets."""

from collections.abc import Iterator

import pytest

from deploys.dns import lookups
from deploys.dns.authority import finder
from deploys.dns.lookups import lookup_by
from tests.zones.responder import Responder, mx, txt

NAME = "_spf.faraway.example"


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Responder]:
    """A resolver that knows one name."""
    with Responder("127.0.0.10") as responder:
        responder.answers = {
            (NAME, "TXT"): [txt("v=spf1 ", "-all"), txt("other=1")],
            (NAME, "MX"): [mx(10, "mx.faraway.example")],
        }
        responder.flags = 0x8080  # a response, recursion available

        def beside(addresses: list[str]) -> object:
            made = finder(addresses)
            made.port = responder.port
            return made

        monkeypatch.setattr(lookups, "finder", beside)
        monkeypatch.setattr(lookups, "PATIENCE", 0.3)
        yield responder


def test_a_txt_value_is_one_text(dns: Responder) -> None:
    lookup = lookup_by([dns.address])

    assert lookup(NAME, "TXT") == ("other=1", "v=spf1 -all")
    assert lookup(NAME, "MX") == ("10 mx.faraway.example.",)


def test_a_name_that_is_not_there_and_one_without_the_type_have_no_values(dns: Responder) -> None:
    lookup = lookup_by([dns.address])
    assert lookup(NAME, "A") == ()
    dns.rcode = 3

    assert lookup("nowhere.example", "A") == ()


def test_a_question_is_asked_once(dns: Responder) -> None:
    lookup = lookup_by([dns.address])
    lookup(NAME, "TXT")
    lookup(NAME, "TXT")

    assert dns.asked == [(NAME, True)]


def test_a_failure_is_no_answer_to_that_question_alone(dns: Responder) -> None:
    lookup = lookup_by([dns.address])
    dns.rcode = 5
    assert lookup("refused.example", "A") is None
    dns.rcode = 0

    assert lookup(NAME, "MX")


def test_a_resolver_that_is_silent_is_waited_for_once(dns: Responder) -> None:
    lookup = lookup_by([dns.address])
    dns.silent = True

    assert lookup(NAME, "TXT") is None
    dns.silent = False
    assert lookup(NAME, "MX") is None
    assert dns.asked == []
