"""deploys/check.py, and the check before the first connection: processes of pyinfra."""

from pathlib import Path

import pytest

from deploys.host.services import tls_reports
from tests.fakes import Run, printed, written
from tests.host.found import SETTINGS
from tests.zones.fleets import DNS

HEAD = "the inventory has mistakes, nothing was changed:\n    "
SECOND = {
    "mail_hostname": "mx2.harbor.example",
    "mail_addresses": ["203.0.113.12"],
    "mail_domains": ["harbor.example"],
}
POWERDNS = '{"class": "powerdns", "host": "192.0.2.1", "api_key": env("ABSENT_KEY")}'


def real(folder: Path, *, mail: str = "", everywhere: str = "") -> Path:
    """Write an inventory of a host behind SSH, where nobody listens."""
    data = SETTINGS | {"ssh_hostname": "127.0.0.1", "ssh_port": 9}
    (folder / "inventory.py").write_text(f"mail = [('mx1', {data!r})]\n")
    (folder / "group_data").mkdir()
    secrets = "from deploys import command, env, file\n"
    (folder / "group_data" / "mail.py").write_text(secrets + mail)
    (folder / "group_data" / "all.py").write_text(secrets + everywhere)
    return folder / "inventory.py"


TRUSTED = 'ssh_strict_host_key_checking = "yes"\n'


def test_an_inventory_without_mistakes_ends_with_status_0_and_without_a_connection(
    run: Run, tmp_path: Path
) -> None:
    done = run(real(tmp_path, everywhere=TRUSTED), "deploys/check.py")

    assert done.returncode == 0, done.stdout
    assert "No mistakes (mail host: 1)" in done.stdout
    assert "Connecting" not in done.stdout


def test_every_mistake_is_told_at_once_and_without_a_connection(run: Run, tmp_path: Path) -> None:
    inventory = real(
        tmp_path,
        mail=f"mail_dns = {POWERDNS}\nmail_ttl = 1\nmail_relay = 'a.example'\n"
        "mail_acme_ca_file = '/absent.pem'\n"
        "mail_accounts = {'ann@harbor.example': {'password': file('/absent-password')}}\n",
        everywhere="verify_only = ['smpt.relay']\nverify_bulk = ['/absent.eml']\n"
        "verify_list = '/absent.csv'\n"
        "verify_notify = command('false', 'open-sesame')\n",
    )

    done = run(inventory, "deploys/check.py")

    assert done.returncode == 1
    assert HEAD in done.stdout
    told = [line.strip() for line in done.stdout.partition(HEAD)[2].splitlines()]
    for sentence in (
        "mx1: mail_ttl: 1 is too small; write at least 60",
        "mx1: mail_acme_ca_file: '/absent.pem' cannot be read",
        "mx1: mail_relay: 'a.example' has no port",
        "mx1: ssh_strict_host_key_checking is None; write 'yes' in group_data/all.py",
        'mx1: mail_dns.api_key: the secret env("ABSENT_KEY") is not set: export ABSENT_KEY',
        'mx1: mail_accounts.ann@harbor.example.password: the secret file("/absent-password")',
        'mx1: verify_notify: the secret command("false", …) cannot be read',
        "verify_only: 'smpt.relay' is no check; did you mean smtp.relay?",
        "verify_bulk: /absent.eml cannot be read",
        "verify_list: /absent.csv cannot be read",
    ):
        assert len([line for line in told if line.startswith(sentence)]) == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert "open-sesame" not in done.stdout
    assert "Connecting" not in done.stdout


def test_a_package_that_hosts_need_is_told_where_this_machine_lacks_it(
    run: Run, tmp_path: Path
) -> None:
    sends = "mail_send_reports = ['tls']\n"
    done = run(real(tmp_path, mail=sends, everywhere=TRUSTED), "deploys/check.py")

    lacks = "mx1: mail_send_reports has 'tls', which needs tlsrpt-reporter on this machine; run pip"
    assert (lacks in done.stdout) is not tls_reports.is_installed()


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        ({"class": "powerdsn"}, "the class 'powerdsn' is not known; did you mean 'powerdns'"),
        ({"class": "octodns_absent.Provider"}, "not installed; run: pip install 'octodns-absent'"),
        ({"class": "powerdns", "host": "h"}, "PowerDnsProvider needs api_key; add it to mail_dns"),
        (DNS | {"api_kee": "x"}, "has no key api_kee; correct it in mail_dns or remove it"),
        (POWERDNS.replace('env("ABSENT_KEY")', 'command("echo", "k"), "port": "x"'), "refuses its"),
    ],
)
def test_a_wrong_provider_is_told_before_the_first_connection(
    configuration: object, sentence: str, run: Run, tmp_path: Path
) -> None:
    inventory = real(tmp_path, mail=f"mail_dns = {configuration}\n", everywhere=TRUSTED)

    for deploy in ("deploys/check.py", "deploys/site.py", "deploys/zone.py"):
        done = run(inventory, deploy, "--dry")

        assert done.returncode == 1
        assert f"{HEAD}mx1: mail_dns: " in done.stdout
        assert sentence in done.stdout
        assert "Connecting" not in done.stdout


def test_hosts_that_publish_one_domain_through_two_providers_are_told_first(
    run: Run, tmp_path: Path
) -> None:
    manual = {"mail_dns": {"class": "manual"}}
    inventory = written(tmp_path, mx1=SETTINGS | manual, mx2=SECOND)

    done = run(inventory, "deploys/zone.py")

    assert done.returncode == 1
    assert "harbor.example is published through a different mail_dns" in done.stdout
    assert "Connecting" not in done.stdout


@pytest.mark.parametrize(
    ("deploy", "used"),
    [
        ("deploys/hosts.py", set()),
        ("deploys/zone.py", {"mail_dns"}),
        ("deploys/certificates.py", {"mail_dns"}),
        ("deploys/verify.py", {"verify_notify"}),
        ("deploys/timer.py", {"verify_notify"}),
        ("deploys/site.py", {"mail_dns", "verify_notify"}),
        ("deploys/check.py", {"mail_dns", "verify_notify"}),
        ("deploys.hosts", set()),
        ("deploys.site", {"mail_dns", "verify_notify"}),
    ],
)
def test_a_deploy_asks_for_the_secrets_that_it_uses_only(
    deploy: str, used: set[str], run: Run, tmp_path: Path
) -> None:
    inventory = real(
        tmp_path,
        mail=f"mail_dns = {POWERDNS}\n",
        everywhere='ssh_key_password = env("ABSENT_ONE")\nverify_notify = env("ABSENT_HOOK")\n',
    )

    done = run(inventory, deploy, "--dry")

    assert done.returncode == 1
    assert {key for key in ("mail_dns", "verify_notify") if key in done.stdout} == used
    assert 'mx1: ssh_key_password: the secret env("ABSENT_ONE") is not set' in done.stdout
    assert "Connecting" not in done.stdout


def test_secrets_are_left_out_for_a_machine_that_has_none(run: Run, tmp_path: Path) -> None:
    wrong = POWERDNS.replace("host", "hots")
    inventory = real(tmp_path, mail=f"mail_dns = {wrong}\n", everywhere=TRUSTED)

    done = run(inventory, "deploys/check.py", "--data", "check_secrets=no")

    assert done.returncode == 1
    assert "ABSENT_KEY" not in done.stdout
    assert "needs host; add it to mail_dns" in done.stdout


def test_passwords_of_accounts_and_clients_are_left_out_too(run: Run) -> None:
    example = "inventories/example/inventory.py"
    found = run(example, "deploys/check.py")
    left_out = run(example, "deploys/check.py", "--data", "check_secrets=no")

    assert "app.example.org: mail_relay_password: the secret env(" in found.stdout
    assert (left_out.returncode, "No mistakes" in left_out.stdout) == (0, True)


def test_other_deploys_and_facts_are_not_checked(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, mx1={})
    other = tmp_path / "other.py"
    other.write_text("from pyinfra import host\n\nhost.noop('nothing')\n")

    for operations in ([str(other)], ["exec", "true"]):
        assert HEAD not in run(inventory, *operations, "--dry").stdout
    assert HEAD in run(inventory, "deploys/hosts.py", str(other), "--dry").stdout


def test_without_config_py_the_check_says_that_pyinfra_connected(run: Run, tmp_path: Path) -> None:
    done = run(written(tmp_path, mx1=SETTINGS, mx2=SECOND), "deploys/check.py", "--config", "none")

    assert done.returncode == 0
    assert done.stdout.count("no config.py here calls check_first()") == 1
    assert done.stdout.count("No mistakes (mail host: 2)") == 1


def test_without_config_py_mistakes_are_told_before_a_host_is_changed(
    run: Run, tmp_path: Path
) -> None:
    done = run(written(tmp_path, mx1={}), "deploys/check.py", "--config", "none")

    assert done.returncode == 1
    assert f"--> pyinfra error: {HEAD}" in done.stdout  # without a file and line of ours


ASKED = ("--data", "fail_on_changes=yes")


def test_a_dry_run_with_changes_ends_with_status_3_if_asked(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, mx1=SETTINGS)

    plain = run(inventory, "deploys/hosts.py", "--dry")
    asked = run(inventory, "deploys/hosts.py", "--dry", *ASKED)
    listed = run(inventory, "deploys/hosts.py", "--dry", "--json", *ASKED)

    assert (plain.returncode, asked.returncode, listed.returncode) == (0, 3, 3)
    assert "Exit status 3: there are changes for @fake/mx1" in asked.stdout
    assert '"plan"' in listed.stdout


def test_a_dry_run_without_changes_ends_with_status_0(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, mx1=SETTINGS)

    done = run(inventory, "deploys/zone.py", "--dry", *ASKED)

    assert done.returncode == 0, done.stdout
    assert "Exit status" not in done.stdout


def test_a_dry_run_that_fails_ends_with_status_1(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, mx1=SETTINGS)
    answer = printed({"refused": {"step": "python3", "why": "python3 is missing"}})
    responses = f"'fake_responses': {{'python3': {answer!r}}}"
    broken = inventory.read_text().replace("'fake_responses'", f"{responses}, 'unused'")
    inventory.write_text(broken)

    done = run(inventory, "deploys/hosts.py", "--dry", *ASKED)

    assert done.returncode == 1, done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-y"], "is for a dry run, which compares; add --dry, and leave out -y"),
        (["--dry", "-y"], "is for a dry run, which compares; add --dry, and leave out -y"),
        (["--dry", "--config", "none"], "needs a config.py in this folder that calls check"),
        (["--dry", "--data", "fail_on_changes=maybe"], "maybe is not valid; write fail_on_changes"),
    ],
)
def test_the_status_needs_a_comparison(
    arguments: list[str], sentence: str, run: Run, tmp_path: Path
) -> None:
    done = run(written(tmp_path, mx1=SETTINGS), "deploys/hosts.py", *ASKED, *arguments)

    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Starting operation" not in done.stdout
