"""
TLS scans by sslyze, run as a program of its own: one for each port, with its JSON as the result.

sslyze is AGPL-3.0 and the extra `scan`; nothing here imports it. A server that sends single octets
keeps one of its threads for ever, and large answers fill memory, so the program is limited in time
and in memory.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from ...run.threads import in_parallel
from ..clients.endpoint import literal
from .tls_scan import (
    UPDATE,
    VERSIONS,
    ScannedServer,
    TlsScan,
    Weakness,
    chain_weaknesses,
    no_extended_master_secret,
    no_secure_renegotiation,
)

# Options of the program, and the field of the result that answers each.
_ASKED = {
    "--sslv2": "ssl_2_0_cipher_suites",
    "--sslv3": "ssl_3_0_cipher_suites",
    "--tlsv1": "tls_1_0_cipher_suites",
    "--tlsv1_1": "tls_1_1_cipher_suites",
    "--tlsv1_2": "tls_1_2_cipher_suites",
    "--tlsv1_3": "tls_1_3_cipher_suites",
    "--heartbleed": "heartbleed",
    "--openssl_ccs": "openssl_ccs_injection",
    "--robot": "robot",
    "--reneg": "session_renegotiation",
    "--compression": "tls_compression",
    "--early_data": "tls_1_3_early_data",
    "--ems": "tls_extended_master_secret",
    "--certinfo": "certificate_info",
}
# Low priority, 1 GiB of memory, and 900 s at most, in case that the controller is gone.
_LIMITED = (
    "import os, resource, signal, sys; os.nice(5); signal.alarm(900); "
    "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30)); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
_LONGEST = 1 << 26  # octets of a result; it has some hundred thousand
_AT_ONCE = 8
_ORACLES = ("VULNERABLE_WEAK_ORACLE", "VULNERABLE_STRONG_ORACLE")

Program = Sequence[str]


def program() -> Program:
    """Return the command that starts sslyze; nothing if it is not installed."""
    if find_spec("sslyze"):
        return sys.executable, "-m", "sslyze"
    found = shutil.which("sslyze")
    return (found,) if found else ()


def scanned(
    sslyze: Program, servers: Sequence[ScannedServer], limit: float
) -> Mapping[ScannedServer, TlsScan]:
    """Return the result of each server whose scan ended, all of them within `limit` seconds."""
    end = time.monotonic() + limit
    found = in_parallel(partial(_result, sslyze, end), servers, _AT_ONCE)
    return {server: scan for server, scan in zip(servers, found, strict=True) if scan}


def _result(sslyze: Program, end: float, server: ScannedServer) -> TlsScan | None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "result.json")
        try:
            subprocess.run(
                (sys.executable, "-c", _LIMITED, *sslyze, *_arguments(server, path)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=max(0, end - time.monotonic()),
                check=False,
            )
            with path.open() as file:
                written = json.loads(file.read(_LONGEST), object_hook=_fields)
        except (subprocess.TimeoutExpired, OSError, json.JSONDecodeError):
            return None
    return next((tls_scan(one) for one in written.server_scan_results), None)


def _arguments(server: ScannedServer, path: Path) -> Iterator[str]:
    yield from ("--quiet", "--mozilla_config=disable", *_ASKED)
    yield from (f"--json_out={path}", f"--sni={server.name}")
    if not server.wrapped:
        yield "--starttls=smtp"
    yield from ("--", f"{server.name}:{server.port}{{{literal(server.address)}}}")


def _fields(found: dict[str, object]) -> SimpleNamespace:
    return SimpleNamespace(**found)


def tls_scan(result: SimpleNamespace) -> TlsScan:
    """Return one of the `server_scan_results` in sslyze's JSON as a value."""
    found = result.scan_result
    if not found:
        reason = _message(result.connectivity_error_trace or "") or result.scan_status
        return TlsScan(reason=reason)
    attempts = {name: getattr(found, name) for name in _ASKED.values()}
    suites = {
        version: [one.cipher_suite.name for one in done.accepted_cipher_suites]
        for version, name in zip(VERSIONS, _ASKED.values(), strict=False)
        if (done := attempts[name].result) and done.accepted_cipher_suites
    }
    missing = sorted(name for name, attempt in attempts.items() if attempt.result is None)
    return TlsScan(suites, tuple(_weaknesses(found)), missing)


def _message(trace: str) -> str:
    """Return the message of the exception in sslyze's trace."""
    return trace.strip().rpartition("\n")[2].rpartition(' -> "')[2].removesuffix('".')


def _weaknesses(found: SimpleNamespace) -> Iterator[Weakness]:
    """Yield the weaknesses; a part of the scan without a result has none."""
    heartbleed, injection = found.heartbleed.result, found.openssl_ccs_injection.result
    robot, compression = found.robot.result, found.tls_compression.result
    if heartbleed and heartbleed.is_vulnerable_to_heartbleed:
        yield True, "leaks its memory (Heartbleed, CVE-2014-0160)", UPDATE
    if injection and injection.is_vulnerable_to_ccs_injection:
        yield True, "accepts an attacker's key (CCS injection, CVE-2014-0224)", UPDATE
    if robot and robot.robot_result in _ORACLES:
        yield True, "decrypts for attackers (ROBOT)", f"{UPDATE}; exclude kRSA cipher suites"
    if compression and compression.supports_compression:
        fix = "add NO_COMPRESSION to tls_ssl_options (RFC 9325 section 3.3)"
        yield True, "compresses under TLS", fix
    yield from _handshakes(found)
    shown = found.certificate_info.result
    for deployment in shown.certificate_deployments if shown else ():
        yield from chain_weaknesses(one.as_pem for one in deployment.received_certificate_chain)


def _handshakes(found: SimpleNamespace) -> Iterator[Weakness]:
    renegotiation, early = found.session_renegotiation.result, found.tls_1_3_early_data.result
    if renegotiation and renegotiation.is_vulnerable_to_client_renegotiation_dos:
        fix = "add NO_RENEGOTIATION to tls_ssl_options"
        yield False, "lets clients renegotiate without a limit", fix
    if early and early.supports_early_data:
        yield False, "accepts early data, which can be replayed (RFC 9325 section 3.7)", UPDATE
    older, master = found.tls_1_2_cipher_suites.result, found.tls_extended_master_secret.result
    if not older or not older.accepted_cipher_suites:
        return  # TLS 1.3 has neither renegotiation nor a master secret of that kind
    if renegotiation and not renegotiation.supports_secure_renegotiation:
        yield no_secure_renegotiation()
    if master and not master.supports_ems_extension:
        yield no_extended_master_secret()
