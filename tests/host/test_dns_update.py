"""Proof of a name in a zone that the host changes itself, at a real server of updates."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.host.agent.tls import acme, certificates, update_hook
from deploys.host.model.desired import Certificate
from deploys.host.services import postfix
from deploys.host.services.plan_input import plan_input
from deploys.host.tls import certificates as host_certificates
from deploys.host.tls import dns_update
from deploys.host.tls.dns_update import ProofZone, RefusedUpdate, publish, remove
from deploys.mail import paths
from deploys.mail.settings.secret import command
from tests.host.found import bare, settings
from tests.host.update_server import UpdateServer

SECRET = "b3Blbi1zZXNhbWUtb3Blbi1zZXNhbWU="
HOST, ZONE = "mx1.harbor.example", "acme.example.net"
NAME = f"{HOST}.{ZONE}"
OWN = {
    "zone": ZONE,
    "server": "198.51.100.53",
    "key_name": "mx1",
    "key_secret": command("echo", SECRET),
}
BY_UPDATE = {"mail_tls": "acme", "mail_acme_challenge": "dns", "mail_acme_dns": OWN}
PROOFS = ProofZone(ZONE, "127.0.0.1", "mx1.", "hmac-sha256", SECRET)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_update, "_addresses", lambda _: ("127.0.0.1", "255.255.255.255"))
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture
def server() -> Iterator[UpdateServer]:
    with UpdateServer(ZONE, PROOFS.key, scope=NAME) as running:
        yield running


def test_a_value_is_published_beside_those_of_others_and_removed_alone(
    server: UpdateServer,
) -> None:
    publish(PROOFS, NAME, "theirs", server.port)
    publish(PROOFS, NAME, "ours", server.port)
    assert server.values == {NAME: {"theirs", "ours"}}

    remove(PROOFS, NAME, "ours", server.port)
    assert server.values == {NAME: {"theirs"}}


def test_a_value_is_published_once_every_server_answers_with_it(server: UpdateServer) -> None:
    server.lag = 3

    publish(PROOFS, NAME, "ours", server.port)

    assert server.lag < 0


@pytest.mark.parametrize(
    ("own", "name", "reason"),
    [
        ({}, f"www.{ZONE}", "REFUSED; permit that key to change TXT records at that name"),
        ({"key_name": "mx2."}, NAME, "NOTAUTH; permit that key"),
        ({"zone": "example.net"}, NAME, "127.0.0.1 has no zone example.net: correct mail_acme_dns"),
        ({"server": "127.0.0.9"}, NAME, "Connection refused; check mail_acme_dns and the server"),
    ],
)
def test_what_the_server_refuses_is_told_with_its_fix(
    own: dict[str, str], name: str, reason: str, server: UpdateServer
) -> None:
    with pytest.raises(RefusedUpdate) as refusal:
        publish(replace(PROOFS, **own), name, "ours", server.port)

    assert reason in str(refusal.value)
    assert SECRET not in str(refusal.value)


def test_a_name_server_that_does_not_get_the_value_is_named(
    server: UpdateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_update, "WAIT_SECONDS", 0)
    server.lag = 1_000_000

    with pytest.raises(RefusedUpdate, match=rf"^ns\.{ZONE}\. did not answer with TXT {NAME} "):
        publish(PROOFS, NAME, "ours", server.port)


def test_a_host_that_changes_its_zone_has_the_hook_and_the_key_that_only_root_reads() -> None:
    own = settings(**BY_UPDATE)
    service = postfix.service(own, plan_input(own, bare("13", own)))
    files = {file.path: file for file in service.files}
    key = files[host_certificates.UPDATE]

    assert (key.mode, key.owner, key.secret) == (0o600, "root", True)
    assert key.path in service.query.secrets
    assert json.loads(key.content)["key_secret"] == SECRET
    assert {host_certificates.CHALLENGE, *host_certificates.PROOF.paths} < {*files}
    assert set(files) <= set(service.query.files)
    assert not own.proves_by_dns
    assert host_certificates.hook_files(settings(mail_tls="acme")) == ()


def test_certbots_own_timer_renews_what_the_host_proves_itself() -> None:
    own = settings(**BY_UPDATE)
    (one, *_) = host_certificates.certificates(own)

    assert one.challenge == "update"
    assert one.files[0] == f"/etc/letsencrypt/live/{HOST}-ecdsa/privkey.pem"


def test_the_hook_is_staged_for_the_first_certificate_and_gone_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The options of certbot name the program that follows with the configuration."""
    monkeypatch.setattr(update_hook, "STAGED", tmp_path / "certificates")
    files = host_certificates.hook_files(settings(**BY_UPDATE))

    with update_hook.staged(files):
        found = {path for path in (tmp_path / "certificates").rglob("*") if path.is_file()}
        assert {path.name for path in found} == {
            *("challenge", "update.json", "dns_update.py", "__init__.py")
        }
        assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
        shell = update_hook.OPTIONS[4]
        done = subprocess.run(
            ("sh", "-c", shell.replace("python3", sys.executable)),
            env={"PATH": os.defpath, update_hook.PLACE: str(tmp_path / "certificates")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert "KeyError: 'CERTBOT_DOMAIN'" in done.stderr
    assert not (tmp_path / "certificates").exists()
    assert SECRET not in " ".join(update_hook.OPTIONS)


CONF = """
[renewalparams]
authenticator = manual
server = https://acme.example/dir
manual_auth_hook = "{hook}"
"""


@pytest.mark.parametrize(
    ("hook", "challenge"), [(update_hook.OPTIONS[4], "update"), ("/root/own-hook", "dns")]
)
def test_the_challenge_of_a_renewal_is_known_by_our_hook(
    hook: str, challenge: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "CERTBOT", str(tmp_path))
    (tmp_path / "renewal").mkdir()
    (tmp_path / "renewal" / f"{HOST}-ecdsa.conf").write_text(CONF.format(hook=hook))

    found = certificates.renewal(Certificate(path="/x.pem", name=HOST, challenge="update"))

    assert found == ("https://acme.example/dir", challenge)


OUTPUT = f"""
Hook '--manual-auth-hook' for {HOST} ran with error output:
 refused: 198.51.100.53 does not change TXT {NAME} with the key 'mx1': REFUSED; permit that key

Certbot failed to authenticate some domains. The Certificate Authority reported these problems:
  Domain: {HOST}
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up TXT for _acme-challenge.{HOST}
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (OUTPUT, "198.51.100.53 does not change TXT"),
        (OUTPUT.replace("refused: ", ""), f"_acme-challenge.{HOST} must be a CNAME into the zone"),
    ],
)
def test_the_reason_of_the_hook_comes_before_that_of_the_ca(output: str, reason: str) -> None:
    one = Certificate(path="/x.pem", name=HOST, challenge="update")

    assert reason in acme.reason(one, output)
