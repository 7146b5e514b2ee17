"""certbot: its command line, and the reason in its output."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploys.host.agent.system.shell import Refused
from deploys.host.agent.tls import acme, certificates
from deploys.host.model.desired import Certificate
from deploys.host.model.state import FoundListener

ONE = Certificate(
    path="/etc/ssl/private/pyinfra-mail/mx1.harbor.example.pem",
    name="mx1.harbor.example",
    source="acme",
    directory="https://acme.example/dir",
)


def command(monkeypatch: pytest.MonkeyPatch, before: str = "", **other: Any) -> str:
    monkeypatch.setattr(acme, "renewed_by", lambda _name: before)
    return " ".join(acme._certbot(replace(ONE, **other), "rsa"))  # noqa: SLF001 - the command itself


def test_a_renewal_keeps_the_key_and_a_valid_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = command(monkeypatch)

    assert "--cert-name mx1.harbor.example-rsa -d mx1.harbor.example" in line
    assert "--key-type rsa --rsa-key-size 3072" in line
    assert "--reuse-key --keep-until-expiring" in line
    assert "--register-unsafely-without-email" in line


def test_another_ca_issues_a_new_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--force-renewal" in command(monkeypatch, before="https://old.example/dir")
    assert "--force-renewal" not in command(monkeypatch, before=ONE.directory)
    assert "--force-renewal" in command(monkeypatch, before=ONE.directory, rotate=True)


def test_the_contact_is_sent_to_the_ca(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--email hostmaster@harbor.example" in command(
        monkeypatch, contact="hostmaster@harbor.example"
    )


def test_the_reason_is_taken_from_certbots_output() -> None:
    output = (
        "Saving debug log to /var/log/letsencrypt/letsencrypt.log\n"
        "An unexpected error occurred:\n"
        "ValueError: Requesting acme.example/dir: Connection refused\n"
        "Ask for help or search for solutions at https://community.letsencrypt.org.\n"
    )

    assert (
        acme._reason(output)  # noqa: SLF001 - as above
        == "ValueError: Requesting acme.example/dir: Connection refused"
    )


def test_a_process_on_port_80_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acme, "listener", lambda _port: FoundListener(7, "nginx"))

    with pytest.raises(Refused, match=r"nginx \(process 7\) listens on port 80"):
        acme.issue(ONE, ("ecdsa",))


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ({}, ""),
        ({"acme.example/dir/1": "https://acme.example/acct/1"}, "https://acme.example/acct/1"),
        ({"other.example/dir/1": "https://other.example/acct/1"}, ""),
        ({"acme.example/dir/1": "https://a/1", "acme.example/dir/2": "https://a/2"}, ""),
    ],
)
def test_the_account_at_the_ca_is_read_from_certbots_files(
    held: dict[str, str], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, uri in held.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "regr.json").write_text(json.dumps({"body": {}, "uri": uri}))
    monkeypatch.setattr(certificates, "ACCOUNTS", tmp_path)

    assert certificates.acme_account(ONE.directory) == found
    assert certificates.acme_account("") == ""
