"""Servers with a good greeting, good TLS and closed ports, and servers without."""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.core.finding import Finding
from deploys.checks.smtp import greeting, ports, protocols, scan
from deploys.checks.smtp.scanner import ScannedServer
from tests.checks.cases.pair import Case, Pair
from tests.checks.raw_servers import BANNER, raw, speaks
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import fleet, world

Contexts = Callable[[Path], ssl.SSLContext]


def strict(folder: Path) -> ssl.SSLContext:
    """Return a context as strict as the profile of the same name."""
    context = certified(folder)
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


@cache
def _scan(context: Contexts) -> scan.Scan:
    """Scan a server on this machine, once: that takes hundreds of handshakes."""
    with TemporaryDirectory() as folder, serving(Handler(), context(Path(folder))) as port:
        server = ScannedServer(name="mx1.harbor.example", address="127.0.0.1", port=port)
        return scan.scanned((server,), 30)[server]


@contextmanager
def remembered(context: Contexts) -> Iterator[None]:
    """Let whatever is scanned be as the one server with such a context was."""
    found = _scan(context)
    with patch.object(protocols, "scanned", lambda servers, _: dict.fromkeys(servers, found)):
        yield


def scanned(context: Contexts, data: Mapping[str, object] | None = None) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        with remembered(context):
            return list(protocols.protocols(fleet(data), world(folder)))

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
}
