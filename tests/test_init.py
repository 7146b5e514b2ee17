"""deploys/init.py: processes of pyinfra, in a terminal and without one."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploys.mail.toolkit import VERSION
from deploys.zones.providers.catalogue import PROVIDERS
from tests.fakes import Run
from tests.package.repositories import copied
from tests.terminals import Terminal
from tests.zones.configurations import KEYS

ROOT = Path(__file__).parents[1]
INIT = ("@local", "deploys/init.py")
HOST = ("--data", "host=mx1.harbor.example")
ADDRESS = ("--data", "address=203.0.113.11,2001:db8:25::11")
DOMAIN = ("--data", "domain=harbor.example,Orchard.Example")
NONE = ("--data", "dns=none")
ANSWERS = (*HOST, *ADDRESS, *DOMAIN)
INVENTORY = '''"""Hosts by their role: docs/settings.md."""

mail = [
    (
        "mx1.harbor.example",
        {
            "mail_hostname": "mx1.harbor.example",
            "mail_addresses": ["203.0.113.11", "2001:db8:25::11"],
            "mail_domains": ["harbor.example", "orchard.example"],
        },
    ),
]
'''


def in_folder(folder: Path) -> tuple[str, str]:
    return "--data", f"folder={folder}"


def test_a_terminal_is_asked_until_each_answer_is_valid_and_the_result_passes_the_check(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "inventories" / "mine"
    terminal = Terminal(ROOT, *INIT, *in_folder(folder))

    terminal.answer(
        [
            ("Name of the mail host", "mx1"),
            ("Name of the mail host", " mx1.harbor.example"),
            ("public IP addresses", "203.0.113.300"),
            ("public IP addresses", "203.0.113.11, 2001:db8:25::11"),
            ("Domains that it receives", "harbor_example"),
            ("Domains that it receives", "harbor.example Orchard.Example"),
            ("DNS provider (", "powerdsn"),
            ("DNS provider (", "powerdns"),
            ("powerdns: host", "ns.harbor.example"),
            ("reference to its api_key", "open-sesame"),
            ("reference to its api_key", 'command("echo", "sesame")'),
        ]
    )

    assert terminal.end() == 0, terminal.shown
    for sentence in (
        "Error: mail_hostname: 'mx1' is not a domain name",
        "'203.0.113.300' is not an address",
        "'harbor_example' is not a domain name",
        "'powerdsn' is not a DNS provider with a short name",
        "Error: this is not a reference to a secret; write env(",
    ):
        assert sentence in terminal.shown.replace("\r\n", " ")
    assert (folder / "inventory.py").read_text() == INVENTORY
    assert "open-sesame" not in (folder / "group_data/mail.py").read_text()
    checked = run(folder / "inventory.py", "deploys/check.py")
    assert checked.returncode == 0, checked.stdout
    assert "No mistakes (mail host: 1)" in checked.stdout
    assert "ssh root@mx1.harbor.example true  # the host key" in terminal.shown


def test_what_data_answers_is_not_asked(tmp_path: Path) -> None:
    terminal = Terminal(ROOT, *INIT, *in_folder(tmp_path / "new"), *HOST, *ADDRESS, *NONE)

    terminal.answer([("Domains that it receives", "harbor.example")])

    assert terminal.end() == 0, terminal.shown
    assert "Name of the mail host" not in terminal.shown


def test_ctrl_c_at_a_question_ends_with_status_130_and_writes_nothing(tmp_path: Path) -> None:
    terminal = Terminal(ROOT, *INIT, *in_folder(tmp_path / "new"), *HOST)

    terminal.interrupt("public IP addresses")

    assert terminal.end() == 130, terminal.shown
    assert "nothing was written" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (
            (),
            (
                "--data host=mx1.example.org --data address=203.0.113.25,2001:db8::25 "
                "--data domain=example.org --data dns=manual"
            ),
        ),
        ((*HOST, *DOMAIN, *NONE), "--data address=203.0.113.25,2001:db8::25\n"),
        (
            (*ANSWERS, "--data", "dns=powerdns", "--data", "dns_host=ns.harbor.example"),
            "--data 'dns_api_key=env(\"POWERDNS_API_KEY\")'",
        ),
    ],
)
def test_without_a_terminal_every_missing_answer_is_named_at_once(
    given: tuple[str, ...], missing: str, run: Run, tmp_path: Path
) -> None:
    done = run(Path(INIT[0]), INIT[1], *in_folder(tmp_path / "new"), *given)

    assert done.returncode == 1
    assert f"there is no terminal to ask in; write {missing}" in f"{done.stdout}\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("host=mx1", "--data host: mail_hostname: 'mx1' is not a domain name"),
        ("address=203.0.113.300", "--data address: mail_addresses.0: '203.0.113.300' is not an"),
        ("domain=exa_mple.org", "--data domain: mail_domains.0: 'exa_mple.org' is not a domain"),
        ("domain=", "--data domain: the answer is empty"),
        ("dns=powerdsn", "--data dns: 'powerdsn' is not a DNS provider"),
        ("dns_api_key=sesame", "--data dns_api_key: this is not a reference to a secret"),
        ("dns_api_key=env()", "--data dns_api_key: this is not a reference to a secret"),
        ('dns_api_key=env("A", "B")', "--data dns_api_key: this is not a reference to a secret"),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_nothing_is_written(
    answer: str, sentence: str, run: Run, tmp_path: Path
) -> None:
    dns = ("--data", "dns=powerdns", "--data", "dns_host=h", "--data", "dns_api_key=env(KEY)")
    given = (*in_folder(tmp_path / "new"), *ANSWERS, *dns, "--data", answer)

    done = run(Path(INIT[0]), INIT[1], *given)

    assert done.returncode == 1
    assert f"Nothing was written: {sentence}" in done.stdout
    assert "sesame" not in done.stdout
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["none", "manual", *KEYS])
def test_the_inventory_of_each_provider_passes_the_check(
    name: str, run: Run, tmp_path: Path
) -> None:
    entry = PROVIDERS[name] if name in KEYS else None
    keys = dict.fromkeys(entry.plain_keys if entry else (), "1")
    keys |= dict.fromkeys(entry.secret_keys if entry else (), "command(echo c2VzYW1l)")
    data = [part for key, value in keys.items() for part in ("--data", f"dns_{key}={value}")]
    folder = tmp_path / "new"

    done = run(Path(INIT[0]), INIT[1], *in_folder(folder), *ANSWERS, "--data", f"dns={name}", *data)

    assert done.returncode == 0, done.stdout
    inventory = folder / "inventory.py"
    assert inventory.read_text() == INVENTORY
    checked = run(inventory, "deploys/check.py", "--data", "check_secrets=no")
    assert checked.returncode == 0, checked.stdout
    ruff = (sys.executable, "-m", "ruff", "format", "--check", "--line-length=100", "--isolated")
    assert subprocess.run((*ruff, str(folder)), capture_output=True, check=False).returncode == 0


def test_the_questions_of_a_provider_are_its_keys() -> None:
    for name, keys in KEYS.items():
        entry = PROVIDERS[name]
        assert set(keys) <= {*entry.plain_keys, *entry.secret_keys}, name


def test_no_file_of_an_inventory_is_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "group_data").mkdir()
    (tmp_path / "group_data" / "all.py").write_text("mine = 1\n")

    done = run(Path(INIT[0]), INIT[1], *in_folder(tmp_path), *ANSWERS, *NONE)

    assert done.returncode == 1
    assert f"exists is not overwritten ({tmp_path}/group_data/all.py)" in done.stdout
    assert (tmp_path / "group_data" / "all.py").read_text() == "mine = 1\n"
    assert not (tmp_path / "inventory.py").exists()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder for Python's path with the package as it is installed."""
    return str(copied(tmp_path_factory.mktemp("site-packages")))


def test_an_empty_folder_becomes_a_repository_that_passes_the_check(
    installed: str, tmp_path: Path
) -> None:
    (tmp_path / ".gitignore").write_text("mine/\n")
    dns = ("--data", "dns=powerdns", "--data", "dns_host=h")
    secret = ("--data", "dns_api_key=command(echo sesame)")
    first = Terminal(
        tmp_path, "@local", "pyinfra_mail.init", *ANSWERS, *dns, *secret, PYTHONPATH=installed
    )
    assert first.end() == 0, first.shown

    checked = Terminal(tmp_path, "inventory.py", "pyinfra_mail.check", PYTHONPATH=installed)
    assert checked.end() == 0, checked.shown

    assert "No mistakes" in checked.shown
    assert "Connecting" not in checked.shown
    written = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    assert written == {
        ".gitignore": "mine/\n",
        "config.py": "from pyinfra_mail import check_first\n\ncheck_first()\n",
        "deploy.py": "from pyinfra_mail import site\n\nsite()\n",
        "inventory.py": INVENTORY,
        "requirements.txt": f"pyinfra-mail[powerdns]=={VERSION}\n",
    }
    assert ".gitignore exists, and stays as it is; see that it has: .venv/" in first.shown
    assert "pyinfra inventory.py pyinfra_mail.check" in first.shown
