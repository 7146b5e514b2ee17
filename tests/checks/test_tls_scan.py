"""TLS scans of servers with good and bad TLS, and open ports."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.smtp import openssl_scan, ports, protocols, sslyze_scan
from deploys.mail.ciphers import Grade, broken, grade
from tests.checks.cases.smtp_tls import (
    PROGRAMS,
    Contexts,
    configured,
    knocked,
    old,
    scan_of,
    scanned,
    strict,
)
from tests.checks.smtp_servers import certified
from tests.checks.worlds import world

OK, INFO, ERROR, WARNING = Severity.OK, Severity.INFO, Severity.ERROR, Severity.WARNING
NO_EXTENDED_MASTER_SECRET = 0x1  # OpenSSL's option, for which ssl has no name
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


def found(folder: Path, context: Contexts, program: str, **data: object) -> list[Finding]:
    return list(scanned(context, data, program)(folder))


def about_ports(folder: Path, context: Contexts, program: str, **data: object) -> list[Finding]:
    """Return the findings, apart from the one about the scan itself."""
    return [one for one in found(folder, context, program, **data) if one.severity is not INFO]


both_ways = pytest.mark.parametrize("program", PROGRAMS)


@both_ways
def test_strict_tls_is_good(tmp_path: Path, program: str) -> None:
    (finding,) = about_ports(tmp_path, strict, program)

    assert finding.severity is OK
    assert "speaks TLS 1.2, TLS 1.3 with " in finding.saw


@both_ways
def test_old_tls_is_an_error_by_its_versions_and_by_its_cipher_suites(
    tmp_path: Path, program: str
) -> None:
    versions, insufficient, leaving, *_ = about_ports(tmp_path, old, program)

    assert (versions.severity, insufficient.severity, leaving.severity) == (ERROR, ERROR, WARNING)
    assert "speaks TLS 1.0, TLS 1.1" in versions.saw
    assert "_CBC_SHA" in insufficient.saw
    assert "to be phased out" in leaving.saw


@both_ways
def test_old_tls_is_allowed_by_the_interoperable_profile(tmp_path: Path, program: str) -> None:
    findings = about_ports(tmp_path, old, program, mail_tls_profile="interoperable")

    assert ERROR not in {finding.severity for finding in findings}
    assert not [finding for finding in findings if "phased out" in finding.saw]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("sslyze", ": Server does not support STARTTLS with SMTP"),
        ("openssl", " does not offer STARTTLS"),
    ],
)
def test_a_server_without_tls_leaves_the_check_unknown(
    tmp_path: Path, program: str, reason: str
) -> None:
    (finding,) = about_ports(tmp_path, clear, program)

    assert finding.severity is Severity.UNKNOWN
    assert finding.saw.endswith(reason)
    assert finding.fix


def clear(folder: Path) -> Any:
    """Return no context, for a server without TLS."""
    certified(folder)


@pytest.mark.parametrize("context", [strict, old])
@pytest.mark.parametrize("wrapped", [False, True])
def test_both_programs_find_the_same(context: Contexts, wrapped: bool) -> None:  # noqa: FBT001
    whole, small = (scan_of(context, program, wrapped=wrapped) for program in PROGRAMS)

    assert tuple(small.suites) == tuple(whole.suites)
    for version in {*small.suites} - {"TLS 1.3"}:
        assert sorted(small.suites[version]) == sorted(whole.suites[version])
    assert set(small.suites["TLS 1.3"]) < set(whole.suites["TLS 1.3"])
    assert small.weaknesses == ()
    assert (small.unanswered, small.reason) == ((), "")


def disordered(folder: Path) -> ssl.SSLContext:
    """Return a context whose chain goes on with a certificate that did not issue the first."""
    other = folder / "other"
    other.mkdir()
    certified(other, owner="elsewhere")
    strict(folder)
    chain = (folder / "mx1.pem").read_bytes() + (other / "mx1.pem").read_bytes()
    (folder / "mx1.pem").write_bytes(chain)
    return configured(folder)


def of_a_client(folder: Path) -> ssl.SSLContext:
    """Return a context whose certificate is for clients."""
    certified(folder, usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    return configured(folder)


def without_master_secret(folder: Path) -> ssl.SSLContext:
    """Return a context without the extended master secret."""
    context = strict(folder)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # sslyze asks a server with 1.3 in that
    context.options |= NO_EXTENDED_MASTER_SECRET
    return context


@both_ways
@pytest.mark.parametrize(
    ("context", "seen"),
    [
        (strict, ()),  # whose certificate is for servers
        (disordered, ("has the chain of CN=mx1 in the wrong order",)),
        (of_a_client, ("has for CN=mx1 a certificate that is not for servers",)),
        (without_master_secret, ("has no extended master secret (RFC 7627)",)),
    ],
)
def test_a_weakness_is_a_warning_with_its_fix(
    tmp_path: Path, context: Contexts, seen: tuple[str, ...], program: str
) -> None:
    findings = about_ports(tmp_path, context, program)

    assert [one.severity for one in findings] == ([WARNING] * len(seen) or [OK])
    assert all(text in one.saw for text, one in zip(seen, findings, strict=False))
    assert all(one.fix for one in findings if one.severity is WARNING)


def test_without_sslyze_one_finding_lists_what_was_not_asked_and_how_to_ask(tmp_path: Path) -> None:
    (note,) = [one for one in found(tmp_path, strict, "openssl") if one.severity is INFO]

    assert note.saw.startswith("the TLS scan of all hosts did not ask: SSL 2.0, SSL 3.0; ")
    assert "Heartbleed, CCS injection and ROBOT" in note.saw
    assert "pip install 'pyinfra-mail[scan]', or in a clone scripts/setup --with scan" in note.fix


def test_sslyze_leaves_nothing_to_note(tmp_path: Path) -> None:
    assert [one for one in found(tmp_path, strict, "sslyze") if one.severity is INFO] == []


def test_without_the_program_openssl_the_versions_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    openssl_scan.suite_names.cache_clear()
    try:
        scan = scan_of.__wrapped__(old, "openssl")
        missing = openssl_scan.not_asked()
    finally:
        openssl_scan.suite_names.cache_clear()

    assert tuple(scan.suites) == ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
    assert not any(scan.suites.values())
    assert (
        "cipher suites, certificate chains and extensions, which need the program openssl"
        in missing
    )


def test_sslyze_is_a_program_of_its_own() -> None:
    for path in Path(protocols.__file__).parents[2].rglob("*.py"):
        assert not re.search(r"^\s*(import|from) (sslyze|nassl)\b", path.read_text(), re.MULTILINE)


def test_sslyze_on_the_path_is_found_without_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sslyze_scan, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = sslyze_scan.program()
    (tmp_path / "sslyze").write_text("#!/bin/sh\n")
    (tmp_path / "sslyze").chmod(0o755)

    assert (missing, sslyze_scan.program()) == ((), (str(tmp_path / "sslyze"),))


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
