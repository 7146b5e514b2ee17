"""Certificates of servers: for the right name, for another, and expired."""

import ssl
from pathlib import Path

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.smtp.certificates import certificates
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import fleet, world


def asked(folder: Path, tls: ssl.SSLContext | None, **data: object) -> list[Finding]:
    place = folder / str(len(data))
    place.mkdir(exist_ok=True)
    with serving(Handler(), tls) as port:
        return list(certificates(fleet(data), world(place, port=port)))


def test_a_certificate_for_the_name_is_good(tmp_path: Path) -> None:
    (finding,) = asked(tmp_path, certified(tmp_path))

    assert finding.severity is Severity.OK
    assert "mx1.harbor.example" in finding.saw


@pytest.mark.parametrize(
    ("host", "days", "severity", "saw"),
    [
        ("mx1.harbor.example", -1, Severity.ERROR, "until"),
        ("mx1.harbor.example", 13, Severity.WARNING, "until"),
        ("*.harbor.example", 60, Severity.OK, "until"),
        ("mx2.harbor.example", 60, Severity.ERROR, "for mx2.harbor.example"),
        ("*.example", 60, Severity.ERROR, "for *.example"),
    ],
    ids=["ended", "ends soon", "wildcard", "another name", "wildcard of another level"],
)
def test_a_certificate_is_checked_by_its_name_and_its_end(
    tmp_path: Path, host: str, days: float, severity: Severity, saw: str
) -> None:
    (finding,) = asked(tmp_path, certified(tmp_path, host, days))

    assert finding.severity is severity
    assert saw in finding.saw


@pytest.mark.parametrize(
    ("own", "fix"),
    [
        ({}, "run again: the host makes a new one"),
        ({"mail_tls": "acme"}, "see the log of certbot.service on the host"),
        ({"mail_tls": "acme", "mail_acme_challenge": "dns"}, "run deploys/certificates.py, which"),
    ],
)
def test_a_certificate_that_ends_soon_has_the_fix_of_its_source(
    tmp_path: Path, own: dict[str, object], fix: str
) -> None:
    (finding,) = asked(tmp_path, certified(tmp_path, days=13), **own)

    assert finding.fix.startswith(fix)


def test_a_self_signed_certificate_in_place_of_an_issued_one_is_a_warning(
    tmp_path: Path,
) -> None:
    (finding,) = asked(tmp_path, certified(tmp_path), mail_tls="acme")

    assert finding.severity is Severity.WARNING
    assert "run again" in finding.fix


def test_a_server_without_tls_leaves_the_check_unknown(tmp_path: Path) -> None:
    (finding,) = asked(tmp_path, None)

    assert finding.severity is Severity.UNKNOWN
    assert finding.saw.endswith(" does not offer STARTTLS")
