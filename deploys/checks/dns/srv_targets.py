"""
Connections to the target of an SRV record, without a login.

A service with TLS from the first octet (RFC 8314 section 3, MS-OXDISCO) gets a TLS handshake;
submission gets STARTTLS. The older ports for reading mail only have to accept the connection.
"""

from dataclasses import dataclass

from ...run.threads import in_parallel
from ..clients.endpoint import Endpoint
from ..clients.smtp import session, starttls
from ..clients.tls_port import connected, secured
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, addresses

MOST = 8  # addresses of a target that are tried, a bound on foreign records
_TLS_FIRST = frozenset({"submissions", "imaps", "pop3s", "autodiscover"})
_OR = 'or publish the target "." if the service is not offered'


@dataclass(frozen=True)
class SrvTarget:
    """A service, and the host and port of its SRV record."""

    service: str
    host: str
    port: int


def connections(check: Check, target: SrvTarget, world: World) -> list[Finding]:
    """Try every address of a target; the caller sets the subject of the findings."""
    try:
        found = addresses(world.names, target.host)
    except UnansweredError as problem:
        fix = f"make the name servers of {target.host} answer"
        return [check.unknown("", f"{target.service}: {problem}", fix)]
    if not found:
        saw = f"{target.service} leads to {target.host}, which has no address"
        return [check.error("", saw, f"publish addresses of {target.host}, {_OR}")]
    endpoints = [Endpoint(target.host, address, target.port) for address in found[:MOST]]
    return in_parallel(lambda one: _finding(check, target.service, one, world), endpoints)


def _finding(check: Check, service: str, endpoint: Endpoint, world: World) -> Finding:
    try:
        protocol = _connection(service, endpoint, world)
    except MisbehavedError as problem:
        fix = f"make {service} with TLS answer at port {endpoint.port} of {endpoint.host}, {_OR}"
        return check.error("", f"{problem} ({service})", fix)
    except UnansweredError as problem:
        fix = f"open port {endpoint.port} in the firewall of {endpoint.host}"
        return check.unknown("", f"{problem} ({service})", fix)
    return check.ok("", f"{endpoint} {protocol} ({service})")


def _connection(service: str, endpoint: Endpoint, world: World) -> str:
    if service == "submission":
        with session(endpoint, world) as client:
            return f"speaks {starttls(client)} after STARTTLS"
    if service in _TLS_FIRST:
        with secured(endpoint, world, endpoint.host) as line:
            return f"speaks {line.version()}"
    with connected(endpoint, world):
        return "answers"
