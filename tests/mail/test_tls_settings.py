"""Settings of TLS and of the resolver: what is taken, and the sentence for what is not."""

from pathlib import Path
from typing import Any

import pytest

from deploys.mail.caa import LETS_ENCRYPT
from tests.mail.test_settings import good, mistakes

ANCHOR = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


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
