"""Hosts that somebody else has set up already: named, and left as they are."""

import pytest

from tests.lab.labs import Raised
from tests.lab.runs import deployed, on, refused

INSTALL = "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y"


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
    assert "remove" in said
    assert "exim4-daemon-light" in on("mx1", "dpkg -l exim4-daemon-light | grep ^ii")

    on("mx1", "apt-get -qq purge -y 'exim4*' >/dev/null 2>&1")
    deployed()
    assert occupied.run("mx1", "systemctl", "is-active", "postfix@-") == "active"


@pytest.mark.usefixtures("lab")
def test_an_alias_to_a_user_who_does_not_exist_is_refused_before_anything_changes() -> None:
    before = on("mx1", "dpkg -l | sha256sum; ls -la /etc/postfix | sha256sum")

    said = refused("--data", 'mail_aliases={"captain": "root", "n": "ghost"}')

    assert "leads to the user ghost, who does not exist; run adduser ghost" in said
    assert on("mx1", "dpkg -l | sha256sum; ls -la /etc/postfix | sha256sum") == before
