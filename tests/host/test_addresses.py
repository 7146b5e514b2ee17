"""Dialogues are held at addresses that the host has, behind NAT too."""

import socket

import pytest

from deploys.host.agent.services import dialogue
from deploys.host.agent.services.addresses import own_addresses, possible
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Dialogue

OWN = ("127.0.0.1", "::1", "10.0.0.5", "172.17.0.1", "2001:db8::5")


def asked(target: str, own: tuple[str, ...] = OWN, *, closed: bool = False) -> list[str]:
    """Return the addresses at which a dialogue takes place."""
    one = Dialogue("a", "look", (), target, closed=closed)
    return [each.target for each in possible((one,), own)]


@pytest.mark.parametrize(
    ("target", "own", "places"),
    [
        ("127.0.0.1", OWN, ["127.0.0.1"]),
        ("2001:db8::5", OWN, ["2001:db8::5"]),
        ("203.0.113.7", OWN, ["10.0.0.5"]),  # behind NAT
        ("2001:db8::7", OWN, ["2001:db8::5"]),
        ("::1", ("127.0.0.1", "10.0.0.5"), []),  # IPv6 is off
        ("2001:db8::7", ("127.0.0.1", "10.0.0.5"), []),
    ],
)
def test_a_dialogue_takes_place_at_an_own_address_of_its_family(
    target: str, own: tuple[str, ...], places: list[str]
) -> None:
    assert asked(target, own) == places


def test_what_must_be_closed_is_asked_at_every_address_but_the_loopback() -> None:
    assert asked("127.0.0.1", closed=True) == ["10.0.0.5", "172.17.0.1", "2001:db8::5"]


def test_a_host_has_its_loopback() -> None:
    assert "127.0.0.1" in own_addresses()


def test_a_closed_port_must_not_take_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        one = Dialogue("closed", "check inet_interfaces", (), port=port, closed=True)
        sentence = f"^closed: 127.0.0.1 port {port} takes connections; check inet_interfaces$"
        with pytest.raises(Refused, match=sentence):
            dialogue.ask("preflight", one)
    dialogue.ask("preflight", one)
