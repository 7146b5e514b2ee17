"""A small DNS: a resolver, a parent zone and two servers of a zone below it, all on loopback."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import dns.resolver

from deploys.dns.authority import finder
from tests.zones.responder import Responder, a, domain, soa

PARENT, ZONE = "example", "harbor.example"
NS1, NS2 = "ns1.nic.example", "ns2.nic.example"


@dataclass(frozen=True)
class World:
    """The servers of a zone; a test can change the answers of each."""

    resolver: Responder
    parent: Responder
    ns1: Responder
    ns2: Responder

    @property
    def ask(self) -> dns.resolver.Resolver:
        """A resolver with an empty cache of its own."""
        made = finder((self.resolver.address,))
        made.port, made.timeout, made.lifetime = self.resolver.port, 0.5, 0.5
        return made

    def asked_of_the_resolver(self) -> set[str]:
        return {name for name, _ in self.resolver.asked}


@contextmanager
def world() -> Iterator[World]:
    """Serve a zone that its parent delegates to two servers, which say the same of themselves."""
    with ExitStack() as stack:
        first = stack.enter_context(Responder("127.0.0.6", zone=PARENT))
        parent, ns1, ns2 = (
            stack.enter_context(Responder(f"127.0.0.{number}", first.port, zone))
            for number, zone in ((7, PARENT), (8, ZONE), (9, ZONE))
        )
        first.answers = {
            (PARENT, "SOA"): [soa(PARENT)],
            (PARENT, "NS"): [domain("ns.nic.example")],
            ("ns.nic.example", "A"): [a(parent.address)],
            (NS1, "A"): [a(ns1.address)],
            (NS2, "A"): [a(ns2.address)],
        }
        parent.cuts = {ZONE: {NS1: "", NS2: ""}}
        for server in (ns1, ns2):
            server.answers = {(ZONE, "NS"): [domain(NS1), domain(NS2)], (ZONE, "SOA"): [soa(ZONE)]}
        yield World(first, parent, ns1, ns2)
