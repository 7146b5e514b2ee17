"""Whole runs of pyinfra on hosts that do not exist: what an operator reads."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from deploys.mail.toolkit import VERSION
from tests.fakes import Run, printed, written
from tests.host.found import SETTINGS, bare

ROOT = Path(__file__).parents[1]


def fake_host(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Plan the fake host of this repository."""
    return subprocess.run(
        (*(sys.executable, "-m", "pyinfra", "inventories/fake/inventory.py"), *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_fake_host_shows_the_whole_plan() -> None:
    done = fake_host("deploys/hosts.py", "--dry", "--diff")

    assert done.returncode == 0, done.stdout
    assert "install postfix" in done.stdout
    assert "+myhostname = mx1.harbor.example" in done.stdout
    assert "start postfix.service" in done.stdout


@pytest.mark.parametrize(
    ("setting", "planned"),
    [
        ("mail_tls=acme", "install certbot"),
        ('mail_tls_names=["mail.harbor.example"]', "mail.harbor.example.pem (self-signed)"),
    ],
)
def test_a_fake_host_answers_for_the_settings_of_the_run(setting: str, planned: str) -> None:
    done = fake_host("deploys/site.py", "--dry", "--data", setting)

    assert done.returncode == 0, done.stdout
    assert planned in done.stdout


@pytest.mark.parametrize("deploy", ["deploys/hosts.py", "deploys/site.py", "deploys.verify"])
def test_mistakes_in_the_inventory_are_told_before_any_host_is_touched(
    deploy: str, run: Run, tmp_path: Path
) -> None:
    other = SETTINGS | {"mail_domain": "x.example", "mail_ttl": 1}
    inventory = written(tmp_path, mx1=SETTINGS | {"mail_domains": ["exa mple"]}, mx2=other)

    done = run(inventory, deploy, "-y")

    assert done.returncode == 1
    for sentence in (
        "nothing was changed",
        "@fake/mx1: mail_domains.0: 'exa mple' is not a domain name",
        (
            f"@fake/mx2: mail_domain is not a setting of pyinfra-mail {VERSION}; "
            "did you mean mail_domains, or does it need a newer version?"
        ),
        "@fake/mx2: mail_ttl: 1 is too small; write at least 60",
    ):
        assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert "Starting operation" not in done.stdout


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("verify_only=dns.*,smpt.relay", "'smpt.relay' is no check; did you mean smtp.relay?"),
        (
            "verify_host=mx",
            "verify_host: mx is not a host of the group 'mail'; write one of @fake/mx1",
        ),
        (
            "verify_olny=dns.*",
            f"verify_olny is not a setting of pyinfra-mail {VERSION}; did you mean verify_only",
        ),
        ("verify_fast=maybe", "verify_fast: 'maybe' is not True or False; write True or False"),
    ],
)
def test_a_proof_that_cannot_be_made_is_told_before_any_host_is_touched(
    word: str, sentence: str, run: Run, tmp_path: Path
) -> None:
    done = run(written(tmp_path, mx1=SETTINGS), "deploys/verify.py", "-y", "--data", word)

    assert done.returncode == 1
    assert sentence in done.stdout
    assert "nothing was changed" in done.stdout
    assert "Traceback" not in done.stdout
    assert "Starting operation" not in done.stdout


def test_two_hosts_that_claim_one_name_are_refused(run: Run, tmp_path: Path) -> None:
    done = run(written(tmp_path, mx1=SETTINGS, mx2=SETTINGS), "deploys/hosts.py", "-y")

    assert done.returncode == 1
    assert "@fake/mx2: mx1.harbor.example is claimed by @fake/mx1 too" in done.stdout


def test_an_inventory_without_mail_hosts_is_told_what_the_group_is_called(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "inventory.py").write_text('servers = ["@fake/mx1"]\n')

    done = run(tmp_path / "inventory.py", "deploys/hosts.py", "-y")

    assert done.returncode == 1
    assert "no host in the group 'mail'" in done.stdout


@pytest.mark.parametrize("way", ["-y", "--dry"])
@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            {"system": {"id": "ubuntu", "version_id": "24.04", "pretty_name": "Ubuntu 24.04"}},
            "Ubuntu 24.04 is not supported; install Debian 12 or 13",
        ),
        (
            {"listeners": {"25": {"pid": 212, "process": "exim4"}, "53": None}},
            "exim4 (process 212) listens on port 25; stop and remove it",
        ),
    ],
)
def test_a_host_that_cannot_be_deployed_says_why(
    found: dict[str, Any], sentence: str, way: str, run: Run, tmp_path: Path
) -> None:
    whole = asdict(bare("13")) | found

    done = run(written(tmp_path, whole, mx1=SETTINGS), "deploys/hosts.py", way)

    assert done.returncode == 1
    assert f"[@fake/mx1] {sentence}" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("deploy", ["deploys/hosts.py", "deploys/site.py"])
def test_a_host_that_answers_for_other_settings_is_refused(
    deploy: str, run: Run, tmp_path: Path
) -> None:
    inventory = written(tmp_path, mx1=SETTINGS | {"mail_tls": "acme"})

    done = run(inventory, deploy, "--dry")

    assert done.returncode == 1
    assert "@fake/mx1: its answer has no state of certbot; a fake host must" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_plan_says_that_mail_waits_for_a_lost_key(run: Run, tmp_path: Path) -> None:
    history = {"/var/lib/pyinfra-mail/dkim/mx1.json": {"1": {"signing": 1.0}}}
    found = asdict(bare("13")) | {"histories": history, "clock": 9e8}

    done = run(written(tmp_path, found, mx1=SETTINGS), "deploys/hosts.py", "--dry")

    assert done.returncode == 0, done.stdout
    assert "mx1-ed25519.key signed and cannot be read, so outgoing mail waits" in done.stdout


def test_a_host_without_python_is_told_how_to_get_it(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, mx1=SETTINGS)
    refusal = {"refused": {"step": "python3", "why": "python3 is missing: apt-get install python3"}}
    answer = printed({"answer": asdict(bare("13"))})
    inventory.write_text(inventory.read_text().replace(repr(answer), repr(printed(refusal))))

    done = run(inventory, "deploys/hosts.py", "-y")

    assert done.returncode == 1
    assert "python3 is missing: apt-get install python3" in done.stdout


def test_host_keys_have_to_be_checked_or_trusted_in_writing(run: Run, tmp_path: Path) -> None:
    host = ("mx1", SETTINGS | {"ssh_hostname": "127.0.0.1", "ssh_port": 9})
    other = ("@fake/mx2", {"mail_hostname": "b.example", "mail_addresses": ["203.0.113.9"]})
    (tmp_path / "inventory.py").write_text(f"mail = [{host!r}, {other!r}]\n")

    done = run(tmp_path / "inventory.py", "deploys/hosts.py", "-y")

    assert done.returncode == 1
    assert "mx1: ssh_strict_host_key_checking is None; write 'yes'" in done.stdout
    assert f"{tmp_path} has no folder group_data; make it" in done.stdout


def test_a_refused_operation_is_one_sentence_without_a_file_of_ours(
    run: Run, tmp_path: Path
) -> None:
    inventory = written(tmp_path, mx1=SETTINGS | {"mail_dns": {"class": "manual"}})

    done = run(inventory, "deploys/zone.py", "--dry", "--data", "zone_restore=20200101T000000Z")

    assert done.returncode == 1
    assert "--> pyinfra error: zone_restore: no run '20200101T000000Z' has a" in done.stdout
