"""
A zone's servers, by those of its parent and by themselves (RFC 1034 section 4.2).

The parent refers to the servers of a zone, resolvers start from there, and the zone's own NS
records should say the same. Each server is asked at every address, without recursion: one that does
not answer with authority is lame (RFC 1912 section 2.8).
"""

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from ..core.world import Answer, Delegation, UnansweredError

FAMILIES = ("A", "AAAA")
CUT = "its answer is cut off, even over TCP"
_PATIENCE = 2.0  # seconds for one answer
_ENOUGH = 4  # addresses of a parent's servers that are asked for one answer
_PAYLOAD = 1232  # octets that no path fragments


def delegation(name: str, ask: dns.resolver.Resolver, port: int) -> Delegation:
    """Return the zone that a name is in, and the servers that its parent refers to; "" is root."""
    try:
        zone = dns.resolver.zone_for_name(name, resolver=ask)
        if zone == dns.name.root:
            return Delegation("", ())
        above = dns.resolver.zone_for_name(zone.parent(), resolver=ask)
        parents = [target.to_text() for target in ask.resolve(above, "NS")]
    except dns.exception.DNSException as error:
        raise UnansweredError(f"the zone of {name} could not be found: {error}") from error
    text = zone.to_text(omit_final_dot=True)
    addresses = [address for parent in parents for address in located(parent, ask)]
    for address in [one for one in addresses if routed(one)][:_ENOUGH]:
        with suppress(dns.exception.DNSException, OSError, EOFError):
            if names := _named(zone, check(text, "NS", address, port)):
                return Delegation(text, names)
    raise UnansweredError(f"no name server of the zone above {text} tells who serves {text}")


def located(server: str, ask: dns.resolver.Resolver) -> Iterator[str]:
    """Yield the addresses of a server that are found."""
    for family in FAMILIES:
        with suppress(dns.exception.DNSException):
            for found in ask.resolve(server, family, raise_on_no_answer=False, search=False):
                yield found.to_text()


def leads_nowhere(server: str, ask: dns.resolver.Resolver) -> bool:
    """Return whether a server's name has no address, and not merely no answer."""
    try:
        return not any(
            ask.resolve(server, family, raise_on_no_answer=False, search=False)
            for family in FAMILIES
        )
    except dns.resolver.NXDOMAIN:
        return True
    except dns.exception.DNSException:
        return False


def authority(label: str, address: str, name: str, rdtype: str, port: int) -> Answer:
    """Return what one server says with authority about a name, or what its problem is."""
    try:
        answer = check(name, rdtype, address, port)
    except dns.exception.Timeout:
        return Answer(label, problem=f"no answer within {_PATIENCE:g} s", silent=True)
    except (dns.exception.DNSException, EOFError) as error:
        return Answer(label, problem=f"a broken answer ({type(error).__name__}: {error})")
    except OSError as error:
        return Answer(label, problem=error.strerror or "no connection", silent=True)
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer(label, problem=f"it answers {dns.rcode.to_text(answer.rcode())}")
    if not answer.flags & dns.flags.AA:
        return Answer(label, problem="it is not authoritative for the zone")
    wanted = dns.rdatatype.from_text(rdtype)
    found = [one for rrset in answer.answer if rrset.rdtype == wanted for one in rrset]
    return Answer(label, texts(found))


def check(name: str, rdtype: str, address: str, port: int) -> dns.message.Message:
    """
    Ask one server without recursion, by UDP, and by TCP where the answer does not fit.

    Raise DNSException for an answer that is cut off even there: it would look like less.
    """
    query = dns.message.make_query(f"{name}.", rdtype, flags=0, use_edns=0, payload=_PAYLOAD)
    try:
        return _sent(query, address, port)
    except dns.exception.Timeout:  # a packet may be lost
        return _sent(query, address, port)


def routed(address: str) -> bool:
    """Return whether this machine has a way to an address; nothing is sent to find out."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((address, 53))
        return True
    return False


def is_cut(answer: dns.message.Message) -> bool:
    """Return whether an answer says itself that it is not whole."""
    return bool(answer.flags & dns.flags.TC)


def texts(rrset: Iterable[dns.rdata.Rdata]) -> tuple[str, ...]:
    """Return values as in a zone file, but TXT as one plain text."""
    return tuple(sorted(_text(rdata) for rdata in rrset))


def _text(rdata: dns.rdata.Rdata) -> str:
    # RFC 7208 section 3.3: the strings of one TXT record are one text, joined without a space.
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode(errors="replace")
    return str(rdata.to_text())


def _sent(query: dns.message.Message, address: str, port: int) -> dns.message.Message:
    answer, _ = dns.query.udp_with_fallback(query, address, _PATIENCE, port, ignore_unexpected=True)
    if is_cut(answer):
        raise dns.exception.FormError(CUT)  # type: ignore[no-untyped-call]
    return answer


def _named(zone: dns.name.Name, answer: dns.message.Message) -> tuple[str, ...]:
    """Return a zone's servers by a referral, or by a server that has the zone itself too."""
    found = (
        rrset
        for rrset in (*answer.authority, *answer.answer)
        if rrset.rdtype == dns.rdatatype.NS and rrset.name == zone
    )
    names = (target.to_text().removesuffix(".").lower() for rrset in found for target in rrset)
    return tuple(sorted(set(names)))
