"""Runs that die at any remote command: one whole set is live, and the next run converges."""

import signal

import pytest

from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    OTHER,
    Traffic,
    deployed,
    ended,
    interrupted,
    live_set,
    live_sets,
    on,
)

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture(scope="module")
def both() -> dict[str, dict[str, str]]:
    """
    Return the digests of both sets on both hosts: `new` is with OTHER, `old` without.

    Before the last run a person restarts rspamd, which shares a directory with Postfix.
    """
    deployed(*OTHER)
    new = live_sets()
    for name in MAIL_HOSTS:
        on(name, "systemctl restart rspamd")
    deployed()
    return {"old": live_sets(), "new": new}


@pytest.mark.usefixtures("both")
def test_a_service_that_a_person_restarted_before_a_change_of_another_is_not_loaded_again() -> None:
    assert deployed().count("No changes") == 6


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_a_killed_run_leaves_one_whole_set_and_the_next_converges(
    both: dict[str, dict[str, str]], number: int, moment: str
) -> None:
    # To whichever set the last test did not leave: both ways are the same change.
    words, target = (OTHER, "new") if live_sets() == both["old"] else ((), "old")
    with Traffic("mx1") as traffic:
        killed = interrupted("mx1", number, moment, "die", *words)

        assert killed.returncode == -signal.SIGKILL
        for name in MAIL_HOSTS:
            assert live_set(name) in (both["old"][name], both["new"][name])
        deployed(*words)
        assert live_sets() == both[target]
        assert deployed(*words).count("No changes") == 6
    traffic.assert_nothing_was_lost()


def test_a_run_killed_while_it_installs_is_completed_by_the_next() -> None:
    deployed()
    LAB.renew("mx2")

    killed = interrupted("mx2", 2, "within", "die")
    assert killed.returncode == -signal.SIGKILL
    ended("mx2")
    deployed()

    assert on("mx2", "systemctl is-active postfix").strip() == "active"
    assert deployed().count("No changes") == 6
