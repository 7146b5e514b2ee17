"""
TLS scans with what every controller has: Python's `ssl`, and the program openssl.

They take the place of sslyze where it is not installed. Each version and cipher suite that this
machine's OpenSSL knows is offered in a session of its own; openssl shows the chain of certificates
and the extensions of TLS 1.2. Other things are not asked: `not_asked` names them.
"""

import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from ...run.threads import in_parallel
from ..clients import openssl
from ..clients.bounded_smtplib import unverified
from ..clients.endpoint import Endpoint
from ..clients.smtp import LateError, session, starttls
from ..clients.tls_port import secured
from ..core.world import MisbehavedError, UnansweredError, World
from .tls_scan import (
    ScannedServer,
    TlsScan,
    Weakness,
    chain_weaknesses,
    no_extended_master_secret,
    no_secure_renegotiation,
)

_VERSIONS = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}
_CHOSEN = "TLS 1.3"  # ssl cannot choose its suites, so the one that the server prefers counts
_LEGACY_SERVER_CONNECT = 0x4  # ssl has a name for it from Python 3.12 on
_OLDEST = ("SSL 2.0", "SSL 3.0")
_BEYOND = (
    "cipher suites that this machine's OpenSSL has no longer, such as RC4 and 3DES",
    "compression, client renegotiation and early data",
    "Heartbleed, CCS injection and ROBOT",
)
_WITHOUT_OPENSSL = (
    "cipher suites, certificate chains and extensions, which need the program openssl"
)


def scanned(servers: Sequence[ScannedServer], world: World) -> Mapping[ScannedServer, TlsScan]:
    """Return the result of each server."""
    found = in_parallel(partial(_scan, world=world), servers)
    return dict(zip(servers, found, strict=True))


def not_asked() -> tuple[str, ...]:
    """Return what such a scan does not ask on this machine."""
    versions = (*_OLDEST, *(one for one in _VERSIONS if one not in _offered()))
    return (", ".join(versions), *(_BEYOND if suite_names() else (_WITHOUT_OPENSSL, *_BEYOND[1:])))


def _scan(server: ScannedServer, world: World) -> TlsScan:
    probe = _Probe(server, world)
    suites: dict[str, list[str]] = {}
    try:
        for version in _offered():
            if accepted := list(probe.accepted(version)):
                suites[version] = accepted
    except (MisbehavedError, UnansweredError) as error:
        return TlsScan(reason=str(error))
    if not suites:
        return TlsScan(reason="no version of TLS was accepted")
    if not suite_names():
        return TlsScan(dict.fromkeys(suites, ()))
    shown = probe.shown("TLS 1.2" if "TLS 1.2" in suites else _CHOSEN)
    extensions = tuple(_extensions(shown)) if "TLS 1.2" in suites else ()
    chain = tuple(chain_weaknesses(openssl.PEM.findall(shown)))
    return TlsScan(suites, (*extensions, *chain), () if shown else ("certificate_info",))


@dataclass(frozen=True)
class _Probe:
    """Sessions with one server, each with another offer of TLS."""

    server: ScannedServer
    world: World

    @property
    def endpoint(self) -> Endpoint:
        """Return the port with its host's name."""
        server = self.server
        return Endpoint(server.name, server.address, server.port, server.wrapped)

    def accepted(self, version: str) -> Iterator[str]:
        """Yield the cipher suites that the server accepts, until it accepts no other."""
        taken: list[str] = []
        while suite := self._negotiated(_context(version, taken)):
            if suite in taken:
                return
            yield suite_names().get(suite, suite)
            taken.append(suite)
            if version == _CHOSEN:
                return

    def _negotiated(self, context: ssl.SSLContext) -> str:
        """Return the cipher suite of a session, nothing if the server declines the handshake."""
        try:
            if self.server.wrapped:
                with secured(self.endpoint, self.world, self.server.name, context) as line:
                    return _suite(line)
            with session(self.endpoint, self.world) as client:
                starttls(client, self.server.name, context)
                return _suite(client.sock)
        except LateError:
            raise
        except MisbehavedError as error:
            if isinstance(error.__cause__, ssl.SSLError | ConnectionResetError):
                return ""
            raise

    def shown(self, version: str) -> str:
        """Return what openssl shows of a session, nothing if it has no answer in time."""
        option = f"-{version.lower().replace(' ', '').replace('.', '_')}"
        shown = openssl.shown(
            self.endpoint, self.server.name, self.world.timeout, option, "-showcerts"
        )
        return shown or ""


def _suite(line: object) -> str:
    cipher = line.cipher() if isinstance(line, ssl.SSLSocket) else None
    return cipher[0] if cipher else ""


def _extensions(shown: str) -> Iterator[Weakness]:
    if "Secure Renegotiation IS NOT supported" in shown:
        yield no_secure_renegotiation()
    if "Extended master secret: no" in shown:
        yield no_extended_master_secret()


def _context(version: str, without: Sequence[str] = ()) -> ssl.SSLContext:
    """Return a context that offers one version with all cipher suites but some."""
    context = unverified()
    context.options |= _LEGACY_SERVER_CONNECT
    context.minimum_version = context.maximum_version = _VERSIONS[version]
    excluded = (f"!{suite}" for suite in without)
    context.set_ciphers(":".join(("ALL:COMPLEMENTOFALL", *excluded, "@SECLEVEL=0")))
    return context


@cache
def _offered() -> tuple[str, ...]:
    """Return the versions that this machine's OpenSSL can offer."""
    return tuple(version for version in _VERSIONS if _begins(_context(version)))


def _begins(context: ssl.SSLContext) -> bool:
    """Return whether a handshake begins at all, with nobody at the other end."""
    try:
        context.wrap_bio(
            ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost"
        ).do_handshake()
    except ssl.SSLWantReadError:
        return True
    except ssl.SSLError:
        pass
    return False


@cache
def suite_names() -> Mapping[str, str]:
    """Return the IANA name of each of OpenSSL's cipher suites; nothing without its program."""
    command = ("openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    fields = (line.split() for line in listed.splitlines())
    return {own: standard for standard, _, own, *_ in fields}
