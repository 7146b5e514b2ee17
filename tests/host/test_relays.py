"""Relays of a mail host: their tables, and logins that are tried before the switch."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from aiosmtpd.smtp import SMTP

from deploys.host.agent.services import relay_login
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import File, RelayLogin, Service
from deploys.host.model.plan import configuration
from deploys.host.services import postfix
from deploys.host.services.plan_input import plan_input
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import command
from tests.host.found import SETTINGS, as_desired, bare, settings
from tests.host.login_server import login_server
from tests.host.pairs import EC, certificate, key

PASSWORD, TABLE = "open sesame", "/etc/postfix/relay1_password"
LOGIN = {"mail_relay_login": "app", "mail_relay_password": command("echo", PASSWORD)}
SENDING = {"mail_sending_domains": ["harbor.example"]}
FAR = "smtp.far.example:587"


def desired(**data: Any) -> Service:
    own = settings(**data)
    return postfix.service(own, plan_input(own, bare("13", own)))


def entries(service: Service) -> dict[str, dict[str, str]]:
    return {table.path: dict(table.entries) for table in service.tables if "relay" in table.path}


def test_the_password_is_in_a_table_that_root_alone_reads() -> None:
    service = desired(mail_relay=FAR, **LOGIN)

    (table,) = (one for one in service.tables if one.path == TABLE)
    assert dict(table.entries) == {"[smtp.far.example]:587": f"app:{PASSWORD}"}
    assert (table.mode, table.secret) == (0o600, True)
    assert TABLE in service.query.secrets
    assert PASSWORD not in repr(service)


def test_a_change_of_the_password_is_a_change_that_does_not_show_it() -> None:
    own = settings(mail_relay=FAR, **LOGIN)
    before = desired(
        mail_relay=FAR, mail_relay_login="app", mail_relay_password=command("echo", "old")
    )
    existing = as_desired(before, "13")

    changes = list(configuration(postfix.service(own, plan_input(own, existing)), existing))

    assert any(TABLE in str(one) for one in changes)
    assert PASSWORD not in repr(changes)


def test_certificates_of_a_relay_are_in_a_file_of_its_own() -> None:
    service = desired(mail_relay=FAR, mail_relay_ca=certifi.where())

    (file,) = (one for one in service.files if one.path == "/etc/postfix/relay1_ca.pem")
    assert file.content.startswith("-----BEGIN CERTIFICATE-----")
    assert file.path in service.query.files


def test_names_below_another_do_not_take_the_mail_of_this_host() -> None:
    service = desired(mail_relay={".harbor.example": FAR}, mail_domains=["a.harbor.example"])

    assert entries(service)["/etc/postfix/relay_recipients"] == {
        ".harbor.example": "relay1:[smtp.far.example]:587",
        "a.harbor.example": ":",
        "mx1.harbor.example": ":",
    }


def test_relays_must_exist_and_are_named_by_their_key() -> None:
    table = {"*": FAR, "@harbor.example": "smtp.other.example:465", "x.example": "direct"}

    assert desired(mail_relay=table, **LOGIN).next_hops == {
        "mail_relay": "[smtp.far.example]:587",
        "mail_relay.@harbor.example": "[smtp.other.example]:465",
    }
    assert desired().next_hops == {}


def test_a_login_is_tried_for_each_relay_that_has_one() -> None:
    table = {"*": FAR, "@harbor.example": "smtp.other.example:465"}

    assert desired(mail_relay=table, **LOGIN).logins == (
        RelayLogin("mail_relay", "smtp.far.example", 587, "mx1.harbor.example", TABLE),
    )


def test_a_login_at_a_host_of_the_fleet_is_not_tried_as_its_account_may_be_new() -> None:
    account = {"app@harbor.example": {"password": command("echo", PASSWORD)}}
    twin = {
        "mail_hostname": "mx2.harbor.example",
        "mail_addresses": ["203.0.113.12"],
        "mail_tls": "acme",
    }
    relay = {"mail_relay": "mx2.harbor.example:465", "mail_relay_login": "app@harbor.example"}
    first = SETTINGS | relay | {"mail_relay_password": command("echo", PASSWORD)}

    fleet = fleet_from({"mx1": first, "mx2": twin | {"mail_accounts": account, **SENDING}}, {})

    own = fleet.hosts[0]
    service = postfix.service(own, plan_input(own, bare("13", own)))
    assert service.logins == ()
    assert TABLE in service.query.secrets


@pytest.fixture(params=[(), ("PLAIN",)], ids=["all mechanisms", "LOGIN only"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """The port of a relay with a certificate for `localhost`."""
    file = tmp_path / "good.pem"
    file.write_text(key(EC) + certificate(EC, "localhost", issuer="subject"))
    with login_server(Handler(), file, PASSWORD, request.param) as number:
        yield number


class Handler:
    """Takes no message."""

    async def handle_DATA(self, _server: SMTP, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        return "554 5.7.1 No"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service whose files are in a folder of the test."""
    monkeypatch.setattr(relay_login, "place", lambda _, path: tmp_path / Path(path).name)
    (tmp_path / "ca.pem").write_text((tmp_path / "good.pem").read_text())
    return desired()


def attempt(service: Service, folder: Path, login: RelayLogin, password: str = PASSWORD) -> str:
    """Return the refusal of a login, or ""."""
    entry = File(TABLE, f"[{login.host}]:{login.port} app:{password}\n")
    (folder / "relay1_password").write_text(entry.content)
    own = Service(service.query, service.unit, service.enabled, (entry,), logins=(login,))
    try:
        relay_login.require_logins(own)
    except Refused as refused:
        return f"{refused.step}: {refused}"
    return ""


def of(port: int, *, trusted: bool = True, host: str = "localhost") -> RelayLogin:
    authorities = "/etc/postfix/ca.pem" if trusted else ""
    return RelayLogin("mail_relay", host, port, "mx1.harbor.example", TABLE, authorities)


def test_a_login_that_the_relay_takes_is_no_reason_to_refuse(
    port: int, service: Service, tmp_path: Path
) -> None:
    assert attempt(service, tmp_path, of(port)) == ""


def test_a_login_that_the_relay_refuses_is_told_without_the_password(
    port: int, service: Service, tmp_path: Path
) -> None:
    said = attempt(service, tmp_path, of(port), "of another — in UTF-8")

    assert said.startswith(
        f"validate: mail_relay: localhost at port {port} refuses the login app (535 "
    )
    assert said.endswith("would wait in the queue; correct the login or the password")
    assert "of another" not in said


@pytest.mark.parametrize(("trusted", "host"), [(False, "localhost"), (True, "127.0.0.1")])
def test_a_certificate_that_cannot_be_verified_is_refused(
    port: int,
    service: Service,
    tmp_path: Path,
    trusted: bool,  # noqa: FBT001
    host: str,
) -> None:
    said = attempt(service, tmp_path, of(port, trusted=trusted, host=host))

    assert said.startswith(f"validate: mail_relay: the certificate of {host} at port {port} cannot")


def test_a_relay_that_does_not_answer_is_no_reason_to_refuse(
    port: int, service: Service, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        number = closed.getsockname()[1]

    assert number != port
    assert attempt(service, tmp_path, of(number)) == ""
