"""
A place that an SRV record leads to: whether anything answers there, and whether it speaks TLS.

Nobody logs in. Where TLS is spoken from the first octet (RFC 8314 section 3) a handshake is made;
at a port for submission STARTTLS is said too. That the old ports for reading answer is enough.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Timer

from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, addresses, side_by_side
from .bounded_smtplib import unverified
from .endpoint import Endpoint
from .smtp import session, starttls

MOST = 8  # addresses of a place that are tried, a bound on a stranger's records
_WRAPPED = frozenset({"submissions", "imaps", "pop3s"})


@dataclass(frozen=True)
class Place:
    """A service, and the host and port at which a domain says that it is."""

    service: str
    host: str
    port: int


def reached(check: Check, place: Place, world: World) -> list[Finding]:
    """Try every address of a place, for a subject that is still to be filled in."""
    try:
        found = addresses(world.names, place.host)
    except UnansweredError as problem:
        fix = f"let the name servers of {place.host} answer"
        return [check.unknown("", f"{place.service}: {problem}", fix)]
    if not found:
        saw = f"{place.service} leads to {place.host}, which has no address"
        return [check.error("", saw, f"let it lead to a host with addresses, or {_NOT}")]
    endpoints = [Endpoint(place.host, address, place.port) for address in found[:MOST]]
    return side_by_side(
        partial(_answers, check, place.service, endpoint, world) for endpoint in endpoints
    )


def _answers(check: Check, service: str, endpoint: Endpoint, world: World) -> Finding:
    try:
        said = _spoken(service, endpoint, world)
    except MisbehavedError as problem:
        fix = f"let {service} with TLS answer at port {endpoint.port} of {endpoint.host}, or {_NOT}"
        return check.error("", f"{problem} ({service})", fix)
    except UnansweredError as problem:
        fix = f"let the firewall of {endpoint.host} pass port {endpoint.port}"
        return check.unknown("", f"{problem} ({service})", fix)
    return check.ok("", f"{endpoint} {said} ({service})")


def _spoken(service: str, endpoint: Endpoint, world: World) -> str:
    if service == "submission":
        with session(endpoint, world) as client:
            return f"speaks {starttls(client)} after STARTTLS"
    with _connected(endpoint, world) as plain:
        if service not in _WRAPPED:
            return "answers"
        with unverified().wrap_socket(plain, server_hostname=endpoint.host) as wrapped:
            return f"speaks {wrapped.version()}"


@contextmanager
def _connected(endpoint: Endpoint, world: World) -> Iterator[socket.socket]:
    """Connect, and hang up when the time is over, even if the other side sends byte by byte."""
    try:
        plain = socket.create_connection((endpoint.address, endpoint.port), world.timeout)
    except ConnectionRefusedError as error:
        raise MisbehavedError(
            f"{endpoint} refused the connection: nothing listens there"
        ) from error
    except OSError as error:
        raise UnansweredError(f"{endpoint} could not be reached: {error}") from error
    with plain, plain.dup() as line:  # TLS takes the socket over, and the line stays the same
        watchdog = Timer(world.timeout, _hang_up, [line])
        watchdog.start()
        try:
            yield plain
        except (OSError, ValueError) as error:
            late = not watchdog.is_alive() or isinstance(error, TimeoutError)
            reason = f"within {world.timeout:g} s" if late else f"({_short(error)})"
            raise MisbehavedError(f"{endpoint} answers, but speaks no TLS {reason}") from error
        finally:
            watchdog.cancel()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _short(error: Exception) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    return str(reason or error or "it hung up").lower().replace("_", " ")


_NOT = 'say by "." that the service is not offered'
