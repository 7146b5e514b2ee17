"""Certificates, the resolver and the policies of a host, as values and as files."""

import json
import re
from dataclasses import asdict, replace
from typing import Any

import pytest

from deploys.host.model.desired import Service
from deploys.host.model.plan import configuration
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.services import mta_sts_resolver, postfix, postfix_base, unbound
from deploys.host.services.plan_input import plan_input
from deploys.host.tls import certificates
from deploys.mail import paths
from deploys.mail.units import CERTIFICATES_WATCH
from tests.conftest import Golden
from tests.host.found import as_desired, bare, settings

ANCHOR = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
OWN_RESOLVER: dict[str, Any] = {
    "mail_resolver_forwards": ["203.0.113.3", "2001:db8:25::3"],
    "mail_resolver_trust_anchor": ANCHOR,
}
OWN_CLAUSES: dict[str, Any] = {
    "mail_unbound": {
        "server": {
            "num-threads": 2,
            "interface": "203.0.113.11",
            "access-control": ["203.0.113.0/24 allow", "192.0.2.0/24 refuse"],
            "qname-minimisation-strict": True,
        },
        "forward-zone": [
            {"name": "corp.example", "forward-addr": "192.0.2.53"},
            {"name": "lab.example", "forward-addr": "192.0.2.54"},
        ],
    }
}
FILES: dict[str, Any] = {
    "mail_tls": "files",
    "mail_tls_names": ["mail.harbor.example"],
    "mail_tls_files": {
        "mx1.harbor.example": ["/etc/ssl/mx1.key", "/etc/ssl/mx1.pem"],
        "mail.harbor.example": "/etc/ssl/mail.pem",
    },
}


def content(service: Service, path: str) -> str:
    return next(file.content for file in service.files if file.path == path)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("unbound.conf", {}),
        ("unbound-forwarding.conf", OWN_RESOLVER),
        ("unbound-own.conf", OWN_CLAUSES),
    ],
)
def test_the_resolver_is_configured_as_the_golden_file_says(
    name: str, own: dict[str, Any], golden: Golden
) -> None:
    chosen = settings(**own)
    service = unbound.service(chosen, plan_input(chosen, bare("12")))

    golden(f"tls/{name}", content(service, unbound.CONFIGURATION))


@pytest.mark.parametrize(
    ("ipv6", "lines"),
    [
        (("::1",), []),
        (("2001:db8:25::11",), ["interface: 127.0.0.1"]),
        ((), ["interface: 127.0.0.1", "do-ip6: no"]),
    ],
)
def test_the_resolver_listens_on_the_loopback_that_the_host_has(
    ipv6: tuple[str, ...], lines: list[str]
) -> None:
    service = unbound.service(settings(), plan_input(settings(), replace(bare(), ipv6=ipv6)))

    written = content(service, unbound.CONFIGURATION).splitlines()
    found = [line.strip() for line in written if re.search("^ *(interface|do-ip)", line)]
    assert found == lines


@pytest.mark.parametrize("release", ["12", "13"])
def test_the_policy_daemon_is_configured_as_the_golden_file_says(
    release: str, golden: Golden
) -> None:
    service = mta_sts_resolver.service(settings(), plan_input(settings(), with_postfix(release)))

    golden(f"tls/mta-sts-daemon-{release}.yml", content(service, mta_sts_resolver.CONFIGURATION))


def with_postfix(release: str) -> Existing:
    versions = {"12": "3.7.11-0+deb12u1", "13": "3.10.13-0+deb13u1"}
    host = asdict(bare(release))
    return decode(Existing, host | {"packages": host["packages"] | {"postfix": versions[release]}})


def test_the_program_of_the_policy_daemon_is_validated_where_it_is_staged() -> None:
    service = mta_sts_resolver.service(settings(), plan_input(settings(), bare("13")))
    (validator,) = service.validators

    assert f"{service.query.directories[0]}/tls-policy" == mta_sts_resolver.PROGRAM
    assert "'{directory}/tls-policy'" in validator[-1]


@pytest.mark.parametrize("module", [unbound, mta_sts_resolver])
def test_a_host_as_desired_has_nothing_to_change(module: Any) -> None:
    service = module.service(settings(), plan_input(settings(), bare("13")))

    assert list(configuration(service, as_desired(service, "13"))) == []


def test_each_name_of_a_host_is_served_from_a_file_of_its_own() -> None:
    own = settings(**FILES)
    main = postfix.render(own, (3, 10, 13), "main.cf")

    assert [one.path for one in certificates.certificates(own)] == [
        "/etc/ssl/private/pyinfra-mail/mx1.harbor.example.pem",
        "/etc/ssl/private/pyinfra-mail/mail.harbor.example.pem",
    ]
    assert (
        "tls_server_sni_maps = inline:{ { mail.harbor.example = "
        "/etc/ssl/private/pyinfra-mail/mail.harbor.example.pem } }\n"
    ) in main


def test_files_of_the_operator_are_watched_and_taken_over_without_a_run() -> None:
    files = {file.path: file.content for file in certificates.files(settings(**FILES))}

    watch = files[f"{paths.UNITS}/{CERTIFICATES_WATCH}"]
    assert [line for line in watch.splitlines() if line.startswith("PathChanged")] == [
        "PathChanged=/etc/ssl/mail.pem",
        "PathChanged=/etc/ssl/mx1.key",
        "PathChanged=/etc/ssl/mx1.pem",
    ]
    first, _ = json.loads(files[f"{certificates.HOME}/certificates.json"])
    assert first == {
        "path": "/etc/ssl/private/pyinfra-mail/mx1.harbor.example.pem",
        "sources": ["/etc/ssl/mx1.key", "/etc/ssl/mx1.pem"],
        "name": "mx1.harbor.example",
        "units": ["postfix.service"],
    }
    chosen = settings(**FILES)
    service = postfix.service(chosen, plan_input(chosen, bare("12", chosen)))
    drop_in = content(service, DROP_IN)
    assert f"Wants={CERTIFICATES_WATCH}\n" in drop_in


DROP_IN = postfix_base.DROP_IN_FILES[0]


def test_certificates_of_a_ca_are_renewed_by_certbots_timer_and_taken_over() -> None:
    own = settings(mail_tls="acme")
    service = postfix.service(own, plan_input(own, bare("12", own)))
    paths = [file.path for file in certificates.files(own)]

    assert f"{certificates.HOOKS}/pyinfra-mail" in paths
    assert "certbot" in service.query.packages
    assert "Wants=certbot.timer\n" in content(service, DROP_IN)
    assert set(paths) <= set(service.query.files)


def test_outbound_tls_policies_of_the_operator_come_before_dane_and_mta_sts() -> None:
    own = settings(mail_tls_outbound={"example.org": "secure", "[203.0.113.9]": "encrypt"})
    service = postfix.service(own, plan_input(own, bare("12")))
    (table,) = (table for table in service.tables if table.path == postfix.OUTBOUND)

    assert table.entries == {"example.org": "secure", "[203.0.113.9]": "encrypt"}
    assert (
        "smtp_tls_policy_maps = lmdb:/etc/postfix/tls_outbound, "
        "socketmap:inet:127.0.0.1:8461:postfix\n"
    ) in postfix.render(own, (3, 7, 11), "main.cf")


def test_old_tls_is_allowed_where_tls_is_optional_and_not_where_it_is_mandatory() -> None:
    main = postfix.render(settings(mail_tls_profile="interoperable"), (3, 7, 11), "main.cf")

    assert "\nsmtpd_tls_protocols = >=TLSv1\n" in main
    assert "\nsmtpd_tls_mandatory_protocols = >=TLSv1.2\n" in main
    assert "\nsmtpd_tls_mandatory_exclude_ciphers = kRSA, " in main
