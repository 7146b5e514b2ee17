"""A null client's preflight: what it has to take, what it must not take, and what it sends."""

import re

import pytest

from deploys.host.model.desired import Preflight, Service
from deploys.host.services import null_client
from deploys.host.services.plan_input import plan_input
from tests.host.found import bare, client

LOGIN, READER = "app@harbor.example", "hostmaster@harbor.example"


def described(**data: object) -> Service:
    own = client(**data)
    return null_client.service(own, plan_input(own, bare("13", own)))


def made(**data: object) -> Preflight:
    preflight = described(**data).preflight
    assert preflight
    return preflight


def test_mail_of_programs_waits_with_the_logins_sender_and_the_readers_address() -> None:
    shown = f"sender: {LOGIN}\nrecipient: {READER}\nSubject: preflight, sendmail\n"
    (arrival,) = (one for one in made().arrivals if one.name == "sendmail")

    assert arrival.queued
    assert all(re.search(one, shown, re.MULTILINE) for one in arrival.patterns)
    for other in (shown.replace(LOGIN, "root@app"), shown.replace(READER, "root@app")):
        assert not all(re.search(one, other, re.MULTILINE) for one in arrival.patterns)


def test_a_program_hears_of_a_message_that_cannot_be_delivered() -> None:
    assert "bounce" in {one.name for one in made().arrivals}
    assert "root@[127.0.0.1]" in {one.argv[-1] for one in made().commands}


def test_others_can_neither_connect_nor_relay() -> None:
    dialogues = {one.name: one for one in made().dialogues}

    assert dialogues["other hosts"].closed
    assert dialogues["relay for 1.0.128.1"].source == "1.0.128.1"
    assert dialogues["relay for 1.0.128.1"].steps[-1].expect == "^[45]"


@pytest.mark.parametrize(
    "keys",
    [
        {"mail_postfix_main": {"inet_interfaces": "127.0.0.1, 172.17.0.1"}},  # of containers
        {
            "mail_postfix_main": {"inet_interfaces": "all"},
            "mail_accept": ["listen for other hosts"],
        },
    ],
)
def test_an_address_for_others_that_is_meant_may_be_open(keys: dict[str, object]) -> None:
    assert "other hosts" not in {one.name for one in made(**keys).dialogues}


def test_a_live_client_is_asked_the_same_without_a_message() -> None:
    probes = described().probes

    assert {one.name for one in probes} == {"accepted", "other hosts"}
    assert [step for one in probes for step in one.steps if step.send == "DATA"] == []
