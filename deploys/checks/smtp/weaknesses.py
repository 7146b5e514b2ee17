"""Known weaknesses of TLS in the result of a scan, apart from versions and cipher suites."""

from collections.abc import Iterator

from .scan import Scan

Weakness = tuple[bool, str, str]  # whether it is an error, what was seen, and the fix

_UPDATE = "update the TLS library of the host, and restart the service"
_ORACLES = ("VULNERABLE_WEAK_ORACLE", "VULNERABLE_STRONG_ORACLE")


def weaknesses(found: Scan) -> Iterator[Weakness]:
    """Yield the weaknesses; a part of the scan without a result has none."""
    heartbleed, injection = found.heartbleed.result, found.openssl_ccs_injection.result
    robot, compression = found.robot.result, found.tls_compression.result
    if heartbleed and heartbleed.is_vulnerable_to_heartbleed:
        yield True, "leaks its memory (Heartbleed, CVE-2014-0160)", _UPDATE
    if injection and injection.is_vulnerable_to_ccs_injection:
        yield True, "accepts an attacker's key (CCS injection, CVE-2014-0224)", _UPDATE
    if robot and robot.robot_result in _ORACLES:
        yield True, "decrypts for attackers (ROBOT)", f"{_UPDATE}; exclude kRSA cipher suites"
    if compression and compression.supports_compression:
        fix = "add NO_COMPRESSION to tls_ssl_options (RFC 9325 section 3.3)"
        yield True, "compresses under TLS", fix
    yield from _handshakes(found)
    yield from _chains(found)


def _handshakes(found: Scan) -> Iterator[Weakness]:
    renegotiation, early = found.session_renegotiation.result, found.tls_1_3_early_data.result
    if renegotiation and renegotiation.is_vulnerable_to_client_renegotiation_dos:
        fix = "add NO_RENEGOTIATION to tls_ssl_options"
        yield False, "lets clients renegotiate without a limit", fix
    if early and early.supports_early_data:
        yield False, "accepts early data, which can be replayed (RFC 9325 section 3.7)", _UPDATE
    older, master = found.tls_1_2_cipher_suites.result, found.tls_extended_master_secret.result
    if not older or not older.accepted_cipher_suites:
        return  # TLS 1.3 has neither renegotiation nor a master secret of that kind
    if renegotiation and not renegotiation.supports_secure_renegotiation:
        yield True, "has no secure renegotiation (RFC 5746)", _UPDATE
    if master and not master.supports_ems_extension:
        yield False, "has no extended master secret (RFC 7627)", _UPDATE


def _chains(found: Scan) -> Iterator[Weakness]:
    shown = found.certificate_info.result
    for deployment in shown.certificate_deployments if shown else ():
        if deployment.received_chain_has_valid_order is False:
            fix = "write the host's certificate first in smtpd_tls_chain_files, then its issuer's"
            subject = deployment.received_certificate_chain[0].subject
            owner = subject.rfc4514_string if subject else "a certificate"
            yield False, f"has the chain of {owner} in the wrong order", fix
