"""An operator's own repository, from an empty folder on: the wheel, `init`, and the lab's hosts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploys.lab.definition import Role
from deploys.lab.inventory import dns, hosts, mailboxes, resolvers
from deploys.mail.settings.secret import Secret
from tests.lab.labs import NAME, Raised
from tests.lab.runs import MAIL_HOSTS
from tests.package.environment import built, linked, succeeded

ROLES: Mapping[str, Role] = {"mail": "mail", "witnesses": "peer"}
EXTRA = "powerdns"


def literal(value: Any) -> str:
    """Return a value of an inventory as an operator writes it."""
    if isinstance(value, Secret):
        return f"{value.kind}({', '.join(map(repr, value.reference))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {literal(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return pyinfra of an environment with the wheel and the extra of the lab's provider."""
    (wheel,) = built(tmp_path_factory.mktemp("dist"), "--wheel")
    return linked(tmp_path_factory.mktemp("environment"), wheel, EXTRA).with_name("pyinfra")


@pytest.fixture(scope="module")
def repository(lab: Raised, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that `init` fills, with the lab's hosts, which have had no mail yet."""
    lab.bare(*MAIL_HOSTS)
    folder = tmp_path_factory.mktemp("repository") / "mail"
    folder.mkdir()
    provider, (_, host) = dns(NAME), hosts(NAME, "mail")[0]
    answers = {
        "host": host["mail_hostname"],
        "address": ",".join(host["mail_addresses"]),
        "domain": ",".join(host["mail_domains"]),
        "dns": provider["class"],
        "dns_host": provider["host"],
        "dns_api_key": literal(provider["api_key"]),
    }
    data = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
    succeeded(program, "@local", "pyinfra_mail.init", "-y", *data, cwd=folder)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*")} >= MADE
    succeeded(program, "inventory.py", "pyinfra_mail.check", cwd=folder)
    _add_lab(folder)
    return folder


MADE = {"inventory.py", "group_data/all.py", "group_data/mail.py", "deploy.py", "config.py"}
MADE |= {"requirements.txt", ".gitignore"}


def _add_lab(folder: Path) -> None:
    """Write the lab's hosts, the way to them, and their resolvers."""
    groups = {
        group: [f"({name!r}, {literal(data)})" for name, data in hosts(NAME, role)]
        for group, role in ROLES.items()
    }
    common = {
        "mail_requires": ">=0.1",
        "mail_resolvers": resolvers(NAME),
        "verify_mailboxes": mailboxes(NAME),
    }
    lines = [f"{group} = [{', '.join(entries)}]" for group, entries in groups.items()]
    text = "\n".join(("from pyinfra_mail import file\n", *lines, ""))
    (folder / "inventory.py").write_text(text)
    own = [f"{key} = {literal(value)}" for key, value in common.items()]
    with (folder / "group_data" / "all.py").open("a") as file:
        file.write("\n".join(("\nfrom pyinfra_mail import file\n", *own, "")))


def report(repository: Path) -> Any:
    return json.loads((repository / "reports" / "mail" / "report.json").read_text())


def test_two_lines_make_two_mail_servers_and_every_message_arrives(
    repository: Path, program: Path
) -> None:
    succeeded(program, "inventory.py", "pyinfra_mail.check", cwd=repository)
    succeeded(program, "inventory.py", "deploy.py", "-y", cwd=repository)

    found = report(repository)
    assert found["verdict"] == "passed"
    assert found["changes"]["hosts"] == 2
    assert [message for message in found["messages"] if not message["arrived"]] == []

    succeeded(program, "inventory.py", "pyinfra_mail.site", "-y", cwd=repository)

    assert report(repository)["verdict"] == "passed"
    assert report(repository)["changes"] == {"hosts": 0, "zones": 0}
