"""Commands of hosts, run on this machine: with a real shell, awk, and mailbox."""

from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.clients.message import TestMessage, id_in
from deploys.checks.core.world import UnansweredError, World
from deploys.checks.delivery.host_commands import Mailbox, submit, wait
from deploys.checks.delivery.integrity import unescaped
from tests.checks.worlds import Machine, world

SENDER, RECIPIENT = "postmaster@harbor.example", "visitor@faraway.example"


@pytest.fixture(name="here")
def _here(tmp_path: Path) -> World:
    return world(tmp_path, patience=0.3)


def machine(here: World) -> Machine:
    assert isinstance(here.hosts, Machine)
    return here.hosts


def message(number: int, recipient: str = RECIPIENT) -> TestMessage:
    return TestMessage(f"run-{number}", SENDER, recipient, SENDER)


def test_a_submitted_message_is_found_with_its_octets(here: World) -> None:
    box, sent = machine(here).box, message(1)

    submitted = submit(here, "mx1", [sent])
    received = wait(here, box, ["run-1"])

    assert submitted["run-1"].refusal == ""
    assert unescaped(sent.compose()).strip() in unescaped(received["run-1"].raw)
    assert submitted["run-1"].at <= received["run-1"].at <= here.clock()


def test_a_message_of_a_bulk_stream_is_handed_to_its_instance(here: World) -> None:
    machine(here).tool("sendmail", '#!/bin/sh\necho "$@" >>$SPOOL/called; cat >/dev/null\n')

    submit(here, "mx1", [replace(message(1), bulk=True), message(2)])

    first, second = (machine(here).spool / "called").read_text().splitlines()
    assert first == f"-i -C /etc/postfix-bulk -f {SENDER} -- {RECIPIENT}"
    assert second == f"-i -f {SENDER} -- {RECIPIENT}"


def test_a_refusal_has_the_reason_that_sendmail_gave(here: World) -> None:
    submitted = submit(here, "mx1", [message(1, "refused@faraway.example"), message(2)])

    assert submitted["run-1"].refusal == "sendmail: the queue is full"
    assert submitted["run-2"].refusal == ""


def test_the_wait_ends_when_the_last_message_arrives(here: World) -> None:
    submit(here, "mx1", [message(1), message(12)])

    assert set(wait(here, machine(here).box, ["run-12", "run-1"])) == {"run-1", "run-12"}


def test_the_wait_ends_when_the_time_is_up(here: World) -> None:
    submit(here, "mx1", [message(1)])

    assert set(wait(here, machine(here).box, ["run-1", "run-2"])) == {"run-1"}


def test_a_mailbox_that_does_not_exist_yet_is_empty(here: World) -> None:
    assert wait(here, Mailbox("mx1", "/nonexistent/mailbox"), ["run-1"]) == {}


def test_a_message_that_is_still_being_written_has_not_arrived(here: World) -> None:
    box = machine(here).box
    whole = message(1).compose()
    Path(box.path).write_bytes(b"From x Mon Oct  5 09:30:00 2026\n" + whole[:-30])

    assert wait(here, box, ["run-1"]) == {}


def test_mail_of_other_people_never_leaves_the_host(here: World) -> None:
    box = machine(here).box
    quoting = (
        b"From y Mon Oct  5 09:30:00 2026\nSubject: private\n\n> end of test message run-1\n\n"
    )
    Path(box.path).write_bytes(quoting)
    submit(here, "mx1", [message(1)])
    received = wait(here, box, ["run-1"])

    assert [id_in(one.raw) for one in received.values()] == ["run-1"]
    assert b"private" not in received["run-1"].raw
    assert b"private" not in b64decode("".join(machine(here).said("mail ")))


def test_a_clock_that_is_an_hour_ahead_does_not_change_the_seconds(here: World) -> None:
    machine(here).tool("date", "#!/bin/sh\nexec /bin/date -d '+1 hour' \"$@\"\n")

    submitted = submit(here, "mx1", [message(1)])

    assert submitted["run-1"].at == pytest.approx(here.clock(), abs=2)


def test_a_command_that_was_cut_off_is_no_answer(here: World) -> None:
    machine(here).tool("base64", "#!/bin/sh\nkill -9 $PPID\n")

    with pytest.raises(UnansweredError):
        wait(here, machine(here).box, ["run-1"])


def test_a_command_without_output_is_no_answer(here: World) -> None:
    machine(here).run = lambda *_: []  # type: ignore[method-assign]

    with pytest.raises(UnansweredError, match=r"submit\.sh on mx1 ended without its last line"):
        submit(here, "mx1", [message(1)])
