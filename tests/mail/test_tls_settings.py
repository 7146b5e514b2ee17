"""Settings of TLS and of the resolver: what is taken, and the sentence for what is not."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from deploys.mail.caa import LETS_ENCRYPT
from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import command, env
from tests.mail.test_settings import MX1, MX2, good, mistakes

ANCHOR = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


KEY = command("echo", "b3Blbi1zZXNhbWU=")
PROOFS = {
    "zone": "acme.example.net",
    "server": "198.51.100.53",
    "key_name": "mx1-proofs",
    "key_secret": KEY,
}
BY_DNS = {"mail_tls": "acme", "mail_acme_challenge": "dns"}


def test_a_host_needs_no_setting_for_tls() -> None:
    (host,) = good().hosts

    assert (host.tls, host.tls_profile, host.acme_directory) == (
        "self-signed",
        "strict",
        LETS_ENCRYPT,
    )
    assert host.host_names == ("mx1.harbor.example",)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"mail_tls": "certbot"}, "mail_tls: 'certbot' is not allowed; write 'acme'"),
        ({"mail_tls": "files"}, "mail_tls_files.mx1.harbor.example is missing"),
        (
            {"mail_tls_files": {"mx1.harbor.example": "/x.pem"}},
            "mail_tls_files.mx1.harbor.example is not used",
        ),
        (
            {
                "mail_tls": "files",
                "mail_tls_files": {"mx1.harbor.example": "/x.pem", "www.example": "/y.pem"},
            },
            "mail_tls_files.www.example is not used",
        ),
        (
            {"mail_tls": "files", "mail_tls_files": {"mx1.harbor.example": "own.pem"}},
            "'own.pem' is not an absolute path",
        ),
        (
            {
                "mail_tls": "files",
                "mail_tls_files": {"mx1.harbor.example": "/x.pem"},
                "mail_tls_rotate": "now",
            },
            "replace your files instead",
        ),
        ({"mail_tls_rotate": "now", "mail_dane": False}, "a host has none; set mail_dane = True"),
        (
            {"mail_acme_challenge": "dns", "mail_acme_webroot": "/var/www/html"},
            "mail_acme_webroot needs the challenge at port 80, and mail_acme_challenge is 'dns'",
        ),
        (
            {"mail_acme_challenge": "dns", "mail_tls_rotate": "now"},
            "mail_tls_rotate needs the challenge at port 80",
        ),
        ({"mail_acme_challenge": "tls"}, "mail_acme_challenge: 'tls' is not allowed"),
        ({"mail_acme_dns": PROOFS}, "mail_acme_dns has no effect; set mail_tls = 'acme' and mail_"),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"zone": "harbor.example"}},
            "delegate a zone of its own for the proofs, like 'acme.harbor.example'",
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS, "mail_dns": {"class": "rfc2136", "key_secret": KEY}},
            "mail_acme_dns.key_secret is that of mail_dns, and the credentials of a zone stay on",
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"zone": ".".join(["z" * 60] * 4)}},
            "mail_acme_dns.zone: the proof of mx1.harbor.example would be at a name of 262 octets",
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"key_secret": command("echo", "no base64!")}},
            'mail_acme_dns.key_secret: the secret command("echo", …) is not in base64',
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"key_secret": env("NO_SUCH_KEY")}},
            'mail_acme_dns.key_secret: the secret env("NO_SUCH_KEY") is not set',
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"key_secret": "c2VzYW1l"}},
            "mail_acme_dns.key_secret: the value (masked here) is not a reference to a secret",
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"server": "ns.example.net"}},
            "mail_acme_dns.server: 'ns.example.net' is not an address",
        ),
        (
            BY_DNS | {"mail_acme_dns": PROOFS | {"key_name": "mx1 proofs"}},
            "mail_acme_dns.key_name: 'mx1 proofs' is not the name of a key",
        ),
        ({"mail_acme_webroot": "www"}, "mail_acme_webroot: 'www' is not"),
        ({"mail_tls_rotate": "yearly"}, "mail_tls_rotate: 'yearly' is not allowed"),
        ({"mail_tls_names": ["mail"]}, "'mail' is not a domain name"),
        ({"mail_tls_outbound": {"example.org": "always"}}, "'always' is not a TLS policy"),
        (
            {"mail_tls_outbound": {"user@example.org": "secure"}},
            "'user@example.org' is not a destination",
        ),
        ({"mail_acme_directory": "acme.example"}, "'acme.example' is not an https:// URL"),
        ({"mail_acme_contact": "nobody"}, "'nobody' is not a mail address"),
        ({"mail_acme_ca_file": "/nowhere.pem"}, "'/nowhere.pem' cannot be read"),
        ({"mail_resolver_forwards": ["resolver"]}, "'resolver' is not an address"),
        ({"mail_resolver_trust_anchor": "20326 8 2"}, "is not a trust anchor"),
        ({"mail_resolver_trust_anchor": ". DS 20326 8 2 XY"}, "is not a trust anchor"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(data: dict[str, Any], sentence: str) -> None:
    assert sentence in mistakes(**data)


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"mail_tls_rotate": "now"},  # the host itself orders the certificates of the next keys
        {"mail_dns": {"class": "rfc2136", "key_secret": command("echo", "b3RoZXI=")}},
    ],
)
def test_a_host_may_have_a_key_for_the_zone_of_its_proofs(own: dict[str, Any]) -> None:
    (host,) = good(**BY_DNS, mail_acme_dns=PROOFS, **own).hosts

    assert host.acme_dns
    assert host.acme_dns.key_algorithm == "hmac-sha256"
    assert not host.proves_by_dns
    assert good(**BY_DNS).hosts[0].proves_by_dns


@pytest.mark.parametrize(
    ("own", "refused"),
    [
        ({"mail_acme_dns": PROOFS}, False),
        ({"mail_acme_dns": PROOFS | {"zone": "proofs.example.net"}}, True),
        ({}, True),
        ({"mail_acme_challenge": "http"}, False),
    ],
)
def test_hosts_prove_a_name_that_they_share_in_one_zone(
    own: dict[str, Any],
    refused: bool,  # noqa: FBT001 - a column of the table
) -> None:
    shared = {"mail_tls_names": ["mail.harbor.example"]}
    mx1 = MX1 | BY_DNS | shared | {"mail_acme_dns": PROOFS}
    sentence = "mail.harbor.example is a name of mx1 too, and its proofs can be in one zone only"

    with pytest.raises(MailError, match=sentence) if refused else nullcontext():
        fleet_from({"mx1": mx1, "mx2": MX2 | BY_DNS | shared | own}, {})


@pytest.mark.parametrize(
    "policy", ["encrypt", "dane-only", "secure match=.example.org", "may ciphers=high"]
)
def test_outbound_policies_are_in_the_syntax_of_postfix(policy: str) -> None:
    (host,) = good(mail_tls_outbound={"example.org": policy, "[192.0.2.1]:26": policy}).hosts

    assert set(host.tls_outbound.values()) == {policy}


@pytest.mark.parametrize(
    "anchor", ["", ANCHOR, ".  DS  20326 8 2 " + ANCHOR.rsplit(maxsplit=1)[-1]]
)
def test_a_trust_anchor_is_a_record_or_none(anchor: str) -> None:
    (host,) = good(mail_resolver_trust_anchor=anchor).hosts

    assert host.resolver_trust_anchor.lower() == (ANCHOR.lower() if anchor else "")


def test_the_certificate_of_an_own_authority_is_read_on_the_controller(tmp_path: Path) -> None:
    block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (tmp_path / "ca.pem").write_text(f"My own authority\n{block}")

    (host,) = good(mail_acme_ca_file=str(tmp_path / "ca.pem")).hosts

    assert host.acme_ca_file == block
