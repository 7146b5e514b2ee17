"""Every block of code in the documents is loaded: keys of an inventory as settings of a fleet."""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import certifi
import pytest
import yaml

from deploys.mail.errors import MailError
from deploys.mail.settings import secret
from deploys.mail.settings.inventory import fleet_from, known_keys
from deploys.mail.settings.model import Fleet, MailSettings, NullClient
from tests.docs.pages import FENCE, ROOT, Block, blocks, pages

GROUPS = ("mail", "witnesses", "client", "controller")  # in the order of fleet_from
HOST = {
    "mail_hostname": "mx1.example.org",
    "mail_addresses": ["203.0.113.25", "2001:db8::25"],
    "mail_domains": ["example.org"],
}
CLIENT = {
    "mail_hostname": "app.example.org",
    "mail_relay": "mx1.example.org:465",
    "mail_relay_login": "app@example.org",
    "mail_relay_password": secret.env("RELAY_PASSWORD"),
    "mail_root": "postmaster@example.org",
}
WITNESS = {
    "mail_witness_address": "visitor@example.net",
    "mail_witness_mailbox": "/var/mail/visitor",
}
OF_CLIENTS = {f"mail_{name}" for name in NullClient.model_fields}
# Settings that some settings need beside them.
ACCOUNT = (
    'mail_aliases = {"anna": "root"}\nmail_accounts = {"anna@example.org": {"password": env("A")}}'
)
MAILBOX = 'mail_mailboxes = {"anna@example.org": {"password": env("A")}}'
RELAY = 'mail_relay = "smtp.relay.example:587"\n'
BESIDE = {
    "mail_dmarc": 'mail_dmarc_reports = ["dmarc@example.org"]\nmail_domains = ["example.org"]',
    "mail_accounts": 'mail_aliases = {"anna": "root"}',
    "mail_account_rate": ACCOUNT,
    "mail_acme_dns": 'mail_tls = "acme"\nmail_acme_challenge = "dns"',
    "mail_bulk": ACCOUNT,
    "mail_warmup": f'{ACCOUNT}\nmail_bulk = {{"accounts": ["anna@example.org"], '
    '"bounces": "b.example.org", "secret": env("B"), '
    '"addresses": ["203.0.113.41", "203.0.113.42"]}',
    "mail_directory": f'{MAILBOX}\nmail_domains = ["example.org"]',
    **dict.fromkeys(("mail_managesieve", "mail_pop3", "mail_imap_starttls"), MAILBOX),
    "mail_postscreen_dnsbl": "mail_postscreen = True",
    "mail_autoconfig": f'mail_tls = "acme"\n{ACCOUNT}',
    "mail_mta_sts": 'mail_tls = "acme"\nmail_tls_rpt = ["tls@example.org"]\n'
    'mail_domains = ["example.org"]',
    "mail_tls_files": 'mail_tls = "files"',
    "mail_relay_login": f'{RELAY}mail_relay_password = env("B")',
    "mail_relay_password": f'{RELAY}mail_relay_login = "app@example.org"',
    "mail_relay_ca": RELAY,
    "mail_relay_tls": RELAY,
    "mail_relay_spf": RELAY,
}
IMPORTED = "from deploys import command, env, file\n"
CERTIFICATES = "/etc/ssl/certs/our-ca.pem"
ROWS = [
    [cell.strip("` ") for cell in line.split(" | ")]
    for line in (ROOT / "docs/settings.md").read_text().splitlines()
    if line.startswith("| `")
]
EXAMPLES = {row[0].strip("|` "): row[3] for row in ROWS}
PYTHON = [block for block in blocks() if block.language == "python"]


def targets(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Assign):
        return [one.id for one in statement.targets if isinstance(one, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def is_data(name: str) -> bool:
    return name.startswith(("mail_", "verify_")) or name in GROUPS


def inventories(text: str) -> Iterator[dict[str, Any]]:
    """Yield the data of a block; one that assigns a key twice has an inventory for each value."""
    statements = ast.parse(text.replace("pyinfra_mail", "deploys")).body
    if not any(is_data(name) for one in statements for name in targets(one)):
        return
    scope: dict[str, Any] = {}  # a block imports what it uses, so that a reader can copy it
    seen: set[str] = set()
    for statement in statements:
        if seen & set(targets(statement)):
            yield dict(scope)
            seen.clear()
        exec(compile(ast.Module([statement], []), "block", "exec"), scope)  # noqa: S102 - ours
        seen |= set(targets(statement))
    yield dict(scope)


def hosts(scope: Mapping[str, Any], group: str) -> dict[str, dict[str, Any]]:
    entries = scope.get(group, [])
    return {
        name: dict(data)
        for name, data in (one if isinstance(one, tuple) else (one, {}) for one in entries)
    }


def loaded(scope: Mapping[str, Any]) -> Fleet:
    """Return the fleet of an inventory that is completed by hosts of our own."""
    keys = {key: value for key, value in scope.items() if key.startswith(("mail_", "verify_"))}
    common = {key: value for key, value in keys.items() if key.startswith("verify_")}
    witness = {key: value for key, value in keys.items() if key.startswith("mail_witness_")}
    client = {key: value for key, value in keys.items() if key in OF_CLIENTS}
    own = set(client) - {f"mail_{name}" for name in MailSettings.model_fields}
    if own and not scope.get("client"):
        scope = {**scope, "client": ["app.example.org"]}
    mail = {key: value for key, value in keys.items() if key not in (*witness, *own)}
    groups = {group: hosts(scope, group) for group in GROUPS}
    if not groups["mail"]:
        groups["mail"] = {"mx1.example.org": HOST}
    # A client trusts the certificate of the relay that its examples name.
    trusted = {"mail_tls": "acme"} if scope.get("client") else {}
    below = (trusted | common | mail, common | WITNESS | witness, CLIENT | client, common)
    data = (
        {name: {**defaults, **data} for name, data in groups[group].items()}
        for group, defaults in zip(GROUPS, below, strict=True)
    )
    return fleet_from(*data)


@pytest.fixture
def _secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give a value to each secret that a document refers to."""
    monkeypatch.setenv("HOME", str(tmp_path))
    text = "\n".join((*(block.text for block in PYTHON), *EXAMPLES.values(), *BESIDE.values()))
    for name in re.findall(r'\benv\("(\w+)"\)', text):
        monkeypatch.setenv(name, "YW4gaW52ZW50ZWQgdmFsdWUgaW4gYmFzZTY0")
    for name in re.findall(r'\bfile\("~/([^"]+)"\)', text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("an invented value")
        path.chmod(0o600)


@pytest.mark.usefixtures("_secrets")
@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_keys_of_an_inventory_are_accepted(block: Block) -> None:
    for scope in inventories(block.text):
        assert loaded(scope).hosts


@pytest.mark.usefixtures("_secrets")
@pytest.mark.parametrize(("key", "example"), EXAMPLES.items(), ids=EXAMPLES)
def test_every_example_of_a_setting_is_accepted(key: str, example: str) -> None:
    text = f"{IMPORTED}{BESIDE.get(key, '')}\n{key} = {example}"

    for scope in inventories(text.replace(CERTIFICATES, certifi.where())):
        assert loaded(scope).hosts


def test_every_setting_has_an_example() -> None:
    assert set(EXAMPLES) == set(known_keys())


def test_blocks_with_keys_are_found() -> None:
    assert sum(1 for block in PYTHON for _ in inventories(block.text)) > 10


def test_a_block_with_an_unknown_key_is_refused() -> None:
    (scope,) = inventories("mail_dsn = None")

    with pytest.raises(MailError, match="mail_dsn is not a setting"):
        loaded(scope)


@pytest.mark.parametrize(("language", "parser"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_blocks_in_other_languages_are_valid(
    language: str, parser: Callable[[str], object]
) -> None:
    for block in blocks():
        if block.language == language:
            assert parser(block.text), str(block)


def test_a_list_in_a_list_is_indented_as_the_site_needs_it() -> None:
    lines = (line for path in pages() for line in FENCE.sub("", path.read_text()).splitlines())

    assert [line for line in lines if re.match(r" {1,3}([-*]|\d+\.) ", line)] == []
