"""Hosts as they are: with services, packages and shells of others, or without IPv6."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.lab.labs import Raised
from tests.lab.runs import deployed, on, refused, undone

INSTALL = "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y"

SHELL = "echo Welcome; printf half; stty -a; trap 'echo Bye' EXIT"
NOISY = f"cp -a /root/.bashrc /root/kept; printf '%s\\n' \"{SHELL}\" | cat - kept > .bashrc"
IPV6_OFF = (
    "ip -6 addr save > /run/addresses; ip -6 route save > /run/routes; "
    "ip -6 addr flush dev eth0; ip -6 addr flush dev lo"
)
IPV6_ON = (
    "ip addr restore < /run/addresses 2>/dev/null; ip -6 route restore < /run/routes 2>/dev/null; "
    "ip -6 addr show dev lo | grep -q ::1"
)
LISTENERS = "ss -Hltn"


@pytest.fixture(scope="module", autouse=True)
def _noisy(lab: Raised) -> Iterator[None]:
    """Let the shell of mx2 print before and after every command of these runs."""
    on("mx2", f"cd /root; {NOISY}")
    yield
    lab.run("mx2", "mv", "/root/kept", "/root/.bashrc")


@pytest.fixture(scope="module")
def occupied(lab: Raised) -> Raised:
    """Give mx1 Debian's default mail server, as many hosts have it."""
    lab.bare("mx1")
    on("mx1", f"{INSTALL} --no-install-recommends exim4-daemon-light >/dev/null 2>&1")
    return lab


@pytest.mark.usefixtures("occupied")
def test_another_mail_server_is_named_and_nothing_is_changed() -> None:
    before = on("mx1", "dpkg -l | sha256sum; ls -la /etc | sha256sum")

    said = refused()

    assert "[mx1]      exim4 (process " in said
    assert "listens on port 25; stop and remove it" in said
    assert on("mx1", "dpkg -l | sha256sum; ls -la /etc | sha256sum") == before
    assert on("mx1", "systemctl is-active exim4") == "active"


def test_a_package_of_somebody_elses_is_not_removed_for_ours(occupied: Raised) -> None:
    on("mx1", "systemctl stop exim4")

    said = refused()

    assert "Refused at install: apt-get" in said
    assert re.search("it would remove .*exim4-daemon-light.*; run `apt-get remove exim4-", said)
    assert "exim4-daemon-light" in occupied.run("mx1", "dpkg", "-l", "exim4-daemon-light")


@pytest.mark.usefixtures("occupied")
def test_a_package_on_hold_is_named_with_the_command_that_helps() -> None:
    on("mx1", "apt-get -qq purge -y 'exim4*' >/dev/null 2>&1; apt-mark hold unbound")
    with undone("mx1", "apt-mark unhold unbound"):
        said = refused()

    assert "on hold: unbound; run `apt-mark unhold unbound`, then run again" in said


def test_services_follow_a_host_that_has_no_ipv6(
    occupied: Raised, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"mx1": {"mail_addresses": [occupied.address("mx1")]}}
    on("mx1", IPV6_OFF)
    with undone("mx1", IPV6_ON):
        assert "but IPv6 is switched off on this host; switch it on (sysctl" in refused()

        monkeypatch.setenv("OWN_HOST_DATA", json.dumps(own))
        deployed()
        assert on("mx1", "postconf -h inet_protocols") == "ipv4"
        assert "::1" not in on("mx1", LISTENERS)

    monkeypatch.delenv("OWN_HOST_DATA")
    deployed()
    assert on("mx1", "postconf -h inet_protocols") == "all"
    assert "[::1]:53" in on("mx1", LISTENERS)


@pytest.mark.usefixtures("lab")
def test_an_alias_to_a_user_who_does_not_exist_is_refused_before_anything_changes() -> None:
    before = on("mx1", "dpkg -l | sha256sum; ls -la /etc/postfix | sha256sum")

    said = refused("--data", 'mail_aliases={"captain": "root", "n": "ghost"}')

    assert "leads to the user ghost, who does not exist; run adduser ghost" in said
    assert on("mx1", "dpkg -l | sha256sum; ls -la /etc/postfix | sha256sum") == before
