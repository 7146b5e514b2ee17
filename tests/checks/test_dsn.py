"""DSNs that senders receive, and how they are found among other mail."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.clients.dsn import Dsn, original_id, parsed
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.delivery.dsn import notifications
from deploys.checks.delivery.exchange import exchange
from deploys.checks.delivery.host_commands import wait
from tests.checks.cases.delivery_dsn import notice, sent
from tests.checks.worlds import Machine, inspected, world

STATUS = (
    b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n"
)


def said(notify: str, raw: bytes | None) -> Finding:
    (finding,) = inspected(notifications, [sent(notify, raw)])
    return finding


@pytest.mark.parametrize(
    ("notify", "changed", "expected"),
    [
        ("success", {}, "mx1.harbor.example reports relayed, status 2.0.0, for visitor@"),
        ("success", {"action": "Delivered", "server": "mail.faraway.example"}, "reports delivered"),
        ("failure", {}, "mx1.harbor.example reports failed, status 5.1.1, for no-such-user-run@"),
    ],
)
def test_a_dsn_has_the_outcome_of_the_message(
    notify: str, changed: dict[str, str], expected: str
) -> None:
    finding = said(notify, notice(notify, **changed))

    assert finding.severity is Severity.OK
    assert expected in finding.saw


@pytest.mark.parametrize(
    ("notify", "changed", "expected"),
    [
        ("success", {"action": "failed"}, "the action should be delivered or relayed"),
        ("success", {"status": "4.4.1"}, "the status should be 2.x.x"),
        ("failure", {"action": "delayed"}, "the action should be failed"),
        ("failure", {"recipient": "other@faraway.example"}, "the recipient should be no-such"),
        ("failure", {"server": "localhost"}, "the server should be mx1.harbor.example"),
        ("failure", {"returned": "run-2"}, "the message's headers should be returned"),
        ("failure", {"kind": "multipart/mixed"}, "the message that arrived is no DSN"),
    ],
)
def test_a_dsn_with_other_fields_is_an_error(
    notify: str, changed: dict[str, str], expected: str
) -> None:
    finding = said(notify, notice(notify, **changed))

    assert finding.severity is Severity.ERROR
    assert expected in finding.saw
    assert finding.fix


def test_a_missing_dsn_is_looked_for_by_the_messages_id() -> None:
    finding = said("failure", None)

    assert finding.severity is Severity.ERROR
    assert "no DSN in /var/mail/root on mx1" in finding.saw
    assert "run-1" in finding.fix


def test_a_message_that_is_refused_has_no_notice() -> None:
    whole = sent("success", None)
    assert whole.submitted
    refused = replace(whole, submitted=replace(whole.submitted, refusal="the queue is full"))

    (finding,) = inspected(notifications, [refused])

    assert finding.severity is Severity.ERROR
    assert "refused, the queue is full" in finding.saw


@pytest.mark.parametrize("notify", ["success", "failure"])
def test_a_dsn_that_needs_a_silent_witness_is_unknown(notify: str) -> None:
    silent = replace(sent(notify, None), silent=frozenset({"peer"}))

    (finding,) = inspected(notifications, [silent])

    assert finding.severity is Severity.UNKNOWN
    assert "peer did not answer" in finding.saw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(range(256)) * 9,
        b"Content-Type: multipart/report\n\n",
        STATUS,
        STATUS + b"\n\xff: \xff\n\n\xfe: =?utf-8?b?\xff?=\n\n--x--\n",
        notice("failure", kind="message/rfc822"),
        notice("failure", returned="\xff =?x?q?=FF?="),
        notice("failure", recipient="\udcff".encode("utf-8", "replace").decode()),
    ],
)
def test_garbage_is_no_dsn_or_a_wrong_one(raw: bytes) -> None:
    assert said("failure", raw or b"\n").severity is Severity.ERROR


def test_a_whole_message_that_came_back_is_known_by_its_header() -> None:
    raw = notice("failure").replace(b"text/rfc822-headers", b"message/rfc822")

    found = parsed(raw)

    assert isinstance(found, Dsn)
    assert found.returned == "run-1"


def test_the_envelopes_id_is_found_however_a_server_writes_its_name() -> None:
    assert original_id(notice("success", envelope="Original-Envelope-ID")) == "run-1"
    assert original_id(b"Original-Envelope-ID: run-1\n\n") == ""


def test_a_dsn_is_requested_and_found_in_the_senders_mailbox(tmp_path: Path) -> None:
    here = world(tmp_path)
    assert isinstance(here.hosts, Machine)
    routes = []
    for number, notify in enumerate(("success", "failure"), 1):
        route = sent(notify, None).route
        routes.append(replace(route, message=replace(route.message, id=f"run-{number}")))

    deliveries = exchange(routes, here)

    raw = [one.received.raw if one.received else b"" for one in deliveries]
    assert [original_id(one) for one in raw] == ["run-1", "run-2"]
    assert [one.severity for one in inspected(notifications, deliveries)] == [
        Severity.OK,
        Severity.OK,
    ]


def test_a_notice_that_is_still_being_written_has_not_arrived(tmp_path: Path) -> None:
    here = world(tmp_path, patience=0.3)
    assert isinstance(here.hosts, Machine)
    begin = b"From MAILER-DAEMON Mon Oct  5 09:30:00 2026\n"
    Path(here.hosts.box.path).write_bytes(begin + notice("failure")[:-10])

    assert wait(here, here.hosts.box, ["run-1"]) == {}
