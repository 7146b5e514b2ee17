"""The demo's inventory, without its lab; scripts/demo runs it."""

import runpy
from pathlib import Path

import pytest

from deploys.lab import inventory, state
from deploys.lab.definition import named
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from tests.lab.labs import ROOT
from tests.lab.test_lab import MACHINE

LAB = named("lab")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """The fleet of the demo, of a lab that has keys and no hosts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    state.sow(LAB)
    for path, text in state.desired(LAB, MACHINE).items():
        state.write(path, text.encode())
    monkeypatch.setattr(inventory, "_is_up", lambda _: True)
    mail = runpy.run_path(str(ROOT / "inventories" / "lab" / "inventory.py"))["mail"]
    return fleet_from(dict(mail), {})


def test_each_host_of_the_demo_has_a_mailbox(fleet: Fleet) -> None:
    assert {host.inventory_name: [*host.mailboxes] for host in fleet.hosts} == {
        "mx1": ["anna@harbor.example"],
        "mx2": ["anna@orchard.example"],
    }
