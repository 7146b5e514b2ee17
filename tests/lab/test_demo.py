"""The demo's inventory and campaign, without its lab; scripts/demo runs both."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

from deploys.lab import campaign, inventory, state
from deploys.lab.definition import READER, RECEIVERS, named
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
    monkeypatch.setattr(campaign, "_authorities", lambda lab: state.keys(lab).authority())
    mail = runpy.run_path(str(ROOT / "inventories" / "lab" / "inventory.py"))["mail"]
    return fleet_from(dict(mail), {})


def test_each_host_of_the_demo_has_a_mailbox_and_one_has_a_bulk_stream(fleet: Fleet) -> None:
    assert {host.inventory_name: [*host.mailboxes] for host in fleet.hosts} == {
        "mx1": ["anna@harbor.example"],
        "mx2": ["anna@orchard.example"],
    }
    assert [host.inventory_name for host in fleet.hosts if host.bulk] == [campaign.SENDER]


def test_a_campaign_has_200_messages_and_one_recipient_at_each_receiver_does_not_exist() -> None:
    own = campaign.Campaign(LAB, "token")
    readers = Counter(one.partition("+")[0] for one in own.recipients)

    assert readers == {READER: 197, "nobody": 3}
    assert len(set(own.recipients)) == 200
    assert {one.partition("@")[2] for one in own.recipients} <= set(RECEIVERS)
    assert own.readers.total() == 197
