"""Packages that cannot be installed: which one is in the way, and what to run."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploys.host.agent.system import apt, shell

UNMET = "The following packages have unmet dependencies:\n"
CHANGED = "The following held packages will be changed:\n"
POLICY = "and look into /etc/apt for the source or the pin"


@pytest.mark.parametrize(
    ("said", "held", "sentence"),
    [
        (
            f"{CHANGED}  unbound\nThe following NEW packages will be installed:\n  dns-root-data\n",
            ["linux-image-amd64", "unbound", "dns-root-data-extra"],
            "on hold: unbound; run `apt-mark unhold unbound`, then run again",
        ),
        (
            f"{UNMET} unbound : Depends: libevent-2.1-7 (>= 2.1) but it will not be installed\n",
            ["libevent-2.1-7"],
            "on hold: libevent-2.1-7; run `apt-mark unhold libevent-2.1-7`, then run again",
        ),
        (
            f"{UNMET} corp-dns : Conflicts: unbound but 1.17.1-2+deb12u4 is to be installed\n",
            ["corp-dns", "corp"],
            "on hold: corp-dns; run `apt-mark unhold corp-dns`, then run again",
        ),
        (
            f"{UNMET} unbound : Depends: libevent-2.1-7 (>= 2.1) but it is not installable\n",
            ["libevent"],
            (
                "unbound : Depends: libevent-2.1-7 (>= 2.1) but it is not installable; "
                f"run `apt-cache policy libevent-2.1-7`, {POLICY}"
            ),
        ),
        (
            "Remv exim4-base [4.96]\nRemv exim4-daemon-light [4.96]\nInst postfix (3.7)\n",
            [],
            (
                "it would remove exim4-base, exim4-daemon-light; "
                "run `apt-get remove exim4-base exim4-daemon-light` if nobody needs it, "
                "or remove this host from its group in the inventory"
            ),
        ),
        (
            "E: Package 'unbound' has no installation candidate\nE: Unable to locate package x\n",
            [],
            f"no source has unbound, x; run `apt-cache policy unbound x`, {POLICY}",
        ),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend", ["linux-image-amd64", "postfix"], ""),
    ],
)
def test_the_obstacle_to_an_installation_is_named_with_its_remedy(
    said: str, held: list[str], sentence: str
) -> None:
    assert apt.reason(said, held) == sentence


LOCK = "dpkg: error: dpkg frontend lock was locked by another process with pid 7"


@pytest.fixture
def dpkg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes dpkg fail once with a sentence; all else succeeds."""
    failed = tmp_path / "failed"
    monkeypatch.setitem(shell.ENVIRONMENT, "PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(apt, "LOCK_PAUSE", 0.01)

    def failing(sentence: str) -> None:
        fails = f"test -e {failed} || {{ touch {failed}; echo {sentence!r} >&2; exit 2; }}"
        for name, does in (("dpkg", fails), ("apt-get", "exit 0")):
            (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
            (tmp_path / name).chmod(0o755)

    return failing


def test_an_installation_waits_for_the_package_manager_that_runs(
    dpkg: Callable[[str], None],
) -> None:
    dpkg(LOCK)

    apt.install(["unbound"])


def test_an_installation_is_refused_if_packages_cannot_be_configured(
    dpkg: Callable[[str], None],
) -> None:
    dpkg("dpkg: error processing package exim4 (--configure)")

    with pytest.raises(shell.Refused, match=r"^dpkg --configure -a: dpkg: error processing"):
        apt.install(["unbound"])
