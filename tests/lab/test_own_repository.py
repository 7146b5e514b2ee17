"""An operator's own repository with the lab's hosts, in an environment with the wheel."""

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
from tests.package.environment import built, installed, succeeded
from tests.package.repositories import CONFIG, DEPLOY

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
    return installed(tmp_path_factory.mktemp("environment"), wheel, EXTRA).with_name("pyinfra")


@pytest.fixture(scope="module")
def repository(lab: Raised, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an inventory of the lab's hosts, which have had no mail yet."""
    lab.bare(*MAIL_HOSTS)
    folder = tmp_path_factory.mktemp("repository") / "mail"
    (folder / "group_data").mkdir(parents=True)
    groups = {
        group: [f"({name!r}, {literal(data)})" for name, data in hosts(NAME, role)]
        for group, role in ROLES.items()
    }
    common = {
        "mail_requires": ">=0.1",
        "mail_resolvers": resolvers(NAME),
        "mail_dns": dns(NAME),
        "verify_mailboxes": mailboxes(NAME),
    }
    texts = {
        "inventory.py": [f"{group} = [{', '.join(entries)}]" for group, entries in groups.items()],
        "group_data/all.py": [f"{key} = {literal(value)}" for key, value in common.items()],
    }
    for name, lines in texts.items():
        (folder / name).write_text("\n".join(("from pyinfra_mail import file\n", *lines, "")))
    (folder / "config.py").write_text(CONFIG)
    (folder / "deploy.py").write_text(DEPLOY)
    return folder


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
