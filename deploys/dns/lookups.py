"""
Questions to the DNS about names of others, whose answers a plan depends on.

Names that a zone of ours holds are looked up in its draft: a resolver that is asked for them before
they are published would remember for minutes that they are not there (RFC 2308).
"""

from collections.abc import Collection
from functools import cache
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.rdata
import dns.rdtypes.ANY.TXT
import dns.resolver

from ..mail.errors import MailError
from ..mail.spf_cost import Lookup
from .authority import resolver

PATIENCE = 4.0  # for all tries of one question


def nobody(name: str, record_type: str) -> None:
    """Answer no question."""


def lookup_by(addresses: Collection[IPv4Address | IPv6Address | str]) -> Lookup:
    """Return what asks these resolvers, or the system's own; each question once."""
    try:
        ask = resolver(addresses)
    except MailError:
        return nobody
    ask.lifetime = PATIENCE
    silent: list[str] = []

    @cache
    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        if silent:
            return None
        try:
            answer = ask.resolve(f"{name}.", record_type, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except dns.resolver.LifetimeTimeout:
            silent.append(name)  # the next question would wait as long
            return None
        except dns.exception.DNSException:
            return None
        return tuple(map(_text, answer.rrset or ()))

    return lookup


def _text(rdata: dns.rdata.Rdata) -> str:
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(rdata.strings).decode(errors="replace")
    return rdata.to_text()
