"""CAA records, against the certificate authority of the host."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.dns.caa import issuers
from deploys.mail import caa
from tests.checks.cases.dns_zone import Records, of, zone
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import Gone, Zone, fleet

OK, INFO, ERROR, UNKNOWN = Severity.OK, Severity.INFO, Severity.ERROR, Severity.UNKNOWN
NAME, DOMAIN, TOP = "mx1.harbor.example", "harbor.example", "example"
OURS, OTHERS = '0 issue "letsencrypt.org"', '0 issue "other.example"'
PEBBLE = "https://pebble.example/dir"


@pytest.mark.parametrize(
    ("sets", "severity", "words"),
    [
        ({}, INFO, "no CAA records at it or above it: any authority may issue"),
        ({NAME: [OURS]}, OK, "CAA at mx1.harbor.example is"),
        ({DOMAIN: [OURS, OTHERS]}, OK, "which allows letsencrypt.org"),
        ({DOMAIN: ['0 issue "LetsEncrypt.org; accounturi=https://a.example/1"']}, OK, "allows"),
        ({DOMAIN: ['0 iodef "mailto:a@harbor.example"']}, OK, "which allows"),
        ({DOMAIN: ['0 issuewild ";"']}, OK, "which allows"),
        ({TOP: [OTHERS]}, ERROR, "CAA at example is"),
        ({NAME: [OURS], DOMAIN: [OTHERS]}, OK, "CAA at mx1.harbor.example"),
        ({NAME: [OTHERS], DOMAIN: [OURS]}, ERROR, "does not allow letsencrypt.org"),
        ({DOMAIN: ['0 issue ";"']}, ERROR, "does not allow letsencrypt.org"),
        ({DOMAIN: ['0 issue "letsencrypt.org; validationmethods=dns-01"']}, ERROR, "not allow"),
        ({DOMAIN: ['0 issue "letsencrypt.org; validationmethods=dns-01,http-01"']}, OK, "allows"),
        ({DOMAIN: [OURS, '128 tbs "x"']}, ERROR, "128 tbs"),
        ({DOMAIN: [OURS, '0 tbs "x"']}, OK, "allows"),
        ({DOMAIN: [OURS, "garbage"]}, OK, "allows"),
    ],
)
def test_the_nearest_caa_set_must_allow_the_authority(
    sets: dict[str, list[str]], severity: Severity, words: str
) -> None:
    records: Records = {(name, "CAA"): tuple(values) for name, values in sets.items()}

    (finding,) = issuers(fleet({"mail_tls": "acme"}), of(zone(records)))

    assert words in finding.saw
    assert finding.severity is severity
    assert finding.fix or severity is OK


@pytest.mark.parametrize(
    ("challenge", "method", "severity"),
    [("dns", "dns-01", OK), ("dns", "http-01", ERROR), ("http", "http-01", OK)],
)
def test_the_method_of_the_settings_must_be_allowed(
    challenge: str, method: str, severity: Severity
) -> None:
    ours = fleet({"mail_tls": "acme", "mail_acme_challenge": challenge})
    value = f'0 issue "letsencrypt.org; validationmethods={method}"'

    (finding,) = issuers(ours, of(zone({(DOMAIN, "CAA"): (value,)})))

    assert finding.severity is severity


def test_an_authority_without_a_known_caa_name_is_a_note() -> None:
    ours = fleet({"mail_tls": "acme", "mail_acme_directory": PEBBLE})

    (finding,) = issuers(ours, of(zone({(DOMAIN, "CAA"): (OTHERS,)})))

    assert finding.severity is INFO
    assert "mail_caa" in finding.fix


@pytest.mark.parametrize(
    ("named", "value", "severity"),
    [("", OURS, INFO), ("letsencrypt.org", OURS, OK), ("letsencrypt.org", OTHERS, ERROR)],
)
def test_a_certificate_of_the_operator_names_its_issuer(
    named: str, value: str, severity: Severity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(caa.ORGANIZATIONS, "CN=mx1", named)
    files = {"mx1.harbor.example": ["/etc/ssl/mx1.pem"]}
    ours = fleet({"mail_tls": "files", "mail_tls_files": files})
    with serving(Handler(), certified(tmp_path)) as port:
        here = replace(of(zone({(DOMAIN, "CAA"): (value,)})), port=port, timeout=5)
        (finding,) = issuers(ours, here)

    assert finding.severity is severity


def test_without_a_certificate_the_authority_is_unknown() -> None:
    files = {"mx1.harbor.example": ["/etc/ssl/mx1.pem"]}
    ours = fleet({"mail_tls": "files", "mail_tls_files": files})

    (finding,) = issuers(ours, replace(of(zone({(DOMAIN, "CAA"): (OURS,)})), port=1, timeout=1))

    assert finding.severity is UNKNOWN
    assert "no address shows a certificate" in finding.saw


def test_names_without_an_answer_are_unknown() -> None:
    (finding,) = issuers(fleet({"mail_tls": "acme"}), of(Gone()))

    assert finding.severity is UNKNOWN


def test_a_self_signed_certificate_needs_no_record() -> None:
    (found,) = issuers(fleet(), of(Zone({})))

    assert not found.applies
    assert found.saw == "its certificates are self-signed"
