"""
Key exchange of TLS sessions: the group that a new client agrees, and the algorithms that sign it.

A hybrid group (draft-ietf-tls-ecdhe-mlkem) protects today's sessions from an attacker who records
them for a quantum computer. RFC 9155 forbids signatures with SHA-1 in TLS 1.2. The groups are asked
with the OpenSSL of the package cryptography, which is newer than that of most machines.
"""

import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from socket import socket

from OpenSSL import SSL

from ...mail.ciphers import HYBRID_GROUP
from ..clients import openssl
from ..clients.endpoint import Endpoint, allows_old, per_endpoint, tls_endpoints
from ..clients.smtp import READY, session
from ..core.finding import Check, Finding
from ..core.target import CheckedHost
from ..core.world import World

KEY_EXCHANGE = Check(
    "smtp.key_exchange",
    "host",
    "Is the key exchange of TLS secure, with new clients against quantum computers too?",
    "RFC 9155, RFC 8446 section 4.2.7",
    why=(
        "A weak signature lets an attacker take the server's place, and test sites such as "
        "Internet.nl fail a domain for it. Without a hybrid group, a session that is recorded "
        "today may be read in some years."
    ),
    remedy='Keep `mail_tls_profile = "strict"`; Debian 13 has hybrid groups.',
    when_unknown="fix smtp.starttls first",
)
_SETTINGS = "set SignatureAlgorithms and Groups in OpenSSL's settings, as this project's deploys do"
_NEWER = "install a newer release of the Python package cryptography"
_VERSIONS = {"-tls1_2": "TLS 1.2", "-tls1_3": "TLS 1.3"}
_CHUNK = 65536
_FIRST = 0x30500000  # OpenSSL 3.5, the first with hybrid groups
_TLS_1_2 = ("-tls1_2", "-sigalgs")
# What a server should decline, and its weight where it does not.
_OFFERS = (
    (KEY_EXCHANGE.error, "signs with SHA-1", (*_TLS_1_2, "ECDSA+SHA1:RSA+SHA1")),
    (KEY_EXCHANGE.warning, "signs with SHA-224", (*_TLS_1_2, "ECDSA+SHA224:RSA+SHA224")),
    (KEY_EXCHANGE.warning, "agrees ffdhe2048", ("-tls1_3", "-groups", "ffdhe2048")),
)


@per_endpoint(KEY_EXCHANGE, anywhere=True, endpoints=tls_endpoints)
def key_exchanges(endpoint: Endpoint, host: CheckedHost, world: World) -> Iterable[Finding]:
    """Check port 25 of every address, and the submission ports."""
    return findings(endpoint, host, world)


def findings(endpoint: Endpoint, host: CheckedHost, world: World) -> Iterator[Finding]:
    """Yield what a port accepts and should decline, and the group that it agrees."""
    agreed = "" if endpoint.wrapped else agreed_group(endpoint, host.hostname, world)
    problems = [] if allows_old(endpoint, host) else list(_accepted(endpoint, host, world))
    yield from problems
    if not problems and not endpoint.wrapped:
        yield _agreed(endpoint, agreed)


def agreed_group(endpoint: Endpoint, name: str, world: World) -> str:
    """Return the group that a session after STARTTLS agrees; OpenSSL before 3.2 tells none."""
    with session(endpoint, world) as client:
        answer = client.docmd("STARTTLS")
        if answer[0] != READY or not client.sock:
            raise smtplib.SMTPResponseException(*answer)
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
        connection.set_tlsext_host_name(name.encode())
        connection.set_connect_state()
        try:
            _shake_hands(connection, client.sock)
            connection.sendall(b"QUIT\r\n")
            client.sock.sendall(connection.bio_read(_CHUNK))
        except SSL.Error as error:
            raise ssl.SSLError(f"the TLS handshake failed ({error})") from error
        group = connection.get_group_name()
        client.close()
    return group or ""


def _shake_hands(connection: SSL.Connection, sock: socket) -> None:
    """Carry the octets of a handshake: OpenSSL itself cannot wait on a socket of gevent."""
    while True:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            _send(connection, sock)
            received = sock.recv(_CHUNK)
            if not received:
                raise ConnectionResetError from None
            connection.bio_write(received)
        else:
            _send(connection, sock)
            return


def _send(connection: SSL.Connection, sock: socket) -> None:
    with suppress(SSL.WantReadError):
        sock.sendall(connection.bio_read(_CHUNK))


def _accepted(endpoint: Endpoint, host: CheckedHost, world: World) -> Iterator[Finding]:
    asked = replace(endpoint, port=endpoint.port or world.port)
    for severity, saw, options in _OFFERS:
        if openssl.shown(asked, host.hostname, world.timeout, *options):
            yield severity(endpoint.host, f"{endpoint} {saw} in {_VERSIONS[options[0]]}", _SETTINGS)


def _agreed(endpoint: Endpoint, group: str) -> Finding:
    if SSL.OPENSSL_VERSION_NUMBER < _FIRST:
        saw = f"{endpoint} was not asked for hybrid groups, which this machine's cryptography lacks"
        return KEY_EXCHANGE.info(endpoint.host, saw, _NEWER)
    other = "" if group == HYBRID_GROUP else f"; {HYBRID_GROUP} needs Debian 13"
    return KEY_EXCHANGE.ok(endpoint.host, f"{endpoint} agrees {group} with new clients{other}")
