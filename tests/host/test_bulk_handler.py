"""Handler of bounces: its files on a host, its user, and the secrets that nothing prints."""

import json
from typing import Any

import pytest

from deploys.host.model.desired import Service
from deploys.host.services import bulk_handler, postfix, rspamd
from deploys.host.services.plan_input import plan_input
from deploys.mail import units
from deploys.mail.settings.secret import command
from tests.conftest import Golden
from tests.host.found import bare, settings
from tests.host.test_postfix_bulk import SECRET, stream

DATABASE = command("echo", "postgresql://bulk@db.harbor.example/bulk")
HOOK = {"url": "https://shop.example.net/events", "secret": SECRET}


def handler(**own: Any) -> Service:
    wanted = stream(**own)
    return bulk_handler.service(wanted, plan_input(wanted, bare(own=wanted)))


def texts(service: Service) -> dict[str, str]:
    return {file.path: file.content for file in service.files}


def test_the_unit_is_as_the_golden_file_says(golden: Golden) -> None:
    golden("bulk/handler.service", texts(handler())[bulk_handler.UNIT_FILE])


def test_the_unit_of_a_handler_with_a_web_site_has_a_socket_for_nginx(golden: Golden) -> None:
    wanted = stream({"mail_tls": "acme"})
    service = bulk_handler.service(wanted, plan_input(wanted, bare(own=wanted)))

    golden("bulk/handler-one-click.service", texts(service)[bulk_handler.UNIT_FILE])
    found = json.loads(texts(service)[bulk_handler.CONFIGURATION])["one_click"]
    assert found == "/run/pyinfra-mail-bulk/one-click.sock"
    assert found in service.query.sockets
    assert found not in handler().query.sockets


@pytest.mark.parametrize("tls", ["acme", "self-signed"])
def test_messages_name_the_site_if_there_is_one(tls: str) -> None:
    wanted = stream({"mail_tls": tls})
    files = texts(rspamd.service(wanted, plan_input(wanted, bare(own=wanted))))

    site = "unsubscribe.mx1.harbor.example" if tls == "acme" else ""
    assert f"local SITE = '{site}'" in files[rspamd.BULK]


def test_the_configuration_has_the_settings_and_no_secret() -> None:
    text = texts(handler(soft_bounces=3, digests=True, webhook=HOOK))[bulk_handler.CONFIGURATION]

    assert SECRET.resolve() not in text
    assert json.loads(text) == {
        "domain": "bounces.harbor.example",
        "hostname": "mx1.harbor.example",
        "sockets": "/var/spool/postfix/bulk",
        "state": "/var/lib/pyinfra-mail-bulk",
        "digests": True,
        "shared": False,
        "rules": {"soft_bounces": 3, "soft_days": 30, "soft_expiry_days": 90},
        "webhook": "https://shop.example.net/events",
    }


@pytest.mark.parametrize(
    ("own", "secrets"),
    [
        ({}, {bulk_handler.SECRET}),
        ({"webhook": HOOK}, {bulk_handler.SECRET, bulk_handler.WEBHOOK}),
        ({"database": DATABASE}, {bulk_handler.SECRET, bulk_handler.DATABASE}),
    ],
)
def test_secrets_are_for_the_handler_alone(own: dict[str, object], secrets: set[str]) -> None:
    found = {file.path: file for file in handler(**own).files if file.secret}

    assert {*found} == secrets
    assert {(file.mode, file.owner, file.group) for file in found.values()} == {
        (0o640, "root", "pyinfra-mail-bulk")
    }


def test_rspamd_gets_the_derived_keys_and_not_the_secret() -> None:
    wanted = stream()
    service = rspamd.service(wanted, plan_input(wanted, bare(own=wanted)))
    (file,) = (one for one in service.files if one.path == rspamd.BULK)

    assert (file.mode, file.group, file.secret) == (0o640, "_rspamd", True)
    assert SECRET.resolve() not in file.content
    assert "local.d/bulk.lua" in texts(service)[rspamd.LUA]


def test_a_host_without_a_stream_has_nothing_of_it() -> None:
    own = settings()
    service = rspamd.service(own, plan_input(own, bare(own=own)))

    assert rspamd.BULK not in texts(service)
    assert "bulk" not in texts(service)[rspamd.LUA]
    assert units.BULK_HANDLER not in units.required_units(own)
    assert units.BULK_HANDLER in units.required_units(stream())


def test_the_required_recipients_of_the_bounces_domain_are_a_user() -> None:
    tables = {table.path: table.entries for table in postfix.tables(stream())}

    for name in ("postmaster", "abuse"):
        address = f"{name}@bounces.harbor.example"
        assert tables[postfix.VIRTUAL][address] == "root@mx1.harbor.example"
