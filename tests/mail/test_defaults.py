"""Documented defaults: the example and every row of docs/settings.md are accepted."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import command
from tests.mail.test_settings import CLIENT, MX1

ROOT = Path(__file__).parents[2]
WITNESS = {"mail_witness_address": "v@far.example", "mail_witness_mailbox": "/var/mail/v"}
ROWS = [
    [cell.strip(" `|") for cell in line.split(" | ")]
    for line in (ROOT / "docs/settings.md").read_text().splitlines()
    if line.startswith("| `")
]
DEFAULTS = {key: ast.literal_eval(default) for key, _, default, *_ in ROWS if default != "required"}


RELAY = {key: CLIENT[key] for key in ("mail_relay", "mail_relay_login", "mail_relay_password")}


def fleet_data(key: str, value: object) -> tuple[dict[str, dict[str, Any]], ...]:
    """Return the data of a fleet with a key; a null client has its relay, and no default of it."""
    own = {key: value}
    beside = RELAY if value and key.startswith("mail_relay_") else {}
    client = CLIENT if key.startswith("mail_relay") else CLIENT | own
    return {"mx1": MX1 | beside | own}, {"peer": WITNESS | own}, {"app": client}, {"@local": own}


@pytest.mark.parametrize(("key", "default"), DEFAULTS.items(), ids=DEFAULTS)
def test_every_default_of_the_table_is_accepted(key: str, default: object) -> None:
    fleet_from(*fleet_data(key, default))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the example, as the README says, with other names and addresses of its hosts."""
    folder = tmp_path / "mine"
    shutil.copytree(ROOT / "inventories/example", folder)
    inventory = folder / "inventory.py"
    text = inventory.read_text()
    for known, own in {
        "mx1.example.org": "mx1.harbor.example",
        "mx2.example.org": "mx2.harbor.example",
        '["example.org"]': '["harbor.example"]',
        "203.0.113.25": "203.0.113.77",
    }.items():
        assert known in text
        text = text.replace(known, own)
    inventory.write_text(text)
    monkeypatch.setenv("POWERDNS_API_KEY", "sesame")
    monkeypatch.setenv("RELAY_PASSWORD", "sesame")
    return inventory


def test_the_example_with_three_keys_of_ones_own_is_accepted(copied: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "pyinfra", str(copied), "deploys/check.py", "-y"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def values_of_the_example() -> Mapping[str, Any]:
    """Return the values of every key that the example's group data assigns as a literal."""
    found = {}
    for path in (ROOT / "inventories/example/group_data").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", 0)
            if isinstance(target, ast.Name) and target.id in DEFAULTS:
                value = getattr(node, "value", None)
                found[target.id] = ast.unparse(value) if value else ""
    return found


EXAMPLE = values_of_the_example()


@pytest.mark.parametrize("key", sorted(EXAMPLE))
def test_every_value_of_the_example_is_accepted_alone(key: str) -> None:
    value = eval(EXAMPLE[key], {"env": lambda _: command("echo", "sesame")})  # noqa: S307
    fleet_from(*fleet_data(key, value))


def test_the_example_has_every_key_with_a_default() -> None:
    assert set(DEFAULTS) - set(EXAMPLE) == {
        "mail_domains",
        "verify_timer",
    }  # in inventory.py itself
