"""The units of the timer, as systemd reads them."""

from pathlib import Path

import pytest

from deploys.checks.timer.operation import schedule
from deploys.checks.timer.units import Schedule
from deploys.mail import toolkit

COMMAND = ("/srv/my mail/.venv/bin/python", "-m", "pyinfra", "/srv/100%/$x", "deploys/verify.py")
WHOLE = Schedule("lab", "daily", COMMAND, "/srv/my mail", "anna", "/srv/my mail")
SERVICE, TIMER = WHOLE.paths


def test_the_service_runs_the_command_there_as_its_user() -> None:
    lines = WHOLE.files[SERVICE].splitlines()

    assert SERVICE == "/etc/systemd/system/pyinfra-mail-verify-lab.service"
    assert {"User=anna", "WorkingDirectory=/srv/my mail", "TimeoutStartSec=30min"} <= set(lines)
    assert 'Environment="PYTHONPATH=/srv/my mail"' in lines
    assert (
        'ExecStart="/srv/my mail/.venv/bin/python" "-m" "pyinfra" "/srv/100%%/$$x" '
        '"deploys/verify.py"'
    ) in lines


def test_an_installed_package_needs_no_path() -> None:
    installed = Schedule("lab", "daily", COMMAND)

    assert "Environment=" not in installed.files[SERVICE]
    assert installed.files[SERVICE].count("EnvironmentFile=") == 1


def test_a_timer_runs_the_checks_of_the_toolkit_that_sets_it_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text("mail = []\n")
    monkeypatch.setattr("deploys.checks.timer.operation.inventory", lambda: str(inventory))

    made = schedule("daily")

    assert made.command[-3:] == (str(inventory), f"{toolkit.PACKAGE}.verify", "-y")
    assert made.modules == (str(toolkit.FOLDER.parent) if toolkit.IN_CLONE else "")


def test_the_timer_has_the_calendar_of_the_operator() -> None:
    assert TIMER == "/etc/systemd/system/pyinfra-mail-verify-lab.timer"
    assert "OnCalendar=daily" in WHOLE.files[TIMER].splitlines()
    assert "Persistent=true" in WHOLE.files[TIMER].splitlines()


def test_an_empty_calendar_leaves_no_file() -> None:
    assert Schedule("lab", "").files == {}
    assert Schedule("lab", "").paths == WHOLE.paths


@pytest.mark.parametrize("name", ["my inventory", "@local", "a/b"])
def test_a_name_that_systemd_does_not_allow_is_changed(name: str) -> None:
    assert " " not in Schedule(name, "daily").unit
    assert len(Path(Schedule(name, "daily").unit).parts) == 1
