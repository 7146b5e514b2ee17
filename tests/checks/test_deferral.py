"""The reason why a message waits in the queue of its host, by the real script."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.world import World
from deploys.checks.delivery.arrival import arrivals
from deploys.checks.delivery.deferral import parsed, with_deferrals
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Received, Submitted
from tests.checks.test_exchange import route
from tests.checks.worlds import Machine, fleet, world

TO, UNTRUSTED = "lost@faraway.example", "Server certificate not verified"


def waits(sender: str, recipient: str, reason: str) -> str:
    recipients = [{"address": recipient, "delay_reason": reason}]
    return json.dumps({"queue_name": "deferred", "sender": sender, "recipients": recipients})


@pytest.fixture(name="here")
def _here(tmp_path: Path) -> World:
    return world(tmp_path)


def queue(here: World, *lines: str) -> None:
    assert isinstance(here.hosts, Machine)
    text = "\n".join(lines)
    here.hosts.tool("postqueue", f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")


def sent(here: World, origin: str = "app") -> Delivery:
    return Delivery(route(here, 1, TO, origin), Submitted(here.clock()))


def test_a_message_in_the_queue_has_its_reason_in_the_finding(here: World) -> None:
    lost = sent(here)
    own = waits(lost.route.message.sender, TO, UNTRUSTED)
    queue(here, waits("other@harbor.example", TO, "another"), own, "no JSON")

    (found,) = with_deferrals([lost], here)
    finding, *_ = arrivals([found], fleet(), here)

    assert finding.saw.endswith(f"visitor on anyhost; it waits on app: {UNTRUSTED}")
    assert finding.fix == "fix that, then run `postqueue -f` on app"


def test_a_message_that_is_in_no_queue_has_no_reason(here: World) -> None:
    queue(here)

    (found,) = with_deferrals([sent(here)], here)
    finding, *_ = arrivals([found], fleet(), here)

    assert found.deferral == ""
    assert finding.saw.endswith("visitor on anyhost")


@pytest.mark.parametrize(
    "changes",
    [
        {"received": Received(0, b"")},
        {"submitted": Submitted(0, "the queue is full")},
        {"submitted": None},
        {"problem": "its mailbox cannot be read"},
    ],
    ids=["arrived", "refused", "not sent", "not looked for"],
)
def test_no_host_is_asked_about_other_messages(here: World, changes: dict[str, object]) -> None:
    one = replace(sent(here, "silent"), **changes)  # type: ignore[arg-type]

    assert with_deferrals([one], here) == (one,)


def test_a_host_without_an_answer_has_no_reason(here: World) -> None:
    assert with_deferrals([sent(here, "silent")], here)[0].deferral == ""


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"sender": "a", "recipients": [1]}'])
def test_other_lines_are_ignored(line: str) -> None:
    assert parsed([line]) == {}
