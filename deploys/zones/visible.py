"""
Whether a record has reached every authoritative server of its zone, whoever publishes the zone.

A key may sign once all of them answer with it; a receiver that asks one that does not would take
the signature for a forgery (RFC 6376 section 6.1.2).
"""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver
from pyinfra import state

from deploys.mail import dkim
from deploys.mail.errors import MailError
from deploys.mail.settings import MailSettings
from deploys.zones import recordsets
from deploys.zones.authority import resolver, servers
from deploys.zones.changes import Expected
from deploys.zones.waiting import Question, wait


def visible(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """
    Return the names among these TXT records that every authoritative server answers so.

    Where a domain leads the names of its keys elsewhere, the CNAME has to be on all of its servers,
    and the TXT on all of those where it leads; that place is among the names once the TXT is there.
    """
    if not records:
        return ()
    try:
        ask = resolver(settings.resolvers)
    except MailError:  # then nothing is seen from here
        return ()
    places = [one for name, text in records.items() for one in _places(settings, name, text)]
    with ThreadPoolExecutor(len(places)) as pool:
        asked = list(pool.map(lambda place: list(_questions(place, ask)), places))
    wrong = set(wait([question for found in asked for question in found], 0).wrong)
    there = {
        place.expected.name: place.leads_to
        for place, found in zip(places, asked, strict=True)
        if found and not set(found) & wrong
    }
    return frozenset(name for name, leads_to in there.items() if not leads_to or leads_to in there)


def promised(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """Return the same; in a plan, what the step before will have published is there already."""
    if settings.dns is not None and not state.is_executing:
        return frozenset(records)
    return visible(settings, records)


@dataclass(frozen=True)
class _Place:
    """What has to be answered, and a name above it that exists, to find its zone by."""

    above: str
    expected: Expected
    leads_to: str = ""


def _places(settings: MailSettings, name: str, text: str) -> Iterator[_Place]:
    selector, _, domain = name.partition("._domainkey.")
    home = dkim.home(settings, selector, domain)
    if home != name:
        yield _Place(domain, Expected(name, "CNAME", (f"{home}.",)), leads_to=home)
    above = dkim.zone_of_keys(settings, domain) or domain
    yield _Place(above, Expected(home, "TXT", (recordsets.rdata("TXT", text),)))


def _questions(place: _Place, ask: dns.resolver.Resolver) -> Iterator[Question]:
    try:
        # Of the name itself the resolver would remember that it is not there yet.
        above = dns.name.from_text(place.above)
        zone = dns.resolver.zone_for_name(above, resolver=ask).to_text(omit_final_dot=True)
        found = servers(zone, ask)
    except (dns.exception.DNSException, MailError):
        return  # a zone that cannot be found answers nothing
    for server in found:
        yield Question(zone, server, place.expected)
