"""
Questions to a zone's own servers about its delegation and its keys, with their signatures.

A resolver is only asked which servers a zone has. It would remember that a name is not there yet
(RFC 2308), and what it says of signatures is only as good as the way to it.
"""

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from ..mail.errors import MailError
from .authority import servers
from .query import PAYLOAD

PATIENCE = 2.0  # seconds for one server; there are others
Name = dns.name.Name


def zone_above(name: Name, ask: dns.resolver.Resolver) -> Name:
    """Return the zone that a name's parent is in; raise MailError where none is found."""
    try:
        return dns.resolver.zone_for_name(name.parent(), resolver=ask)
    except dns.exception.DNSException as error:
        raise MailError(f"{text(name)}: the zone above it cannot be found ({error})") from None


def asked(
    zone: Name, name: Name, record_type: str, ask: dns.resolver.Resolver
) -> dns.message.Message:
    """Return what a server of a zone answers, signatures included; raise MailError if none does."""
    query = dns.message.make_query(name, record_type, want_dnssec=True, payload=PAYLOAD)
    query.flags = 0
    for server in servers(text(zone), ask):
        try:
            answer, _ = dns.query.udp_with_fallback(
                query, server.address, timeout=PATIENCE, port=server.port, ignore_unexpected=True
            )
        except (dns.exception.DNSException, OSError):
            continue
        if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return answer
    raise MailError(
        f"{text(name)}: no name server of {text(zone) or 'the root'} answers about its "
        f"{record_type}; run again once one does"
    )


def record_set(answer: dns.message.Message, name: Name, record_type: str) -> dns.rrset.RRset | None:
    """Return the record set of a name in an answer, if it is there."""
    wanted = dns.rdatatype.from_text(record_type)
    return next((one for one in answer.answer if (one.name, one.rdtype) == (name, wanted)), None)


def text(name: Name) -> str:
    """Return a name without its final dot; of the root that is nothing."""
    return name.to_text(omit_final_dot=True).removesuffix(".")
