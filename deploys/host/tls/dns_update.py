"""
Proof of a name by DNS-01 (RFC 8555 section 8.4), in a zone that the host itself changes (RFC 2136).

The updates are signed by TSIG (RFC 8945). certbot's hook calls it, with the name and the value in
its environment. It adds the value at the name to which `_acme-challenge` leads, and waits until
every name server of the zone answers with it; after the CA has looked, it removes the value. This
module stands on the host, and needs nothing but Python and python3-dnspython.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.tsig
import dns.update

CONFIGURATION = "update.json"
PORT = 53
TTL = 60
ANSWER_SECONDS, WAIT_SECONDS = 5, 120
UNREACHABLE = (OSError, dns.exception.DNSException, EOFError)


class RefusedUpdate(Exception):
    """A proof that is not published; the text gives the reason and the fix."""


@dataclass(frozen=True)
class ProofZone:
    """The zone, its server for updates, and the key that signs them; its secret is in base64."""

    zone: str
    server: str
    key_name: str
    key_algorithm: str
    key_secret: str

    @property
    def key(self) -> dns.tsig.Key:
        """Return the key as dnspython takes it."""
        return dns.tsig.Key(self.key_name, self.key_secret, self.key_algorithm)


def main() -> None:
    """Publish or remove the proof that certbot's environment names."""
    place = Path(sys.argv[0]).parent / CONFIGURATION
    zone = ProofZone(**json.loads(place.read_text()))
    name = f"{os.environ['CERTBOT_DOMAIN']}.{zone.zone}"
    work = {"publish": publish, "remove": remove}[sys.argv[1]]
    try:
        work(zone, name, os.environ["CERTBOT_VALIDATION"])
    except RefusedUpdate as reason:
        sys.exit(f"refused: {reason}")


def publish(zone: ProofZone, name: str, value: str, port: int = PORT) -> None:
    """Add a value at a name of the zone, and wait until every name server has it."""
    change = dns.update.UpdateMessage(zone.zone, keyring=zone.key)
    change.add(dns.name.from_text(name), TTL, "TXT", f'"{value}"')
    _send(zone, change, name, port)
    servers = _servers(zone, port)
    deadline = time.monotonic() + WAIT_SECONDS
    while lacking := [
        one for one, addresses in servers.items() if not _has(addresses, name, value, port)
    ]:
        if time.monotonic() > deadline:
            raise RefusedUpdate(
                f"{' and '.join(lacking)} did not answer with TXT {name} within {WAIT_SECONDS} s; "
                f"every name server of {zone.zone} must have it: check its transfers"
            )
        time.sleep(1)


def remove(zone: ProofZone, name: str, value: str, port: int = PORT) -> None:
    """Remove a value at a name of the zone; values of others stay."""
    change = dns.update.UpdateMessage(zone.zone, keyring=zone.key)
    change.delete(dns.name.from_text(name), "TXT", f'"{value}"')
    _send(zone, change, name, port)


def _send(zone: ProofZone, change: dns.update.UpdateMessage, name: str, port: int) -> None:
    where = f"{zone.server} does not change TXT {name} with the key {zone.key_name!r}"
    try:
        answer = dns.query.tcp(change, zone.server, ANSWER_SECONDS, port)
    except dns.tsig.PeerBadTime:
        raise RefusedUpdate(
            f"{where}: its clock and that of this host differ; correct them"
        ) from None
    except UNREACHABLE as error:
        why = str(error) or type(error).__name__
        raise RefusedUpdate(f"{where}: {why}; check mail_acme_dns and the server") from None
    if answer.rcode() != dns.rcode.NOERROR:
        code = dns.rcode.to_text(answer.rcode())
        raise RefusedUpdate(f"{where}: {code}; permit that key to change TXT records at that name")


def _servers(zone: ProofZone, port: int) -> dict[str, tuple[str, ...]]:
    """Return the addresses of each name server, as the server for updates names them."""
    question = dns.message.make_query(zone.zone, "NS")
    try:
        answer = dns.query.tcp(question, zone.server, ANSWER_SECONDS, port).answer
    except UNREACHABLE as error:
        raise RefusedUpdate(f"{zone.server} does not answer with NS {zone.zone}: {error}") from None
    names = [str(one.target) for rrset in answer for one in rrset if one.rdtype == dns.rdatatype.NS]
    if not names:
        raise RefusedUpdate(
            f"{zone.server} has no zone {zone.zone}: correct mail_acme_dns, or make the zone there"
        )
    return {name: tuple(_addresses(name)) for name in names}


def _addresses(name: str) -> Iterator[str]:
    for record_type in ("A", "AAAA"):
        try:
            yield from map(str, dns.resolver.resolve(name, record_type, lifetime=ANSWER_SECONDS))
        except dns.exception.DNSException:
            continue


def _has(addresses: Iterable[str], name: str, value: str, port: int) -> bool:
    """Tell whether a server answers with a value; a family that this host lacks does not count."""
    answers = [_answer(address, name, value, port) for address in addresses]
    return True in answers and False not in answers


def _answer(address: str, name: str, value: str, port: int) -> bool | None:
    """Return True if the answer at an address has a value; None without an answer."""
    question = dns.message.make_query(name, "TXT", flags=0)
    try:
        answer, _ = dns.query.udp_with_fallback(question, address, ANSWER_SECONDS, port)
    except UNREACHABLE:
        return None
    texts = (
        text for rrset in answer.answer for one in rrset for text in getattr(one, "strings", ())
    )
    return value.encode() in texts
