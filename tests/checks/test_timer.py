"""The units of the timer, as systemd reads them, and the notice of a run without a report."""

import os
import subprocess
from pathlib import Path

import pytest

from deploys.checks.report import failure
from deploys.checks.timer.operation import BOOTED, Units, schedule, tried, without_systemd
from deploys.checks.timer.units import Schedule
from deploys.mail import toolkit
from deploys.mail.settings.secret import Secret, command, env

COMMAND = ("/srv/my mail/.venv/bin/python", "-m", "pyinfra", "/srv/100%/$x", "deploys/verify.py")
WHOLE = Schedule("lab", "daily", COMMAND, "/srv/my mail", "anna", "/srv/my mail")
SERVICE, TIMER, FAILURE = WHOLE.paths


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

    receiver = failure.words(env("WEBHOOK"))
    made = schedule("daily", receiver)

    assert made.command[-3:] == (str(inventory), f"{toolkit.PACKAGE}.verify", "-y")
    assert made.trials == ((*made.command[:-1], "--dry"),)
    assert made.commands == (made.command,)
    assert made.failure[2:] == (
        f"{toolkit.PACKAGE}.checks.report.failure",
        made.inventory,
        made.unit.replace(".timer", ".service"),
        *receiver,
    )
    assert made.modules == (str(toolkit.FOLDER.parent) if toolkit.IN_CLONE else "")


def test_certificates_by_dns_are_renewed_before_the_checks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text("mail = []\n")
    monkeypatch.setattr("deploys.checks.timer.operation.inventory", lambda: str(inventory))

    made = schedule("daily", renews=True)

    assert [one[-2:] for one in made.commands] == [
        (f"{toolkit.PACKAGE}.certificates", "-y"),
        (f"{toolkit.PACKAGE}.verify", "-y"),
    ]
    assert made.trials == tuple((*one[:-1], "--dry") for one in made.commands)
    service = made.files[made.paths[0]].splitlines()
    starts = [line for line in service if line.startswith("ExecStart=")]
    assert ['.certificates"' in line for line in starts] == [True, False]
    assert " && " in without_systemd(made)


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


TOLD = Schedule("lab", "daily", COMMAND, failure=("tell", "lab"), trials=(("test", "-n", "$KEY"),))


def test_a_unit_that_fails_starts_the_one_that_tells_the_operator() -> None:
    service = TOLD.files[SERVICE].splitlines()

    assert Path(FAILURE).name == "pyinfra-mail-verify-lab-failure.service"
    assert f"OnFailure={Path(FAILURE).name}" in service
    assert service.index(f"OnFailure={Path(FAILURE).name}") < service.index("[Service]")
    assert 'ExecStart="tell" "lab"' in TOLD.files[FAILURE].splitlines()
    assert FAILURE not in WHOLE.files
    assert "OnFailure" not in WHOLE.files[SERVICE]


def made(path: Path, name: str, text: str) -> None:
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o755)


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemd-run that runs what comes after its own options, and keeps them."""
    own = f'while test "$1" != --; do echo "$1" >>{tmp_path}/options; shift; done; shift; exec "$@"'
    made(tmp_path, "systemd-run", own)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(trial: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    one = Schedule("lab", "daily", COMMAND, "/srv/my mail", "anna", "/srv/my mail", (trial,))
    whole = ("sh", "-c", tried(one, trial).get_raw_value())
    return subprocess.run(whole, capture_output=True, text=True, check=False)


def test_a_trial_runs_as_the_service_does(programs: Path) -> None:
    assert ran(("test", "-n", "x y")).returncode == 0
    assert (programs / "options").read_text().splitlines() == [
        "--wait",
        "--pipe",
        "--collect",
        "--uid=anna",
        "--property=WorkingDirectory=/srv/my mail",
        "--property=EnvironmentFile=-/etc/pyinfra-mail/pyinfra-mail-verify-lab.env",
        "--property=RuntimeMaxSec=300",
        "--setenv=PYTHONPATH=/srv/my mail",
    ]
    assert TOLD.trial_words(TOLD.trials[0])[-3:] == ("test", "-n", "$$KEY")


@pytest.mark.usefixtures("programs")
def test_a_trial_that_fails_says_where_secrets_belong() -> None:
    done = ran(("sh", "-c", "echo 'the secret env(\"X\") is not set' >&2; exit 1"))

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        'the secret env("X") is not set',
        (
            "the timer was not set up: the checks cannot begin as its unit runs them, as the user "
            "anna in /srv/my mail; correct what is said above, and write secrets of the "
            "environment as NAME=value into /etc/pyinfra-mail/pyinfra-mail-verify-lab.env"
        ),
    ]


def test_a_machine_without_systemd_gets_the_command_for_cron() -> None:
    facts = Units()

    assert not facts.process(["abc  /x"]).possible
    assert facts.process([BOOTED]).possible
    assert "have cron run \"env 'PYTHONPATH=/srv/my mail' '/srv/my" in without_systemd(WHOLE)
    assert without_systemd(TOLD).startswith("this machine does not run systemd, which has the tim")
    assert "'/srv/100%/$x' deploys/verify.py\" in /, or set" in without_systemd(TOLD)


@pytest.mark.parametrize(
    ("receiver", "words"),
    [
        ("", ()),
        ("ops@harbor.example", ("ops@harbor.example",)),
        (env("WEBHOOK"), ("env", "WEBHOOK")),
        (command("pass", "show", "webhook"), ()),
        ("https://chat.example/T0KEN", ()),
    ],
)
def test_a_unit_has_no_secret_of_its_receiver(
    receiver: Secret | str, words: tuple[str, ...]
) -> None:
    assert failure.words(receiver) == words


@pytest.fixture(name="sendmail")
def _sendmail(programs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sendmail that keeps what it is given, and a systemctl that has started a unit in 2001."""
    made(programs, "sendmail", f"cat >>{programs}/sent")
    made(programs, "systemctl", "echo ExecMainStartTimestamp=@1000000000")
    monkeypatch.setenv("MONITOR_SERVICE_RESULT", "timeout")
    return programs / "sent"


def test_a_run_without_a_report_is_told(sendmail: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.main("lab", "u.service", "ops@harbor.example") == 0

    assert "Subject: Mail of lab was not verified" in sendmail.read_text()
    said = capsys.readouterr().err
    assert said.startswith("Mail of lab was not verified: the scheduled run on ")
    assert said.endswith("its report (timeout). journalctl -u u.service shows the reason.\n")


def test_a_run_with_a_report_has_told_its_findings_itself(
    sendmail: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Path("reports/lab/part/report.json")
    report.parent.mkdir(parents=True)
    report.touch()

    assert failure.main("lab", "u.service", "ops@harbor.example") == 0
    assert not sendmail.exists()
    assert capsys.readouterr().err == ""

    os.utime(report, (999_999_999, 999_999_999))
    assert failure.main("lab", "u.service", "ops@harbor.example") == 0
    assert sendmail.exists()


def test_without_a_receiver_the_journal_has_the_text(
    sendmail: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure.main("lab", "u.service") == 0

    assert not sendmail.exists()
    assert capsys.readouterr().err.startswith("Mail of lab was not verified")


def test_a_notice_that_cannot_be_sent_is_in_the_journal(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(programs, "systemctl", "exit 1")
    made(programs, "sendmail", "echo the queue is full >&2; exit 75")

    assert failure.main("lab", "u.service", "ops@harbor.example") == 1
    assert "the notice was not sent to ops@harbor.example: the queue is full" in (
        capsys.readouterr().err
    )


@pytest.mark.usefixtures("programs")
def test_a_secret_that_is_missing_is_in_the_journal(capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.main("lab", "u.service", "env", "NO_SUCH_WEBHOOK") == 1
    assert 'the secret env("NO_SUCH_WEBHOOK") is not set' in capsys.readouterr().err
