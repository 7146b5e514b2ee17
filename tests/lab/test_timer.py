"""A timer that makes the proof again and again: put there, changed, repaired and taken away."""

import pytest

from tests.lab.labs import Done
from tests.lab.runs import on, pyinfra, settled, undone

pytestmark = pytest.mark.usefixtures("lab")

UNIT = "pyinfra-mail-verify-tests"


def run(calendar: str) -> Done:
    words = ("-y", "--limit", "mx2", "--data", f"calendar={calendar}")
    return pyinfra("tests/lab/timer/deploy.py", *words)


def scheduled(calendar: str) -> str:
    done = run(calendar)
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment(status: str) -> None:
    on("mx2", f"mkdir -p /etc/pyinfra-mail && echo STATUS={status} >/etc/pyinfra-mail/{UNIT}.env")


def test_a_timer_whose_checks_cannot_begin_is_not_set_up() -> None:
    on("mx2", f"rm -f /etc/pyinfra-mail/{UNIT}.env")
    done = run("daily")

    assert done.returncode == 1
    assert "STATUS is not set" in done.stdout
    assert "the timer was not set up: the checks cannot begin as its unit runs" in done.stdout
    assert f"as NAME=value into /etc/pyinfra-mail/{UNIT}.env" in done.stdout
    assert "No files" in on("mx2", f"systemctl cat {UNIT}.timer 2>&1 || true")


def test_a_timer_is_there_until_it_should_never_run() -> None:
    gone = f"systemctl disable -q --now {UNIT}.timer; rm -f /etc/systemd/system/{UNIT}.*"
    gone += f" /etc/systemd/system/{UNIT}-failure.service /etc/pyinfra-mail/{UNIT}.env"
    with undone("mx2", f"{gone} /run/proof*; systemctl daemon-reload; systemctl reset-failed"):
        environment("0")
        assert "Success" in scheduled("daily")
        assert "No changes" in scheduled("daily")
        assert on("mx2", f"systemctl is-active {UNIT}.timer").strip() == "active"
        on("mx2", f"systemctl start {UNIT}.service && test -e '/run/proof was made'")
        on("mx2", "test ! -e '/run/proof was told'")

        environment("3")
        on("mx2", f"! systemctl start {UNIT}.service")
        settled("mx2", "test -e '/run/proof was told'")

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
