"""The program on the host, killed at any point of an apply: one whole set is live, and serves."""

import json
import smtplib
from pathlib import Path

import pytest

from tests.lab.runs import LAB, MAIL_HOSTS, OTHER, Traffic, deployed, live_sets, on, pyinfra

pytestmark = pytest.mark.usefixtures("lab")

CRASH = Path(__file__).parent / "crash.py"
EVENTS = "/run/pyinfra-mail-events"


def crashed(point: int, *words: str, surely: bool = True) -> None:
    """Deploy with an agent that dies at a point, if there are so many; 0 is nowhere."""
    program = (str(CRASH), str(point))
    done = pyinfra("deploys/hosts.py", "-y", *words, program=program)
    assert not surely or (done.returncode == 0) == (point == 0), done.stdout
    assert "Traceback" not in done.stdout


def events_of(*words: str) -> list[str]:
    """Deploy with an agent that lives, and return the points at which it could have died."""
    crashed(0, *words)
    found: list[str] = json.loads(on("mx1", f"cat {EVENTS}"))
    return found


def points(events: list[str]) -> list[int]:
    """Return where to die: early, half-way, everywhere around the switch, and at the end."""
    switch = events.index("ctypes.dlsym") + 1
    return sorted({1, switch // 2, *range(switch - 1, switch + 6), len(events) - 1})


def serves(name: str) -> bool:
    """Tell whether a host takes mail for its postmaster."""
    with smtplib.SMTP(LAB.address(name), timeout=15) as smtp:
        smtp.ehlo()
        smtp.mail("")
        return smtp.rcpt(MAIL_HOSTS[name])[0] == 250


def test_an_apply_killed_at_any_point_leaves_one_whole_set_and_the_next_run_converges() -> None:
    deployed()
    old = live_sets()
    forth = events_of(*OTHER)
    new = live_sets()
    back = events_of()
    assert live_sets() == old
    # One point is on the way to the other set, the next on the way back: both have the same ones.
    ways = ((OTHER, new, forth), ((), old, back))
    with Traffic("mx1", rate=4) as first, Traffic("mx2", rate=4) as second:
        for number, both in enumerate(zip(points(forth), points(back), strict=True)):
            words, target, events = ways[number % 2]
            point = both[number % 2]

            # What waits for a host to answer asks more often or less: the last one may not be.
            crashed(point, *words, surely=point < len(events) - 1)

            for name, found in live_sets().items():
                assert found in (old[name], new[name]), (point, events[point - 1])
                assert serves(name)
            deployed(*words)
            assert live_sets() == target
    first.assert_nothing_was_lost()
    second.assert_nothing_was_lost()
