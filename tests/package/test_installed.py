"""An operator's own repository, in an environment with nothing but the wheel."""

import json
from pathlib import Path

import pytest

from tests.fakes import written
from tests.host.found import SETTINGS
from tests.package.environment import Done, run
from tests.package.repositories import PLANNED, made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "group_data").mkdir()
    (tmp_path / "group_data" / "all.py").write_text(
        "from pyinfra_mail import env\n\n"
        'mail_requires = ">=0.1"\nmail_resolvers = ["127.0.0.1"]\n'
        'verify_mailboxes = [{"address": "me@peer.example", "imap": "imap.peer.example",'
        ' "login": "me", "password": env("MAILBOX")}]\n'
    )
    return made(tmp_path)


def pyinfra(python: Path, repository: Path, *arguments: str, **environment: str) -> Done:
    program = python.with_name("pyinfra")
    return run(program, "inventory.py", *arguments, cwd=repository, **environment)


def test_the_check_passes_without_a_host(python: Path, repository: Path) -> None:
    done = pyinfra(python, repository, "pyinfra_mail.check", MAILBOX="sesame")

    assert done.returncode == 0, done.stdout
    assert "No mistakes (mail host: 1)" in done.stdout
    assert "Connecting to hosts" not in done.stdout


@pytest.mark.parametrize("deploy", ["deploy.py", "pyinfra_mail.site"])
def test_mistakes_are_reported_before_the_first_connection(
    deploy: str, python: Path, repository: Path
) -> None:
    written(repository, mx1=SETTINGS | {"mail_domain": "x.example"})

    done = pyinfra(python, repository, deploy, "-y")

    assert done.returncode == 1, done.stdout
    for sentence in ("mail_domain is not a setting of", 'env("MAILBOX") is not set'):
        assert sentence in done.stdout
    for unwanted in ("Connecting to hosts", "Traceback"):
        assert unwanted not in done.stdout


def test_a_provider_without_its_extra_says_what_to_install(python: Path, repository: Path) -> None:
    dns = {"class": "powerdns", "host": "127.0.0.1", "api_key": "sesame"}
    written(repository, mx1=SETTINGS | {"mail_dns": dns})

    done = pyinfra(python, repository, "pyinfra_mail.check", MAILBOX="sesame")

    assert done.returncode == 1, done.stdout
    assert "run: pip install 'pyinfra-mail[powerdns]'" in done.stdout


@pytest.mark.parametrize("deploy", ["deploy.py", "pyinfra_mail.site"])
def test_the_plan_is_shown_from_the_templates_of_the_wheel(
    deploy: str, python: Path, repository: Path
) -> None:
    done = pyinfra(python, repository, deploy, "--dry", "--diff", MAILBOX="sesame")

    assert done.returncode == 0, done.stdout
    for line in PLANNED:
        assert line in done.stdout


def test_reports_are_kept_in_the_repository(python: Path, repository: Path) -> None:
    data = ("--data", "verify_only=dns.mx", "--data", "verify_fast=yes")

    done = pyinfra(python, repository, "pyinfra_mail.verify", "-y", *data, MAILBOX="sesame")

    folder = repository / "reports" / repository.name / "part"
    assert "Traceback" not in done.stdout
    assert json.loads((folder / "report.json").read_text())["format"] == 1
    assert "<html" in (folder / "report.html").read_text()
