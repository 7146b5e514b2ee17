"""Servers with a good greeting, good TLS and closed ports, and servers without."""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.core.finding import Finding
from deploys.checks.smtp import greeting, key_exchange, ports, protocols, sslyze_scan
from deploys.checks.smtp.tls_scan import ScannedServer, TlsScan
from tests.checks.cases.pair import Case, Pair
from tests.checks.raw_servers import BANNER, raw, speaks
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import fleet, world

Contexts = Callable[[Path], ssl.SSLContext]


def strict(folder: Path) -> ssl.SSLContext:
    """Return a context as strict as the profile of the same name."""
    certified(folder)
    return configured(folder)


def configured(folder: Path) -> ssl.SSLContext:
    """Return such a context with the certificates in mx1.pem."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "mx1.pem")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def old(folder: Path) -> ssl.SSLContext:
    """Return a context for peers of twenty years ago."""
    context = certified(folder)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0")
    return context


# The programs that scan: sslyze where it is installed, else openssl with Python's own ssl.
PROGRAMS = {"sslyze": sslyze_scan.program(), "openssl": ()}


@contextmanager
def program(name: str) -> Iterator[None]:
    """Scan with one of the programs, whatever is installed."""
    with patch.object(sslyze_scan, "program", lambda: PROGRAMS[name]):
        yield


@cache
def scan_of(context: Contexts, name: str = "sslyze", *, wrapped: bool = False) -> TlsScan:
    """Scan a server on this machine, once: that takes hundreds of handshakes."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        here = Path(folder)
        made = context(here)
        port = stack.enter_context(
            raw(speaks(b"* OK IMAP4rev1 ready\r\n", context=made, wrapped=True))
            if wrapped
            else serving(Handler(), made)
        )
        stack.enter_context(program(name))
        server = ScannedServer("mx1.harbor.example", "127.0.0.1", port, wrapped)
        return protocols.scanned((server,), 60, world(here))[server]


def scanned(
    context: Contexts, data: Mapping[str, object] | None = None, name: str = "sslyze"
) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        found = scan_of(context, name)

        def remembered(
            servers: Iterable[ScannedServer], *_: object
        ) -> dict[ScannedServer, TlsScan]:
            return dict.fromkeys(servers, found)

        with program(name), patch.object(protocols, "scanned", remembered):
            return list(protocols.protocols(fleet(data), world(folder)))

    return case


def signing(folder: Path) -> ssl.SSLContext:
    """Return a context without TLS 1.2, whose signatures Python's ssl cannot choose."""
    context = strict(folder)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ecdh_curve("prime256v1")
    return context


def exchanged(context: Contexts, data: Mapping[str, object] | None = None) -> Case:
    """Ask a server on this machine for its key exchange."""

    def case(folder: Path) -> Iterable[Finding]:
        host = fleet(data).hosts[0]
        with serving(Handler(), context(folder)) as port:
            here = world(folder, port=port)
            endpoint = Endpoint(host.inventory_name, "127.0.0.1")
            return list(key_exchange.findings(endpoint, host, here))

    return case


def greetings(banner: bytes = BANNER) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        with raw(speaks(banner)) as port:
            return list(greeting.greetings(fleet(), world(folder, port=port)))

    return case


def knocked(*, shown: bool) -> Case:
    """Knock at a port of this machine, at which somebody listens or not."""

    def case(folder: Path) -> Iterable[Finding]:
        with raw(speaks()) as port:
            here = world(folder, port=port)
            endpoint = Endpoint("mx1", "127.0.0.1")
            return list(ports.findings(endpoint, {port if shown else 1: "Redis"}, here))

    return case


CASES: Mapping[str, Pair] = {
    "smtp.banner": Pair(greetings(), greetings(b"220 localhost ESMTP\r\n")),
    "smtp.ports": Pair(knocked(shown=False), knocked(shown=True)),
    "smtp.protocols": Pair(scanned(strict), scanned(old)),
    "smtp.key_exchange": Pair(exchanged(signing), exchanged(old)),
}
