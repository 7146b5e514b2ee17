"""Drop-ins of the units of a host: every service comes back by itself."""

from typing import Any

import pytest

from deploys.host.model.desired import Service
from deploys.host.services import null_client, postfix_base, registry
from deploys.host.services.plan_input import plan_input
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import command
from tests.conftest import Golden
from tests.host.found import SETTINGS, bare, client

EVERYTHING: dict[str, Any] = {
    "mail_accounts": {"anna@harbor.example": {"password": command("echo", "open sesame")}},
    "mail_account_rate": "100/1h",
    "mail_aliases": {"anna": "root", "bert": "bert@far.example"},
}
POSTFIX = {"12": "postfix@-.service", "13": "postfix.service"}


def services(release: str, **data: Any) -> dict[str, Service]:
    (own,) = fleet_from({"mx1": SETTINGS | EVERYTHING | data}, {}).hosts
    found = registry.services(own, plan_input(own, bare(release, own)))
    return {one.query.name: one for one in found}


def drop_in(service: Service, unit: str) -> str:
    path = f"/etc/systemd/system/{unit}.d/pyinfra-mail.conf"
    return next(file.content for file in service.files if file.path == path)


@pytest.mark.parametrize("release", ["12", "13"])
@pytest.mark.parametrize(
    "name",
    ["unbound", "redis", "rspamd", "dovecot", "mta-sts", "postsrsd", "postfix", "fail2ban"],
)
def test_a_service_that_dies_comes_back_and_is_never_given_up(release: str, name: str) -> None:
    service = services(release)[name]

    lines = drop_in(service, service.unit).splitlines()

    assert {"Restart=on-failure", "Restart=always"} & set(lines)
    assert lines.index("StartLimitIntervalSec=0") < lines.index("[Service]")
    assert {"RestartSec=2", "OOMPolicy=continue"} <= set(lines)


@pytest.mark.parametrize("release", ["12", "13"])
def test_the_drop_ins_of_postfix_are_as_the_golden_files_say(release: str, golden: Golden) -> None:
    for unit in POSTFIX.values():
        runs = unit == POSTFIX[release]
        name = f"postfix-{release}.conf" if runs else "postfix-idle.conf"
        golden(f"drop-ins/{name}", drop_in(services(release)["postfix"], unit))


@pytest.mark.parametrize("name", ["unbound", "dovecot", "postsrsd", "fail2ban"])
def test_other_drop_ins_are_as_the_golden_files_say(name: str, golden: Golden) -> None:
    service = services("13")[name]

    golden(f"drop-ins/{name}.conf", drop_in(service, service.unit))


def test_a_sandbox_can_be_left_out() -> None:
    def restricted(**data: Any) -> set[str]:
        found = services("12", **data)
        lines = {name: drop_in(one, one.unit).splitlines() for name, one in found.items()}
        return {name for name, own in lines.items() if "ProtectKernelModules=yes" in own}

    # Debian's own units of the other two are restricted.
    assert restricted() == {
        *("unbound", "rspamd", "dovecot", "postsrsd", "postfix", "fail2ban"),
    }
    assert restricted(mail_sandbox=False) == set()


@pytest.mark.parametrize("release", ["12", "13"])
def test_the_postfix_of_a_null_client_comes_back_too(release: str) -> None:
    service = null_client.service(client(), plan_input(client(), bare(release, client())))

    lines = drop_in(service, POSTFIX[release]).splitlines()

    assert {"Restart=on-failure", f"PIDFile={postfix_base.PID_FILE}"} <= set(lines)
    assert not [line for line in lines if "unbound" in line]
    assert len([file for file in service.files if file.path in postfix_base.DROP_IN_FILES]) == 1
