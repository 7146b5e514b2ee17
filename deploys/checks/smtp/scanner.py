"""
A scan of TLS by sslyze, as a program of its own: servers on its input, a line for each when done.

A server that sends an octet at a time keeps a thread of sslyze for ever, and what strangers send
fills memory. A process can be bounded in both, and ended as a whole. It leaves what it found so
far, and the controller's one thread is free for what is asked meanwhile.
"""

import os
import resource
import signal
import sys
import threading
import warnings

from pydantic import BaseModel, TypeAdapter
from sslyze import (
    ProtocolWithOpportunisticTlsEnum,
    ScanCommand,
    Scanner,
    ServerNetworkConfiguration,
    ServerNetworkLocation,
    ServerScanRequest,
    ServerScanResultAsJson,
)

OLD = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
VERSIONS = (*OLD, "tls_1_2", "tls_1_3")
COMMANDS = {
    *(ScanCommand(f"{version}_cipher_suites") for version in VERSIONS),
    ScanCommand.HEARTBLEED,
    ScanCommand.OPENSSL_CCS_INJECTION,
    ScanCommand.ROBOT,
    ScanCommand.SESSION_RENEGOTIATION,
    ScanCommand.TLS_COMPRESSION,
    ScanCommand.TLS_1_3_EARLY_DATA,
    ScanCommand.TLS_EXTENDED_MASTER_SECRET,
    ScanCommand.CERTIFICATE_INFO,
}
_MEMORY, _STACK = 1 << 30, 1 << 20  # octets, of all and of each thread
_LONGEST = 900  # seconds, for when nobody is left to end it


class Server(BaseModel, frozen=True):
    """One port to scan, and the name to ask for there; `wrapped` if TLS is not by STARTTLS."""

    name: str
    address: str
    port: int
    wrapped: bool = False


SERVERS = TypeAdapter(tuple[Server, ...])


def request(server: Server) -> ServerScanRequest:
    """Return what to ask of a server."""
    starttls = None if server.wrapped else ProtocolWithOpportunisticTlsEnum.SMTP
    return ServerScanRequest(
        ServerNetworkLocation(server.name, server.port, ip_address=server.address),
        ServerNetworkConfiguration(
            server.name,
            tls_opportunistic_encryption=starttls,
            smtp_ehlo_hostname=None if server.wrapped else "localhost",
            network_max_retries=1,
        ),
        scan_commands=COMMANDS,
    )


def main() -> None:
    """Scan the servers on standard input, behind whatever else this machine does."""
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
