"""TLS scans of servers with good and bad TLS, and open ports."""

from pathlib import Path

import pytest

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.smtp import ports
from deploys.mail.ciphers import Grade, broken, grade
from tests.checks.cases.smtp_tls import Contexts, knocked, old, scanned, strict
from tests.checks.smtp_servers import certified
from tests.checks.worlds import world

OK, ERROR, WARNING = Severity.OK, Severity.ERROR, Severity.WARNING
GOOD, LEAVING, BAD = Grade.SUFFICIENT, Grade.PHASE_OUT, Grade.INSUFFICIENT


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("TLS_AES_256_GCM_SHA384", GOOD),
        ("TLS_AES_128_CCM_SHA256", GOOD),
        ("TLS_AES_128_CCM_8_SHA256", BAD),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", GOOD),
        ("TLS_ECDHE_ECDSA_WITH_AES_256_CCM", GOOD),
        ("TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", BAD),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", LEAVING),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", BAD),
        ("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", LEAVING),
        ("TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", BAD),
        ("TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", LEAVING),
        ("TLS_RSA_WITH_AES_256_GCM_SHA384", BAD),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", BAD),
        ("a suite of tomorrow", BAD),
    ],
)
def test_cipher_suites_are_graded(suite: str, expected: Grade) -> None:
    assert grade(suite) is expected


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("TLS_RSA_WITH_NULL_SHA256", True),
        ("TLS_DH_anon_WITH_AES_256_GCM_SHA384", True),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", True),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", True),
        ("TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", True),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", False),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", False),
    ],
)
def test_suites_no_better_than_clear_text_are_known(suite: str, expected: bool) -> None:  # noqa: FBT001
    assert broken(suite) is expected


def found(folder: Path, context: Contexts, **data: object) -> list[Finding]:
    return list(scanned(context, data)(folder))


def test_strict_tls_is_good(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, strict)

    assert finding.severity is OK
    assert "speaks TLS 1.2, TLS 1.3 with 6 cipher suites" in finding.saw


def test_old_tls_is_an_error_by_its_versions_and_by_its_cipher_suites(tmp_path: Path) -> None:
    versions, insufficient, leaving, *_ = found(tmp_path, old)

    assert (versions.severity, insufficient.severity, leaving.severity) == (ERROR, ERROR, WARNING)
    assert "speaks TLS 1.0, TLS 1.1" in versions.saw
    assert "_CBC_SHA" in insufficient.saw
    assert "to be phased out" in leaving.saw


def test_old_tls_is_allowed_by_the_interoperable_profile(tmp_path: Path) -> None:
    findings = found(tmp_path, old, mail_tls_profile="interoperable")

    assert ERROR not in {finding.severity for finding in findings}
    assert not [finding for finding in findings if "phased out" in finding.saw]


def test_a_server_without_tls_leaves_the_check_unknown(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, lambda folder: certified(folder) and None)  # type: ignore[arg-type,return-value]

    assert finding.severity is Severity.UNKNOWN
    assert finding.saw.endswith(": Server does not support STARTTLS with SMTP")
    assert finding.fix


def test_an_open_port_is_named_with_its_usual_service(tmp_path: Path) -> None:
    (finding,) = knocked(shown=True)(tmp_path)

    assert finding.severity is ERROR
    assert "is open to the world; by its number it is Redis" in finding.saw
    assert "ss -ltnp" in finding.fix


def test_without_any_answer_the_ports_of_a_host_are_unknown(
    tmp_path: Path,
) -> None:
    (finding,) = ports.findings(Endpoint("mx1", "127.0.0.1"), {2: "Redis"}, world(tmp_path, port=1))

    assert finding.severity is Severity.UNKNOWN
