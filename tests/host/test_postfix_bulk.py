"""Postfix instance of the bulk stream: its files, the hand-over to it, and its end."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from deploys.host.receivers.plan_day import WarmupPlan
from deploys.host.receivers.warmup import plans_of
from deploys.host.services import postfix, postfix_base, postfix_bulk, receivers, registry, rspamd
from deploys.host.services.plan_input import plan_input
from deploys.mail import postfix_services
from deploys.mail.settings.model import MailSettings
from deploys.mail.settings.secret import command
from tests.conftest import Golden
from tests.host.found import as_desired, bare, settings
from tests.host.test_templates import HASH, VERSIONS

OWN_ADDRESSES = ["203.0.113.41", "2001:db8:25::41"]
SECRET = command("echo", "x" * 32)


def stream(data: Mapping[str, Any] | None = None, **own: Any) -> MailSettings:
    """Return the settings of a host with a bulk stream, with other keys of both on top."""
    senders = {"news@harbor.example": "news", "anna@harbor.example": "anna"}
    bulk = {"accounts": ["news@harbor.example"], "bounces": "bounces.harbor.example"}
    return settings(
        mail_aliases=dict.fromkeys(senders.values(), "root"),
        mail_accounts={login: {"password": HASH} for login in senders},
        mail_bulk={**bulk, "secret": SECRET, **own},
        **(data or {}),
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("addresses", [[], OWN_ADDRESSES], ids=["shared", "own"])
def test_the_instance_is_configured_as_the_golden_file_says(
    version: str, addresses: list[str], golden: Golden
) -> None:
    own = stream(addresses=addresses)
    assert own.bulk

    text = postfix_bulk.configuration(own, own.bulk, VERSIONS[version])

    golden(f"{version}/bulk/{'own-addresses' if addresses else 'main'}.cf", text)


def test_the_other_files_are_as_the_golden_files_say(golden: Golden) -> None:
    own = stream()
    service = postfix_bulk.service(own, plan_input(own, bare(own=own)))
    files = {file.path: file.content for file in service.set}

    golden("bulk/master.cf", files[postfix_bulk.MASTER])
    golden("bulk/transport", files[postfix_bulk.TRANSPORT])
    golden("bulk/pyinfra-mail-bulk.service", files[postfix_bulk.UNIT_FILES[0]])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_the_main_instance_hands_over_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    golden(f"{version}/bulk/of-main/{name}", postfix.render(stream(), VERSIONS[version], name))


def test_mail_with_a_header_field_is_handed_over_by_the_mark_of_rspamd() -> None:
    own = stream(header="X-Stream: bulk/1")
    assert own.bulk
    files = rspamd.service(own, plan_input(own, bare(own=own))).files
    rules = {file.path.rpartition("/")[2]: file.content for file in files}
    main = postfix.render(own, VERSIONS["3.10"], "main.cf")
    second = postfix_bulk.configuration(own, own.bulk, VERSIONS["3.10"])

    assert "{/^X-Pyinfra-Mail-Stream:/ FILTER bulk:[127.0.0.1]:10587}" in main
    assert "header_checks = regexp:{ {/^X\\-Pyinfra\\-Mail\\-Stream:/ IGNORE}, {/^X" in second
    assert "socketmap:unix:/var/spool/postfix/bulk/maps.sock:suppression" in second
    assert "add_headers = { ['X-Pyinfra-Mail-Stream'] = 'yes' }" in rules["rspamd.lua"]
    assert '"X-Stream": "/^\\\\s*bulk\\\\x2f1\\\\s*$/i"' in rules["settings.conf"]
    chosen = rules["settings.conf"].partition("bulk-chosen = {")[2].partition("};")[0]
    assert '"RATELIMIT_CHECK"' in chosen
    assert '"DKIM_SIGNED"' not in chosen


def test_only_the_bulk_accounts_are_handed_over() -> None:
    tables = {table.path: dict(table.entries) for table in postfix.tables(stream())}

    assert tables[postfix.BULK_ACCOUNTS] == {"news@harbor.example": "bulk_stream"}
    assert postfix.BULK_ACCOUNTS not in {table.path for table in postfix.tables(settings())}


def test_parameters_for_sending_hold_for_the_instance_too() -> None:
    main = {"relayhost": "[relay.example]", "smtp_helo_timeout": "9s", "smtpd_timeout": "9s"}
    own = stream(postfix_main={"smtp_helo_timeout": "8s"})
    assert own.bulk
    text = postfix_bulk.configuration(
        own.model_copy(update={"postfix_main": main}), own.bulk, VERSIONS["3.10"]
    )

    assert "relayhost = [relay.example]\n" in text
    assert "smtp_helo_timeout = 8s\n" in text
    assert "smtpd_timeout" not in text


def test_bulk_mail_goes_by_the_relays_of_ordinary_mail() -> None:
    own = stream().model_copy(
        update={"relay": settings(mail_relay={"*": "relay.example:465", "a.example": None}).relay}
    )
    service = postfix_bulk.service(own, plan_input(own, bare(own=own)))
    files = {file.path: file.content for file in service.files}

    recipients = "lmdb:/etc/postfix-bulk/transport, lmdb:/etc/postfix/relay_recipients"
    assert f"transport_maps = {recipients}\n" in files[postfix_bulk.MAIN]
    assert "default_transport = relay1:[relay.example]:465\n" in files[postfix_bulk.MAIN]
    assert "\nrelay1 unix - - n - - smtp " in files[postfix_bulk.MASTER]


def test_an_own_address_wins_over_the_one_of_ordinary_mail() -> None:
    own = stream(addresses=OWN_ADDRESSES).model_copy(
        update={"postfix_main": {"smtp_bind_address": "203.0.113.11"}}
    )
    assert own.bulk

    text = postfix_bulk.configuration(own, own.bulk, VERSIONS["3.10"])

    assert "smtp_bind_address = 203.0.113.41\n" in text
    assert "203.0.113.11" not in text


def test_a_stream_without_an_ipv6_address_leaves_by_no_other() -> None:
    for addresses, restricted in ((OWN_ADDRESSES[:1], True), (OWN_ADDRESSES, False), ([], False)):
        own = stream(addresses=addresses)
        assert own.bulk
        text = postfix_bulk.configuration(own, own.bulk, VERSIONS["3.10"])
        assert ("inet_protocols = ipv4\n" in text) is restricted


def test_the_instance_starts_before_the_one_that_hands_over_to_it() -> None:
    own = stream()
    names = [one.query.name for one in registry.services(own, plan_input(own, bare(own=own)))]

    assert names.index("rspamd") < names.index("postfix-bulk") < names.index("postfix")
    assert "postfix-bulk" not in [
        one.query.name for one in registry.services(settings(), plan_input(settings(), bare()))
    ]


@pytest.mark.parametrize(("queued", "stopped"), [(0, True), (3, False)])
def test_an_instance_without_its_setting_stops_once_its_queue_is_empty(
    *, queued: int, stopped: bool
) -> None:
    own = stream()
    before = as_desired(postfix_bulk.service(own, plan_input(own, bare(own=own))), queued=queued)
    inputs = plan_input(settings(), replace(bare(), services=before.services))

    assert ("postfix-bulk" in registry.obsolete(settings(), inputs)) is stopped
    kept = " ".join(registry.kept(inputs))
    assert ("stays until its queue is empty; messages in it: 3" in kept) is not stopped
    master = next(
        file.content
        for file in postfix.service(settings(), inputs).files
        if file.path == postfix_base.MASTER
    )
    assert (postfix_services.BULK_HAND_OVER["bulk/unix"] in master) is not stopped


WARM, NEW, NEW6 = "203.0.113.41", "203.0.113.42", "2001:db8:25::42"


def warming(address: str, *, rest: str = "address", **data: Any) -> MailSettings:
    """Return the settings of a host that warms up an address of its bulk stream."""
    plan = {"address": address, "start": "2026-12-01", "plan": [50, 100], "rest": rest}
    return stream({"mail_warmup": plan, **data}, addresses=[address, WARM])


def master_cf(own: MailSettings) -> str:
    service = postfix_bulk.service(own, plan_input(own, bare(own=own)))
    return next(file.content for file in service.files if file.path == postfix_bulk.MASTER)


def options_of(own: MailSettings, transport: str) -> Mapping[str, str]:
    lines = master_cf(own).splitlines()
    (line,) = (one for one in lines if one.startswith(f"{transport} "))
    return postfix_services.options(line)


def main_cf(own: MailSettings) -> str:
    assert own.bulk
    return postfix_bulk.configuration(own, own.bulk, VERSIONS["3.10"])


def test_a_new_address_has_transports_of_its_own_with_the_limits_of_the_groups() -> None:
    own = warming(NEW)
    new, other = (options_of(own, f"{prefix}google") for prefix in ("warmup1-", "receiver-"))

    assert dict(new.items() - other.items()) == {
        "smtp_bind_address": NEW,
        "smtp_bind_address_enforce": "yes",
        "smtp_helo_name": "bulk.mx1.harbor.example",
        "inet_protocols": "ipv4",
    }
    assert not other.items() - new.items()
    for name in ("receiver-google", "warmup1-google"):
        assert f"{name}_destination_concurrency_limit = 5\n" in main_cf(own)
    assert f"smtp_bind_address = {WARM}\n" in main_cf(own)


def test_a_new_ipv6_address_leaves_receivers_without_ipv6_to_the_other_address() -> None:
    options = options_of(warming(NEW6), "warmup1-google")

    assert options["smtp_bind_address6"] == NEW6
    assert options["inet_protocols"] == "all"
    assert options["smtp_address_preference"] == "ipv6"
    assert "smtp_bind_address" not in options


def test_the_rest_leaves_as_ordinary_mail_does_if_the_operator_says_so() -> None:
    text = main_cf(warming(NEW, rest="host"))

    assert "smtp_bind_address" not in text
    assert "smtp_helo_name = mx1.harbor.example\n" in text
    assert options_of(warming(NEW, rest="host"), "warmup1-google")["smtp_helo_name"] == (
        "bulk.mx1.harbor.example"
    )


@pytest.mark.parametrize(
    ("rest", "relay", "way"),
    [
        ("address", {}, ""),
        ("host", {}, ""),
        ("wait", {}, "wait"),
        ("relay", {"warmup": "relay.example:587"}, "relay1:[relay.example]:587"),
    ],
)
def test_the_program_of_the_groups_gets_the_plan(
    rest: str, relay: dict[str, str], way: str
) -> None:
    own = warming(NEW, rest=rest, mail_relay=relay)
    service = receivers.service(own, plan_input(own, bare(own=own)))
    (text,) = (file.content for file in service.files if file.path == receivers.CONFIGURATION)
    values = json.loads(text)

    assert values["rest"] == way
    assert ("\nrelay1 " in master_cf(own)) is bool(relay)
    assert plans_of(values["warmup"]) == (
        WarmupPlan(NEW, "2026-12-01", (50, 100), deferred=30, bounced=5, prefix="warmup1-"),
    )


@pytest.mark.parametrize(
    ("refusal", "named"),
    [
        ("validate: postconf: bad numerical value: queue_run_delay", "queue_run_delay"),
        ("preflight: open /etc/none.pem: No such file", "smtp_tls_CAfile"),
        ("preflight: rspamd has no key", ""),
    ],
)
def test_a_refusal_names_the_parameter_of_the_stream_that_it_is_about(
    refusal: str, named: str
) -> None:
    main = {"queue_run_delay": "soon", "smtp_tls_CAfile": "/etc/none.pem"}

    said = registry.own_settings_in(stream(postfix_main=main), refusal)

    assert said == (f"mail_bulk.postfix_main[{named!r}]" if named else "")
