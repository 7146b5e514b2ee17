"""
What resolvers make of the DNS: whether they trust an answer, and for how long they keep it.

A validating resolver sets the AD bit where the whole chain of signatures is in order, and answers
SERVFAIL where it is broken, unless it is told by the CD bit not to look (RFC 4035 section 3.2).
"""

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.resolver

from ..core.world import Cached, Trust, UnansweredError
from .nameservers import CUT, is_cut, texts


def trust(ask: dns.resolver.Resolver, name: str, rdtype: str) -> Trust:
    """Return what validation comes to; raise UnansweredError where no resolver validates."""
    try:
        flags = _flags(ask, name, rdtype, dns.flags.RD | dns.flags.AD)
    except UnansweredError:
        _flags(ask, name, rdtype, dns.flags.RD | dns.flags.CD)  # or there is no answer at all
        return Trust.BOGUS
    if flags & dns.flags.AD:
        return Trust.SECURE
    if not _flags(ask, ".", "NS", dns.flags.RD | dns.flags.AD) & dns.flags.AD:
        who = ", ".join(map(str, ask.nameservers))
        raise UnansweredError(f"the resolver {who} does not validate, not even the root")
    return Trust.INSECURE


def cached(ask: dns.resolver.Resolver, name: str, rdtype: str) -> Cached:
    """Return what a resolver says of a name, and how long it will say so."""
    try:
        answer = ask.resolve(name, rdtype, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN as error:
        said = denial(error)
        return Cached((), min((rrset.ttl for rrset in said.authority), default=0))
    except dns.exception.DNSException as error:
        raise UnansweredError(f"no answer about {rdtype} of {name}: {error}") from error
    if is_cut(answer.response):
        raise UnansweredError(f"no answer about {rdtype} of {name}: {CUT}")
    rrsets = answer.response.answer or answer.response.authority
    return Cached(texts(answer.rrset or ()), min((rrset.ttl for rrset in rrsets), default=0))


def denial(error: dns.resolver.NXDOMAIN) -> dns.message.Message:
    """Return the response that says that there is no such name."""
    responses: dict[dns.name.Name, dns.message.Message] = error.kwargs["responses"]
    return next(iter(responses.values()))


def _flags(ask: dns.resolver.Resolver, name: str, rdtype: str, flags: int) -> int:
    """Return the flags of an answer, be it that there is nothing."""
    ask.flags = dns.flags.Flag(flags)
    try:
        answer = ask.resolve(name, rdtype, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN as error:
        return int(denial(error).flags)
    except dns.exception.DNSException as error:
        raise UnansweredError(f"no answer about {rdtype} of {name}: {error}") from error
    return int(answer.response.flags)
