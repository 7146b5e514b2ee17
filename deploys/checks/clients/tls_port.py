"""Connections to a port in TLS from the first octet (RFC 8314 section 3), of any protocol."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

from ..core.world import MisbehavedError, UnansweredError, World
from .bounded_smtplib import unverified
from .endpoint import Endpoint
from .smtp import LateError


@contextmanager
def connected(endpoint: Endpoint, world: World) -> Iterator[socket.socket]:
    """Connect, and close when the time is over, even if the server still sends single octets."""
    try:
        plain = socket.create_connection((endpoint.address, endpoint.port), world.timeout)
    except ConnectionRefusedError as error:
        raise MisbehavedError(
            f"{endpoint} refused the connection: no service listens there"
        ) from error
    except OSError as error:
        raise UnansweredError(f"{endpoint} could not be reached: {error}") from error
    with plain, plain.dup() as line:  # TLS takes over the socket; its duplicate can still close it
        watchdog = Timer(world.timeout, _close, [line])
        watchdog.start()
        try:
            yield plain
        except (OSError, ValueError) as error:
            late = not watchdog.is_alive() or isinstance(error, TimeoutError)
            if late:
                raise LateError(
                    f"{endpoint} answers, but not with TLS within {world.timeout:g} s"
                ) from error
            raise MisbehavedError(
                f"{endpoint} answers, but not with TLS ({_short(error)})"
            ) from error
        finally:
            watchdog.cancel()


@contextmanager
def secured(
    endpoint: Endpoint, world: World, name: str, context: ssl.SSLContext | None = None
) -> Iterator[ssl.SSLSocket]:
    """Connect in TLS, with a name for SNI; nothing is verified unless the context does."""
    with (
        connected(endpoint, world) as plain,
        (context or unverified()).wrap_socket(plain, server_hostname=name) as line,
    ):
        yield line


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _short(error: Exception) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    return str(reason or error or "it closed the connection").lower().replace("_", " ")
