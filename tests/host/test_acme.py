"""certbot: its command line, and the reason in its output."""

import json
import os
import subprocess
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploys.host.agent.system.shell import Refused
from deploys.host.agent.tls import acme, certificates, dns_challenge
from deploys.host.model.desired import Certificate, Challenge
from deploys.host.model.state import FoundListener
from deploys.host.tls import acme as host_acme
from deploys.host.tls import certificates as host_certificates
from deploys.mail import paths
from deploys.mail.settings.model import MailSettings
from tests.host.found import bare, settings

ONE = Certificate(
    path="/etc/ssl/private/pyinfra-mail/mx1.harbor.example.pem",
    name="mx1.harbor.example",
    source="acme",
    directory="https://acme.example/dir",
)


def command(monkeypatch: pytest.MonkeyPatch, before: str = "", **other: Any) -> str:
    monkeypatch.setattr(acme, "renewal", lambda _: (before, "http"))
    return " ".join(acme.command(replace(ONE, **other), "rsa", ("--standalone",)))


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

    assert acme.reason(ONE, output) == "ValueError: Requesting acme.example/dir: Connection refused"


PROBLEM = """
Certbot failed to authenticate some domains. The Certificate Authority reported these problems:
  Domain: mx1.harbor.example
  Type:   {kind}
  Detail: {detail}

Hint: The Certificate Authority failed to download the challenge files.

Saving debug log to /var/log/letsencrypt/letsencrypt.log
Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org.
"""


@pytest.mark.parametrize(
    ("kind", "challenge", "remedy"),
    [
        (
            "connection",
            "http",
            "port 80 of every A and AAAA record of mx1.harbor.example must",
        ),
        ("unauthorized", "webroot", "or write mail_acme_challenge = 'dns'"),
        ("dns", "dns", "every name server must answer with _acme-challenge.mx1.harbor.example"),
        ("caa", "http", "the CAA records of mx1.harbor.example must allow this authority"),
    ],
)
def test_the_reason_of_the_authority_has_the_name_the_problem_and_the_remedy(
    kind: str, challenge: Challenge, remedy: str
) -> None:
    output = PROBLEM.format(kind=kind, detail="203.0.113.5: Fetching http://x: Connection refused")

    found = acme.reason(replace(ONE, challenge=challenge), output)

    said = "203.0.113.5: Fetching http://x: Connection refused"
    assert found.startswith(f"the authority says of mx1.harbor.example: {said} ({kind}); ")
    assert remedy in found


def test_a_certbot_without_words_leads_to_its_log() -> None:
    assert "see /var/log/letsencrypt" in acme.reason(ONE, "\nSome challenges have failed.\n")


def test_a_directory_of_a_web_server_has_to_exist(tmp_path: Path) -> None:
    own = replace(ONE, challenge="webroot", webroot=f"{tmp_path}/none")

    with pytest.raises(Refused, match=r"^mail_acme_webroot: \S+/none is no directory"):
        acme.issue(own, ("ecdsa",))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("authenticator = standalone\nserver = https://a/dir\n", ("https://a/dir", "http")),
        (
            "authenticator = webroot\nwebroot_path = /var/www/html,\nserver = https://a/dir\n",
            ("https://a/dir", "webroot"),
        ),
        (
            "authenticator = webroot\nwebroot_path = /srv/old,\nserver = https://a/dir\n",
            ("https://a/dir", ""),
        ),
        ("authenticator = manual\nserver = https://a/dir\n", ("https://a/dir", "dns")),
        (None, ("", "")),
    ],
)
def test_the_server_and_the_challenge_are_read_from_certbots_settings(
    written: str | None, found: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "CERTBOT", str(tmp_path))
    if written is not None:
        (tmp_path / "renewal").mkdir()
        (tmp_path / "renewal" / f"{ONE.name}-ecdsa.conf").write_text(written)

    own = replace(ONE, challenge="webroot", webroot="/var/www/html")
    assert certificates.renewal(own) == found


def test_orders_by_dns_have_directories_that_certbots_timer_does_not_see() -> None:
    dns, http = (settings(mail_tls="acme", mail_acme_challenge=one) for one in ("dns", "http"))

    assert all(path.startswith("/etc/letsencrypt/live/") for path in files_of(http))
    assert files_of(dns)[0] == (
        "/var/lib/pyinfra-mail/acme/mx1.harbor.example-ecdsa/live/mx1.harbor.example-ecdsa/"
        "privkey.pem"
    )


def files_of(own: MailSettings) -> tuple[str, ...]:
    return host_certificates.certificates(own)[0].files


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


def test_orders_that_wait_report_the_values_of_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = {"mx1.harbor.example-rsa", "mx1.harbor.example-ecdsa", "mail.harbor.example-rsa"}
    monkeypatch.setattr(dns_challenge, "ORDERS", tmp_path)
    monkeypatch.setattr(dns_challenge, "_runs", lambda order: order.name in running)
    for order in (*running, "old.harbor.example-rsa"):
        (tmp_path / order).mkdir()
        (tmp_path / order / "value").write_text(f"value of {order}")
    (tmp_path / "mail.harbor.example-rsa" / "published").touch()

    assert dns_challenge.values() == {
        "mx1.harbor.example": (
            "value of mx1.harbor.example-ecdsa",
            "value of mx1.harbor.example-rsa",
        )
    }


def test_without_an_order_the_run_that_changes_zones_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_challenge, "ORDERS", tmp_path)

    with pytest.raises(Refused, match=r"needs the zone: run deploys/site\.py"):
        dns_challenge.finish(replace(ONE, challenge="dns"))


@pytest.mark.parametrize(
    ("ended", "refusal"),
    [
        ({"ecdsa": "0", "rsa": "0"}, ""),
        ({"ecdsa": "0", "rsa": "1"}, "the reason of rsa"),
        ({"ecdsa": "1", "rsa": "0"}, "the reason of ecdsa"),
    ],
)
def test_orders_that_have_ended_need_no_record_and_leave_nothing(
    ended: dict[str, str], refusal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_challenge, "ORDERS", tmp_path)
    monkeypatch.setattr(dns_challenge, "run", lambda *_: None)
    for kind, status in ended.items():
        order = tmp_path / f"{ONE.name}-{kind}"
        order.mkdir()
        (order / "status").write_text(status)
        (order / "output").write_text(f"the reason of {kind}\n")

    assert dns_challenge.values() == {}
    with pytest.raises(Refused, match=refusal) if refusal else nullcontext():
        dns_challenge.finish(replace(ONE, challenge="dns"))
    assert list(tmp_path.iterdir()) == []


def test_the_hook_writes_the_value_and_waits_for_the_record(tmp_path: Path) -> None:
    order = tmp_path / "mx1.harbor.example-rsa"
    order.mkdir()
    hook = ("sh", "-c", dns_challenge.HOOK.format(order=order))

    with subprocess.Popen(hook, env={"CERTBOT_VALIDATION": "abc", "PATH": os.defpath}) as waiting:
        while not (order / "value").exists():
            assert waiting.poll() is None
        assert (order / "value").read_text() == "abc"
        assert waiting.poll() is None
        (order / "published").touch()

    assert waiting.returncode == 0


@pytest.mark.parametrize(
    ("visible", "held"), [((), True), (("one",), True), (("one", "two"), False)]
)
def test_no_certificate_is_asked_for_before_every_value_is_visible(
    *, visible: tuple[str, ...], held: bool
) -> None:
    own = settings(mail_tls="acme", mail_acme_challenge="dns")
    existing = replace(bare(own=own), challenges={"mx1.harbor.example": ("one", "two")})

    found = host_acme.unproven(
        own, existing, lambda _, records: [name for name in records if records[name] in visible]
    )

    assert [*found] == (["/etc/ssl/private/pyinfra-mail/mx1.harbor.example.pem"] if held else [])
    assert all(f'TXT "{value}"' not in "".join(found.values()) for value in visible)
