"""A whole zone with its servers, resolvers and signatures: correct, and with one fault."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.core.world import Answer, Cached, Names, Trust, World
from deploys.checks.dns import caa, dnssec, resolvers, reverse, servers, spf_senders
from deploys.mail.settings.model import Fleet
from tests.checks.cases.pair import Case, Pair
from tests.checks.worlds import Pages, Zone, fleet

Asker = Callable[[Fleet, World], Iterable[Finding]]
Records = Mapping[tuple[str, str], tuple[str, ...]]

RECORDS: Records = {
    ("harbor.example", "MX"): ("10 mx1.harbor.example.",),
    ("harbor.example", "TXT"): ("site-verification=1", "v=spf1 mx -all"),
    ("mx1.harbor.example", "TXT"): ("v=spf1 a -all",),
    ("_dmarc.harbor.example", "TXT"): ("v=DMARC1; p=none",),
    ("mx1.harbor.example", "A"): ("127.0.0.1",),
    ("mx1.harbor.example", "AAAA"): (),
    ("1.0.0.127.in-addr.arpa", "PTR"): ("mx1.harbor.example.",),
}


def zone(changed: Records) -> Zone:
    records = {**RECORDS, **changed}
    return Zone({key: [Answer("ns", values)] for key, values in records.items()})


def whole(records: Records) -> Zone:
    """Return a DNS of these records, with two servers, that everybody trusts."""
    said = {
        (server, rdtype): [Answer(f"{server} (192.0.2.{number})", values)]
        for number, server in enumerate(("ns1", "ns2"), 1)
        for rdtype, values in (("NS", ("ns1.", "ns2.")), ("SOA", (soa(7),)))
    }
    answers = {key: [Answer("ns", values)] for key, values in records.items()}
    known = Zone(answers, {"harbor.example": ("ns1", "ns2")}, said)
    known.trusted = dict.fromkeys(("harbor.example", "mx1.harbor.example"), Trust.SECURE)
    return known


def of(names: Names) -> World:
    """Return a world in which nothing but names is asked."""
    return World(None, names, Pages({}))  # type: ignore[arg-type]


def asked(asker: Asker, changed: Records | None = None) -> Case:
    """Ask in a DNS that is right but for what is changed."""

    def case(_folder: Path) -> Iterable[Finding]:
        return list(asker(fleet(), of(zone(changed or {}))))

    return case


def served(serial: int = 7, *others: Answer) -> Case:
    """Ask about a zone of two servers, of which the second has a copy or another answer."""
    second = others or (Answer("ns2 (192.0.2.2)", (soa(serial),)),)
    return lambda _folder: list(servers.servers(fleet(), of(two_servers(second))))


def two_servers(second: Sequence[Answer], own: Sequence[str] = ("ns1.", "ns2.")) -> Zone:
    said = {
        ("ns1", "SOA"): [Answer("ns1 (192.0.2.1)", (soa(7),))],
        ("ns1", "NS"): [Answer("ns1 (192.0.2.1)", tuple(own))],
        ("ns2", "SOA"): second,
    }
    return Zone({}, {"harbor.example": ("ns1", "ns2")}, said)


def soa(serial: int) -> str:
    return f"ns1.example. hostmaster.example. {serial} 3600 600 604800 60"


def followed(domain: Trust) -> Case:
    """Ask about a domain whose host's name is trusted."""
    known = Zone({}, {"harbor.example": ("ns1",)})
    known.trusted = {"harbor.example": domain, "mx1.harbor.example": Trust.SECURE}
    return lambda _folder: list(dnssec.chains(fleet(), of(known)))


def remembered(changed: Mapping[tuple[str, str], Cached]) -> Case:
    """Ask a resolver that remembers something else."""
    known = zone({})
    known.remembered.update(changed)
    return lambda _folder: list(resolvers.resolvers(fleet(), of(known)))


def issued(*values: str) -> Case:
    """Ask for a host with certificates by Let's Encrypt."""
    known = zone({("harbor.example", "CAA"): values})
    return lambda _folder: list(caa.issuers(fleet({"mail_tls": "acme"}), of(known)))


sent = partial(asked, spf_senders.senders)
reversed_ = partial(asked, reverse.pointers)

CASES: Mapping[str, Pair] = {
    "dns.spf_senders": Pair(sent(), sent({("harbor.example", "TXT"): ("v=spf1 -all",)})),
    "dns.servers": Pair(served(), served(7, Answer("ns2 (192.0.2.2)", problem="it refuses"))),
    "dns.dnssec": Pair(followed(Trust.SECURE), followed(Trust.BOGUS)),
    "dns.resolvers": Pair(
        remembered({}),
        remembered({("harbor.example", "MX"): Cached(("10 old.example.",), 1700)}),
    ),
    "dns.caa": Pair(issued('0 issue "letsencrypt.org"'), issued('0 issue "other.example"')),
    "dns.ptr": Pair(reversed_(), reversed_({("1.0.0.127.in-addr.arpa", "PTR"): ()})),
}
