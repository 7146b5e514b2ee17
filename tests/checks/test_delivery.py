"""Arrival of messages, and its time."""

from dataclasses import replace

import pytest

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Severity
from deploys.checks.delivery.arrival import arrivals, messages
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.test_messages import Route
from tests.checks.worlds import inspected

MESSAGE = TestMessage("run-1", "postmaster@harbor.example", "visitor@faraway.example", "x@y")
ROUTE = Route(MESSAGE, "mx1", "harbor.example", (Mailbox("peer", "/var/mail/visitor"),))
AWAY = Route(MESSAGE, "mx1", "harbor.example", (), unobservable="it goes elsewhere")
SENT = Submitted(10.0)


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (Delivery(ROUTE, SENT, Received(10.5, b"")), [("arrived", "ok"), ("seconds", "ok")]),
        (Delivery(ROUTE, SENT, Received(25.0, b"")), [("arrived", "ok"), ("seconds", "warning")]),
        (Delivery(ROUTE, SENT), [("arrived", "error")]),
        (Delivery(ROUTE, Submitted(10.0, "queue full")), [("arrived", "error")]),
        (Delivery(ROUTE, problem="mx1 is silent"), [("arrived", "unknown")]),
        (Delivery(AWAY, problem="it goes elsewhere"), [("arrived", "unknown")]),
    ],
    ids=["fast", "slow", "lost", "refused", "host silent", "out of sight"],
)
def test_a_message_in_its_mailbox_has_arrived(
    delivery: Delivery, expected: list[tuple[str, str]]
) -> None:
    findings = list(inspected(arrivals, [delivery]))

    assert [(finding.id, str(finding.severity)) for finding in findings] == [
        (f"delivery.{name}", severity) for name, severity in expected
    ]
    assert all(finding.fix or finding.severity is Severity.OK for finding in findings)


def test_a_lost_message_can_be_looked_for_by_its_id() -> None:
    (finding,) = inspected(arrivals, [Delivery(ROUTE, SENT)])

    assert "run-1" in finding.fix
    assert finding.saw == "mx1 -> visitor@faraway.example: not in /var/mail/visitor on peer"


def test_clocks_that_disagree_make_no_negative_seconds() -> None:
    assert Delivery(ROUTE, SENT, Received(9.9, b"")).seconds == 0


def test_the_report_lists_every_message_with_an_observable_arrival() -> None:
    deliveries = [Delivery(ROUTE, SENT), Delivery(AWAY, problem="it goes elsewhere")]

    (message,) = messages(deliveries)

    assert (message.id, message.path) == ("run-1", "mx1 -> visitor@faraway.example")
    assert (message.arrived, message.seconds) == (False, None)


OUTSIDE = replace(ROUTE, origin=Endpoint("mx1", "203.0.113.11"))


@pytest.mark.parametrize(
    ("delivery", "station"),
    [
        (Delivery(ROUTE, SENT, Received(11.0, b"")), None),
        (Delivery(ROUTE, SENT), 1),  # accepted, and in no mailbox
        (Delivery(ROUTE, Submitted(10.0, "451 4.7.1 Later")), 0),  # by the host's own sendmail
        (Delivery(ROUTE, problem="mx1 did not answer"), 0),
        (Delivery(OUTSIDE, SENT), 2),
        (Delivery(OUTSIDE, Submitted(10.0, "451 4.7.1 Later")), 1),
        (Delivery(OUTSIDE, problem="mx1 could not be reached"), 1),
    ],
)
def test_the_report_names_the_station_that_has_not_passed_a_message(
    delivery: Delivery, station: int | None
) -> None:
    (message,) = messages([delivery])

    assert message.lost_at == station
