"""Service of the receiver groups, and the bulk instance that asks it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploys.host.model.desired import Service
from deploys.host.services import postfix_bulk, receivers, registry
from deploys.host.services.plan_input import plan_input
from deploys.mail.settings.model import MailSettings
from tests.conftest import Golden
from tests.host.found import as_desired, bare, settings
from tests.host.test_postfix_bulk import stream
from tests.host.test_templates import VERSIONS

HARBOR = {"domains": ["harbor.example"], "concurrency": 3, "rate": "30/1m"}


def shaped(own: dict[str, Any]) -> MailSettings:
    others = {name: getattr(stream(), name) for name in MailSettings.model_fields}
    return MailSettings.model_validate({**others, "shaping": own})


def service(own: MailSettings) -> Service:
    return receivers.service(own, plan_input(own, bare(own=own)))


def main_cf(own: MailSettings) -> str:
    assert own.bulk
    return postfix_bulk.configuration(own, own.bulk, VERSIONS["3.10"])


def test_the_units_and_the_configuration_are_as_the_golden_files_say(golden: Golden) -> None:
    files = {file.path: file.content for file in service(shaped({"harbor": HARBOR})).files}

    golden("bulk/receivers.json", files[receivers.CONFIGURATION])
    for path in receivers.UNIT_FILES:
        golden(f"bulk/{Path(path).name}", files[path])


def test_the_bulk_instance_has_the_limits_of_the_groups() -> None:
    own = shaped({"harbor": HARBOR})
    desired = postfix_bulk.service(own, plan_input(own, bare(own=own)))
    master = next(file.content for file in desired.files if file.path == postfix_bulk.MASTER)
    text = main_cf(own)

    assert "receiver-harbor_destination_concurrency_limit = 3\n" in text
    assert "receiver-harbor_transport_rate_delay = 2s\n" in text
    assert "socketmap:unix:/run/pyinfra-mail-receivers/socket:paced\n" in text
    line = next(one for one in master.splitlines() if one.startswith("receiver-harbor "))
    assert shlex.split(line)[:8] == ["receiver-harbor", "unix", *["-", "-", "n", "-", "3", "smtp"]]


@pytest.mark.parametrize(
    ("relay", "asked"),
    [
        ({}, True),
        ({"a.example": "relay.example:465"}, True),
        ({"*": "relay.example:465"}, False),
        ({"@harbor.example": "relay.example:465"}, False),
    ],
)
def test_groups_are_not_asked_where_relays_get_the_mail(
    relay: dict[str, str], *, asked: bool
) -> None:
    own = stream().model_copy(update={"relay": settings(mail_relay=relay).relay})

    assert ("socketmap:unix:" in main_cf(own)) is asked
    assert ("default_transport = receiver-default" in main_cf(own)) is asked


def test_groups_are_not_asked_where_a_relayhost_gets_the_mail() -> None:
    assert "socketmap:unix:" not in main_cf(stream(postfix_main={"relayhost": "[relay.example]"}))


def test_the_sandbox_of_the_program_is_a_setting() -> None:
    for sandbox in (True, False):
        own = stream().model_copy(update={"sandbox": sandbox})
        (text,) = (one.content for one in service(own).files if one.path == receivers.UNIT_FILES[0])

        assert ("MemoryDenyWriteExecute" in text) is sandbox


@pytest.mark.parametrize(("queued", "stopped"), [(0, True), (3, False)])
def test_the_program_stays_while_the_queue_of_the_instance_has_mail(
    *, queued: int, stopped: bool
) -> None:
    before = as_desired(service(stream()), queued=queued)
    inputs = plan_input(settings(), replace(bare(), services=before.services))

    assert (receivers.NAME in registry.obsolete(settings(), inputs)) is stopped
    assert not receivers.query(stream()).queues
    assert receivers.query(settings()).queues
