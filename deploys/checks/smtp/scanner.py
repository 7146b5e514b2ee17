"""
TLS scanner: sslyze as a program of its own; servers on its input, a result for each on its output.

A server that sends single octets keeps a thread of sslyze for ever, and large answers fill memory.
A process can be limited in time and in memory, and its results so far are kept. The controller's
only thread is free for other checks meanwhile.
"""

import os
import resource
import signal
import sys
import threading
import warnings
from typing import TYPE_CHECKING

from pydantic import BaseModel, TypeAdapter

# A run needs this module's names and never sslyze, which takes a quarter of a second to import.
if TYPE_CHECKING:
    from sslyze import ServerScanRequest

OLD = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
VERSIONS = (*OLD, "tls_1_2", "tls_1_3")
COMMANDS = (
    *(f"{version}_cipher_suites" for version in VERSIONS),
    "heartbleed",
    "openssl_ccs_injection",
    "robot",
    "session_renegotiation",
    "tls_compression",
    "tls_1_3_early_data",
    "tls_extended_master_secret",
    "certificate_info",
)
_MEMORY, _STACK = 1 << 30, 1 << 20  # octets, of all and of each thread
_LONGEST = 900  # seconds, in case the controller is gone


class ScannedServer(BaseModel, frozen=True):
    """One port to scan, and the name for SNI; `wrapped` if TLS is not by STARTTLS."""

    name: str
    address: str
    port: int
    wrapped: bool = False


SERVERS = TypeAdapter(tuple[ScannedServer, ...])


def request(server: ScannedServer) -> "ServerScanRequest":
    """Return sslyze's request for a server."""
    from sslyze import (  # noqa: PLC0415 - in this program alone, see above
        ProtocolWithOpportunisticTlsEnum,
        ScanCommand,
        ServerNetworkConfiguration,
        ServerNetworkLocation,
        ServerScanRequest,
    )

    starttls = None if server.wrapped else ProtocolWithOpportunisticTlsEnum.SMTP
    return ServerScanRequest(
        ServerNetworkLocation(server.name, server.port, ip_address=server.address),
        ServerNetworkConfiguration(
            server.name,
            tls_opportunistic_encryption=starttls,
            smtp_ehlo_hostname=None if server.wrapped else "localhost",
            network_max_retries=1,
        ),
        scan_commands=set(map(ScanCommand, COMMANDS)),
    )


def main() -> None:
    """Scan the servers on standard input, at low priority."""
    from sslyze import Scanner, ServerScanResultAsJson  # noqa: PLC0415 - see above

    os.nice(5)
    signal.alarm(_LONGEST)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    threading.stack_size(_STACK)
    scanner = Scanner(concurrent_server_scans_limit=16)
    scanner.queue_scans([request(server) for server in SERVERS.validate_json(sys.stdin.read())])
    for result in scanner.get_results():
        line = ServerScanResultAsJson.model_validate(result).model_dump_json()
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
