"""DKIM keys that sign: those whose records are published, and those that sign already."""

import base64
import hashlib
import stat
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import dkim
import pytest

from deploys.host.agent import dkim as agent
from deploys.host.dkim import keys as keyring
from deploys.host.dkim.signing_table import SigningTable
from deploys.host.dkim.state import DkimState, dkim_state
from deploys.host.model.desired import Key, KeyKind
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.services import rspamd
from deploys.host.services.plan_input import plan_input
from deploys.mail.paths import DKIM_TABLE
from deploys.mail.settings.model import MailSettings
from tests.host.found import bare, settings

RSA, ED25519 = "mx1-rsa._domainkey.harbor.example", "mx1-ed25519._domainkey.harbor.example"


def with_keys(existing: Existing, **found: Any) -> Existing:
    """Return a host that has its keys."""
    paths = keyring.key_paths(settings())[:2]
    made = dict(zip(paths, ("UlNB", "RUQy"), strict=True))
    return replace(existing, **({"keys": made} | found))


def running(existing: Existing, *seen: str) -> Existing:
    """Return the same host with the table that its rspamd would be given."""
    given = plan_input(settings(), existing, lambda *_: seen)
    service_files = rspamd.service(settings(), given).files
    (table,) = (file for file in service_files if file.path == DKIM_TABLE)
    service = asdict(existing.services["rspamd"])
    service["files"][DKIM_TABLE] = {
        "sha256": table.sha256,
        "content": base64.b64encode(table.content.encode()).decode(),
        "mode": 0o644,
        "owner": "root",
        "group": "root",
    }
    services = asdict(existing)["services"] | {"rspamd": service}
    return with_keys(decode(Existing, asdict(bare()) | {"services": services}))


def state(existing: Existing, *seen: str, own: MailSettings | None = None) -> DkimState:
    return dkim_state(own or settings(), existing, lambda *_: seen)


def selectors(table: SigningTable) -> dict[str, list[str]]:
    """Return the selectors that sign for each domain."""
    return {domain: [key.selector for key in signing] for domain, signing in table.items()}


def test_a_host_without_keys_signs_nothing_and_waits_for_nothing() -> None:
    assert state(bare()).signs == {}
    assert state(bare()).waiting == ()


def test_a_key_does_not_sign_before_its_record_is_seen() -> None:
    found = state(with_keys(bare()), ED25519)

    assert selectors(found.signs) == {"harbor.example": ["mx1-ed25519"]}
    assert found.waiting[0] == (
        "harbor.example: mail is sent without the DKIM signature mx1-rsa; publish: "
        f'{RSA}. TXT "v=DKIM1; k=rsa; p=UlNB"'
    )


def test_a_key_that_signs_goes_on_without_its_record() -> None:
    host = running(with_keys(bare()), RSA, ED25519)

    assert selectors(state(host).signs) == {"harbor.example": ["mx1-rsa", "mx1-ed25519"]}


def test_keys_of_another_selector_sign_once_their_records_are_seen() -> None:
    host = running(with_keys(bare()), RSA, ED25519)
    renamed = settings(mail_dkim_selector="next")
    made = dict.fromkeys(keyring.key_paths(renamed)[:2], "UlNB")
    waiting = replace(host, keys=made)
    records = [f"next-{name}._domainkey.harbor.example" for name in ("rsa", "ed25519")]

    def signing(*seen: str) -> list[str]:
        return selectors(state(waiting, *seen, own=renamed).signs)["harbor.example"]

    assert signing() == ["mx1-rsa", "mx1-ed25519"]
    assert signing(records[0]) == ["next-rsa", "mx1-ed25519"]
    assert signing(*records) == ["next-rsa", "next-ed25519"]


def test_only_records_of_keys_that_do_not_sign_yet_are_looked_up() -> None:
    asked: list[str] = []

    def seen(_: MailSettings, records: Mapping[str, str]) -> list[str]:
        asked.extend(records)
        return list(records)

    host = running(with_keys(bare()), RSA)
    found = dkim_state(settings(), host, seen)

    assert RSA not in asked
    assert ED25519 in asked
    assert selectors(found.signs)["mx1.harbor.example"] == ["mx1-rsa", "mx1-ed25519"]


@pytest.mark.parametrize("kind", ["rsa2048", "ed25519"])
def test_a_new_key_is_readable_by_its_owner_only_and_verifies(
    kind: KeyKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.chown", lambda *_: None)
    path = tmp_path / "dkim" / "mx1.key"

    agent.make_key(Key(str(path), kind, "_rspamd"))
    public = agent.public_key(str(path))

    assert public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert verifies(path, kind, public)
    assert sorted(file.name for file in path.parent.iterdir()) == ["mx1.key", "mx1.pub"]


def verifies(path: Path, kind: str, public: str) -> bool:
    message = b"From: a@harbor.example\r\nSubject: x\r\n\r\nhello\r\n"
    text = path.read_bytes()
    if kind == "ed25519":  # dkimpy wants the seed alone
        text = base64.b64encode(base64.b64decode(text)[:32])
    algorithm = {"rsa2048": "rsa", "ed25519": "ed25519"}[kind]
    signed = dkim.sign(
        message, b"s", b"harbor.example", text, signature_algorithm=f"{algorithm}-sha256".encode()
    )
    record = f"v=DKIM1; k={algorithm}; p={public}".encode()
    return bool(dkim.verify(signed + message, dnsfunc=lambda *_, **__: record))


def test_an_existing_key_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.chown", lambda *_: None)
    path = tmp_path / "dkim" / "mx1.key"
    key = Key(str(path), "ed25519", "_rspamd")
    agent.make_key(key)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".pub").unlink()

    assert agent.public_key(str(path)) is None
    agent.make_key(key)

    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert agent.public_key(str(path))
