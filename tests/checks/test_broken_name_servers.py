"""Broken name servers of every kind: each DNS check ends with a finding, within its time."""

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.inspection import Inspection
from deploys.checks.core.world import UnansweredError, World
from deploys.checks.run.catalogue import INSPECTIONS
from deploys.dns import authority, query, resolver
from deploys.dns.resolver import Resolver
from deploys.run.threads import in_parallel
from tests.checks.worlds import fleet, world
from tests.zones.responder import AUTHORITATIVE, RESPONSE, TRUNCATED, Responder, a, domain, soa

OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN
NS1, NS2 = "ns1.nic.example", "ns2.nic.example"
# What is asked of every authoritative server, and what a resolver makes of it. Of the others a
# server of mail, or of the web, has to answer first.
OF_SERVERS = {"dns.mx", "dns.address", "dns.spf", "dns.dmarc", "dns.tls_rpt", "dns.srv"}
OF_RESOLVERS = OF_SERVERS | {"dns.servers", "dns.dnssec", "dns.resolvers", "dns.spf_senders"}
OF_RESOLVERS |= {"dns.ptr", "dns.caa"}
MOST = 100  # questions to one server, of all checks
Mangle = Callable[[bytes, bytes], bytes]


class Mangling(Responder):
    """Changes whatever it answers; over TCP it says one octet at a time, and never all."""

    mangle: Mangle | None = None
    trickling = False

    def _answer(self, query: bytes) -> bytes:
        whole = super()._answer(query)
        return self.mangle(query, whole) if self.mangle else whole

    def _listen(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection, suppress(OSError):
                query = connection.recv(4096)[2:]
                if not query:
                    return
                answer = self._answer(query)
                connection.sendall(b"\0" if self.trickling else _framed(answer))
                connection.recv(1)  # until the other side has had enough


def _framed(answer: bytes) -> bytes:
    return struct.pack("!H", len(answer)) + answer


def _head(query: bytes, *counts: int) -> bytes:
    return query[:2] + struct.pack("!H4H", RESPONSE | AUTHORITATIVE, *counts)


MANGLED: Mapping[str, Mangle] = {
    "another id": lambda _, answer: bytes([answer[0] ^ 1]) + answer[1:],
    "half": lambda _, answer: answer[: len(answer) // 2],
    "header alone": lambda query, _: _head(query, 0, 0, 0, 0),
    "too many": lambda query, answer: _head(query, 1, 0xFFFF, 0xFFFF, 0xFFFF) + answer[12:],
    "loop": lambda query, _: _head(query, 1, 1, 0, 0) + b"\xc0\x0c\0\1\0\1" * 2,
    "another question": lambda query, _: (
        _head(query, 1, 0, 0, 0) + domain("x.example") + b"\0\1" * 2
    ),
    "the question": lambda query, _: query,
    "noise behind": lambda _, answer: answer + b"\xff" * 500,
    "zeros": lambda _, __: bytes(600),
    "text": lambda _, __: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "one octet": lambda _, __: b"\0",
}


@dataclass
class Net:
    """A resolver, which has the root, and the two servers of a domain."""

    resolver: Mangling
    servers: tuple[Mangling, Mangling]

    def world(self, folder: Path) -> World:
        names = Resolver([self.resolver.address], self.resolver.port)
        return replace(world(folder, timeout=0.5, port=1), names=names)


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    monkeypatch.setattr(resolver, "PATIENCE", 0.1)
    monkeypatch.setattr(query, "PATIENCE", 0.1)
    monkeypatch.setattr(authority, "LIFETIME", 0.4)
    monkeypatch.setattr(authority, "TRY", 0.1)
    with ExitStack() as stack:
        root = Mangling("127.0.0.1")
        first, second = (
            Mangling(f"127.0.0.{number}", root.port, "harbor.example") for number in (2, 3)
        )
        for server in (root, first, second):
            stack.enter_context(server)
        zone = {
            ("harbor.example", "SOA"): [soa("harbor.example")],
            ("harbor.example", "NS"): [domain(NS1), domain(NS2)],
        }
        root.answers = {
            **zone,
            (NS1, "A"): [a("127.0.0.2")],
            (NS2, "A"): [a("127.0.0.3")],
            ("", "NS"): [domain("root.nic.example")],
            ("", "SOA"): [soa("nic.example")],
            ("root.nic.example", "A"): [a("127.0.0.1")],
        }
        for one in (first, second):
            one.answers = dict(zone)
        yield Net(root, (first, second))
        # Each answer has its bound, so this is one for all that is asked together.
        assert all(server.datagrams <= MOST for server in (root, first, second))


def answers(ids: set[str], here: World) -> list[Finding]:
    checks = [inspection for inspection in INSPECTIONS if inspection.checks[0].id in ids]
    found = in_parallel(lambda inspection: asked(inspection, here), checks)
    return [finding for findings in found for finding in findings]


def asked(inspection: Inspection, here: World) -> list[Finding]:
    """Ask, which has to end in findings."""
    found = list(inspection.run(fleet({"mail_tls": "acme"}), here))
    assert found
    assert all(len(one.saw) < 2000 and one.saw.isprintable() for one in found)
    assert all(one.fix for one in found if one.severity is not OK)
    return found


def _spoilt(server: Mangling, fault: str) -> None:
    server.mangle = MANGLED.get(fault)
    server.silent = fault == "silent"
    server.rcode = {"SERVFAIL": 2, "REFUSED": 5, "NOTIMP": 4}.get(fault, 0)
    server.truncating = server.trickling = fault == "trickling"
    if fault == "truncated for ever":
        server.truncating, server.flags = True, server.flags | TRUNCATED


OTHERS = ("silent", "trickling", "SERVFAIL", "NOTIMP")


@pytest.mark.parametrize("fault", [*MANGLED, *OTHERS, "truncated for ever"])
def test_broken_name_servers_leave_every_check_unknown(
    net: Net, tmp_path: Path, fault: str
) -> None:
    here = net.world(tmp_path)
    for server in net.servers:
        _spoilt(server, fault)

    for finding in answers(OF_SERVERS, here):
        assert finding.severity is UNKNOWN
        assert finding.saw.startswith((NS1, NS2))


@pytest.mark.parametrize("fault", ["half", "text", *OTHERS])
def test_broken_resolvers_leave_every_check_unknown(net: Net, tmp_path: Path, fault: str) -> None:
    here = net.world(tmp_path)
    _spoilt(net.resolver, fault)

    found = answers(OF_RESOLVERS, here)

    assert {one.severity for one in found} == {UNKNOWN}
    assert {one.id for one in found} >= OF_RESOLVERS


def test_a_truncated_answer_of_a_resolver_is_no_answer(net: Net) -> None:
    names = Resolver([net.resolver.address], net.resolver.port)
    _spoilt(net.resolver, "truncated for ever")

    with pytest.raises(UnansweredError, match="cut off, even over TCP"):
        names.lookup("harbor.example", "MX")
    with pytest.raises(UnansweredError, match="cut off, even over TCP"):
        names.cached(net.resolver.address, "harbor.example", "MX")


BYTES = b"v=spf1 \xff\0\x1b[31m%{" + b"\\" * 90


def test_bytes_that_are_no_text_end_in_a_finding(net: Net, tmp_path: Path) -> None:
    octets = bytes([len(BYTES)]) + BYTES
    label = b"\x04\x01\xff.\x1b\0"
    for server in (net.resolver, *net.servers):
        server.answers |= {
            ("harbor.example", "MX"): [b"\0\x0a" + label],
            ("harbor.example", "TXT"): [octets],
            ("_dmarc.harbor.example", "TXT"): [octets],
            ("_smtp._tls.harbor.example", "TXT"): [octets],
            ("_imaps._tcp.harbor.example", "SRV"): [b"\0\0\0\0\0\x01" + label],
            ("1.0.0.127.in-addr.arpa", "PTR"): [label],
        }
    here = net.world(tmp_path)

    found = {one.id: one for one in answers(OF_RESOLVERS, here)}

    assert found["dns.spf"].severity is ERROR
    assert "\N{REPLACEMENT CHARACTER}" in found["dns.spf"].saw
    assert found["dns.mx"].severity is ERROR
    assert found["dns.ptr"].severity is ERROR


def test_a_domain_that_does_not_exist_ends_in_findings(net: Net, tmp_path: Path) -> None:
    for rdtype in ("SOA", "NS"):
        del net.resolver.answers["harbor.example", rdtype]
    here = net.world(tmp_path)

    found = answers(OF_RESOLVERS, here)

    assert {one.severity for one in found if one.id in {"dns.mx", "dns.servers"}} == {ERROR}
