"""What an outside scanner (sslyze) finds on every port that speaks TLS."""

from typing import Any

import pytest

from deploys.checks.smtp.scanner import OLD, ScannedServer, request
from deploys.mail.ciphers import Grade, grade
from tests.lab.labs import Raised
from tests.lab.runs import LAB, MAIL_HOSTS, deployed
from tests.lab.tls import HOSTNAMES

PORTS = (25, 465, 587)
Results = dict[tuple[str, int], Any]


def scanned(*ports: int) -> Results:
    """Return what the scanner found on ports of both hosts."""
    from sslyze import Scanner  # noqa: PLC0415 - the quick part's workers need not import it

    scanner = Scanner()
    scanner.queue_scans([request(_server(name, port)) for name in MAIL_HOSTS for port in ports])
    addresses = {LAB.address(name): name for name in MAIL_HOSTS}
    return {
        (addresses[str(one.server_location.ip_address)], one.server_location.port): one.scan_result
        for one in scanner.get_results()
    }


def _server(name: str, port: int) -> ScannedServer:
    address = LAB.address(name)
    return ScannedServer(name=HOSTNAMES[name], address=address, port=port, wrapped=port == 465)


def suites(of: Any, protocol: str) -> frozenset[str]:
    found = getattr(of, f"{protocol}_cipher_suites").result.accepted_cipher_suites
    return frozenset(suite.cipher_suite.name for suite in found)


def grades(of: Any, protocol: str) -> set[Grade]:
    return {grade(suite) for suite in suites(of, protocol)}


@pytest.fixture(scope="module")
def strict(lab: Raised) -> Results:
    """Scan hosts as they are by default."""
    assert lab
    deployed()
    return scanned(*PORTS)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_only_current_protocols_and_good_ciphers_are_spoken(
    strict: Results, name: str, port: int
) -> None:
    found = strict[name, port]

    assert {suites(found, protocol) for protocol in OLD} == {frozenset()}
    assert suites(found, "tls_1_3")
    assert suites(found, "tls_1_2")
    assert grades(found, "tls_1_2") | grades(found, "tls_1_3") == {Grade.SUFFICIENT}


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_no_known_weakness_is_found(strict: Results, name: str, port: int) -> None:
    found = strict[name, port]

    assert not found.heartbleed.result.is_vulnerable_to_heartbleed
    assert not found.openssl_ccs_injection.result.is_vulnerable_to_ccs_injection
    assert found.robot.result.robot_result.name in {
        "NOT_VULNERABLE_NO_ORACLE",
        "NOT_VULNERABLE_RSA_NOT_SUPPORTED",
    }
    assert not found.session_renegotiation.result.is_vulnerable_to_client_renegotiation_dos
    assert found.session_renegotiation.result.supports_secure_renegotiation
    assert not found.tls_compression.result.supports_compression
    assert not found.tls_1_3_early_data.result.supports_early_data
    assert found.tls_extended_master_secret.result.supports_ems_extension


@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_keys_of_both_kinds_are_shown_and_are_long_enough(strict: Results, name: str) -> None:
    deployments = strict[name, 25].certificate_info.result.certificate_deployments
    leaves = [one.received_certificate_chain[0] for one in deployments]

    assert {leaf.public_key().key_size for leaf in leaves} == {256, 3072}


@pytest.mark.usefixtures("strict")
def test_old_peers_are_served_on_port_25_alone_where_the_operator_wants_it() -> None:
    deployed("--data", "mail_tls_profile=interoperable")
    found = scanned(25, 587)
    deployed()

    for name in MAIL_HOSTS:
        open_to_all, submission = found[name, 25], found[name, 587]
        assert suites(open_to_all, "tls_1_0")
        assert not {suite for suite in suites(open_to_all, "tls_1_2") if "_anon_" in suite}
        assert {suites(submission, protocol) for protocol in OLD} == {frozenset()}
        assert grades(submission, "tls_1_2") == {Grade.SUFFICIENT}
