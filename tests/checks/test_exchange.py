"""Exchange of messages: sent at once, and each found, refused, lost, or without a destination."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext

import pytest

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.clients.message import TestMessage
from deploys.checks.core.world import World
from deploys.checks.delivery.exchange import Delivery, exchange
from deploys.checks.delivery.host_commands import Mailbox
from deploys.checks.delivery.test_messages import Route
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import Machine, world

Encryption = Callable[[Path], SSLContext | None]
SENDER = "postmaster@harbor.example"


@pytest.fixture(name="here")
def _here(tmp_path: Path) -> World:
    return world(tmp_path, patience=0.5)


def route(
    here: World, number: int, recipient: str, origin: str | Endpoint = "mx1", **changes: object
) -> Route:
    assert isinstance(here.hosts, Machine)
    message = TestMessage(f"run-{number}", SENDER, recipient, SENDER)
    whole = Route(message, origin, "harbor.example", (here.hosts.box,))
    return replace(whole, **changes)  # type: ignore[arg-type]


def only(deliveries: tuple[Delivery, ...]) -> Delivery:
    (delivery,) = deliveries
    return delivery


def test_a_message_that_arrives_has_its_seconds(here: World) -> None:
    delivery = only(exchange([route(here, 1, "late@faraway.example")], replace(here, patience=9)))

    assert delivery.received
    assert delivery.seconds == pytest.approx(1.1, abs=0.4)


def test_a_message_that_is_lost_is_waited_for_and_not_forgotten(here: World) -> None:
    routes = [route(here, 1, "lost@faraway.example"), route(here, 2, "visitor@faraway.example")]

    lost, found = exchange(routes, here)

    assert (lost.received, lost.seconds, lost.problem) == (None, None, "")
    assert found.received


def test_a_refused_message_is_not_waited_for(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploys.checks.delivery.exchange._ROUND", 0.5)
    started, patient = here.clock(), replace(here, patience=60)

    delivery = only(exchange([route(here, 1, "refused@faraway.example")], patient))

    assert delivery.submitted
    assert delivery.submitted.refusal == "sendmail: the queue is full"
    assert here.clock() - started < 10


def test_a_silent_host_is_the_reason_that_nothing_was_sent(here: World) -> None:
    silent = route(here, 1, "visitor@faraway.example", origin="silent")

    assert only(exchange([silent], here)).problem == "silent did not answer within 5 s"


def test_an_unreadable_mailbox_is_the_reason_that_nothing_was_found(here: World) -> None:
    unseen = route(
        here, 1, "visitor@faraway.example", destinations=(Mailbox("silent", "/var/mail/x"),)
    )

    assert "silent did not answer" in only(exchange([unseen], here)).problem


def test_one_readable_mailbox_of_two_is_enough_if_it_has_the_message(here: World) -> None:
    whole = route(here, 1, "visitor@faraway.example")
    two = replace(whole, destinations=(Mailbox("silent", "/var/mail/x"), *whole.destinations))

    delivery = only(exchange([two], here))

    assert delivery.received
    assert delivery.problem == ""


def test_a_message_without_a_destination_is_not_sent(here: World) -> None:
    reason = "it goes elsewhere"
    away = route(here, 1, "visitor@faraway.example", destinations=(), unobservable=reason)

    delivery = only(exchange([away], here))

    assert (delivery.submitted, delivery.problem) == (None, "it goes elsewhere")


@pytest.mark.parametrize("encryption", [certified, lambda _: None], ids=["STARTTLS", "clear"])
def test_this_machine_delivers_by_smtp(tmp_path: Path, here: World, encryption: Encryption) -> None:
    assert isinstance(here.hosts, Machine)
    with serving(Handler(Path(here.hosts.box.path)), encryption(tmp_path)) as port:
        routes = [
            route(here, 1, "postmaster@harbor.example", origin=Endpoint("mx1", "127.0.0.1")),
            route(here, 2, "nobody@harbor.example", origin=Endpoint("mx1", "127.0.0.1")),
            route(here, 3, "abuse@harbor.example", origin=Endpoint("mx1", "127.0.0.1")),
        ]

        first, refused, last = exchange(routes, replace(here, port=port))

    assert first.received
    assert refused.submitted
    assert refused.submitted.refusal.startswith("the server answered 550 5.1.1")
    assert last.received


def test_this_machine_sends_headers_beyond_ascii_as_they_are(here: World) -> None:
    assert isinstance(here.hosts, Machine)
    endpoint = route(here, 1, "postmaster@harbor.example", origin=Endpoint("mx1", "127.0.0.1"))
    abroad = replace(endpoint, message=replace(endpoint.message, international=True))

    with serving(Handler(Path(here.hosts.box.path))) as port:
        delivery = only(exchange([abroad], replace(here, port=port)))

    assert delivery.received
    assert "\nSubject: Test message run-1 Привет-日本\n".encode() in delivery.received.raw


def test_a_refused_message_has_the_reply(here: World) -> None:
    endpoint = route(here, 1, "postmaster@harbor.example", origin=Endpoint("mx1", "127.0.0.1"))

    delivery = only(exchange([endpoint], replace(here, port=1)))

    assert delivery.submitted
    assert "refused the connection" in delivery.submitted.refusal
