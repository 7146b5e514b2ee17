"""
Whether a record has reached every authoritative server of its zone, whoever publishes the zone.

A key may sign once all of them answer with it; a receiver that asks one that does not would take
the signature for a forgery (RFC 6376 section 6.1.2).
"""

from collections.abc import Collection, Iterator, Mapping

import dns.exception
import dns.resolver
from pyinfra import state

from deploys.mail.errors import MailError
from deploys.mail.settings import MailSettings
from deploys.zones import recordsets
from deploys.zones.answers import at_once
from deploys.zones.authority import alias, resolver, servers, zone_of
from deploys.zones.changes import Expected
from deploys.zones.waiting import Question, wait

HOPS = 4  # of CNAMEs that lead to each other


def visible(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """Return the names among these TXT records that every authoritative server answers so."""
    if not records:
        return ()
    try:
        ask = resolver(settings.resolvers)
    except MailError:  # then nothing is seen from here
        return ()
    asked = at_once(lambda name: _whom_to_ask(name, records[name], ask), records)
    questions = {name: found for name, found in zip(records, asked, strict=True) if found}
    wrong = wait([question for found in questions.values() for question in found], 0).wrong
    return frozenset(name for name, found in questions.items() if not set(found) & set(wrong))


def promised(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """Return the same; in a plan, what the step before will have published is there already."""
    if settings.dns is not None and not state.is_executing:
        return frozenset(records)
    return visible(settings, records)


def _whom_to_ask(name: str, text: str, ask: dns.resolver.Resolver) -> list[Question]:
    try:
        return list(_questions(name, text, ask))
    except (dns.exception.DNSException, MailError):
        return []  # a zone that cannot be found answers nothing


def _questions(
    name: str, text: str, ask: dns.resolver.Resolver, hops: int = HOPS
) -> Iterator[Question]:
    """Yield what shows a text to be everywhere: at a name, or where its CNAME leads to."""
    zone = zone_of(name, ask)
    found = servers(zone, ask)
    target = alias(name, found) if hops else None
    expected = Expected(name, "TXT", (recordsets.rdata("TXT", text),))
    if target:
        expected = Expected(name, "CNAME", (f"{target}.",))
        yield from _questions(target, text, ask, hops - 1)
    for server in found:
        yield Question(zone, server, expected)
