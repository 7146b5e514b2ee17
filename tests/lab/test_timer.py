"""A timer that makes the proof again and again: put there, changed, repaired and taken away."""

import pytest

from tests.lab.labs import Done
from tests.lab.runs import on, pyinfra, undone

pytestmark = pytest.mark.usefixtures("lab")

UNIT = "pyinfra-mail-verify-tests"


def run(calendar: str) -> Done:
    words = ("-y", "--limit", "mx2", "--data", f"calendar={calendar}")
    return pyinfra("tests/lab/timer/deploy.py", *words)


def scheduled(calendar: str) -> str:
    done = run(calendar)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_timer_is_there_until_it_should_never_run() -> None:
    gone = f"systemctl disable -q --now {UNIT}.timer; rm -f /etc/systemd/system/{UNIT}.*"
    with undone("mx2", f"{gone} '/run/proof was made'; systemctl daemon-reload"):
        assert "Success" in scheduled("daily")
        assert "No changes" in scheduled("daily")
        assert on("mx2", f"systemctl is-active {UNIT}.timer").strip() == "active"
        on("mx2", f"systemctl start {UNIT}.service && test -e '/run/proof was made'")

        assert "Success" in scheduled("*-*-* 04:00")
        assert "04:00" in on("mx2", f"systemctl show -p TimersCalendar {UNIT}.timer")

        on("mx2", f"systemctl stop {UNIT}.timer")
        assert "Success" in scheduled("*-*-* 04:00")
        assert on("mx2", f"systemctl is-active {UNIT}.timer").strip() == "active"

        refused = pyinfra(
            "tests/lab/timer/deploy.py", "-y", "--limit", "mx2", "--data", "calendar=x"
        )
        assert refused.returncode == 1
        assert "Failed to parse calendar" in refused.stdout
        assert "04:00" in on("mx2", f"systemctl show -p TimersCalendar {UNIT}.timer")

        assert "Success" in scheduled("")
        assert "No changes" in scheduled("")
        assert on("mx2", f"systemctl cat {UNIT}.timer {UNIT}.service 2>&1 || true").count(
            "No files"
        )
