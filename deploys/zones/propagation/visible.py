"""
Whether a record has reached every authoritative server of its zone, whoever publishes the zone.

A key may sign once all of them answer with it; a receiver that asks one that does not would take
the signature for a forgery (RFC 6376 section 6.1.2).
"""

from collections.abc import Collection, Iterator, Mapping

import dns.resolver
from pyinfra import state

from ...dns.authority import finder, servers, zone_of
from ...dns.query import WORKERS
from ...mail import mta_sts
from ...mail.errors import MailError
from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ...run.threads import in_parallel
from ..model import recordsets
from ..model.changes import ExpectedAnswer
from .poll import Question, wait


def visible(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """
    Return the names among these TXT records that every authoritative server answers so.

    Where a domain leads the names of its keys elsewhere, its servers have to do so, and those of
    the zone where they lead have the record.
    """
    if not records:
        return ()
    try:
        ask = finder(settings.resolvers)
    except MailError:  # then nothing is seen from here
        return ()
    asked = in_parallel(lambda name: _trail(settings, name, records[name], ask), records, WORKERS)
    questions = {name: found for name, found in zip(records, asked, strict=True) if found}
    wrong = wait([question for found in questions.values() for question in found], 0).wrong
    return frozenset(name for name, found in questions.items() if not set(found) & set(wrong))


def promised(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """Return the same; in a plan, what the step before will have published is there already."""
    if settings.dns is None or state.is_executing:
        return visible(settings, records)
    # A policy of MTA-STS is announced by the step after.
    later = {name: text for name, text in records.items() if mta_sts.is_announcement(text)}
    return {*records} - {*later} | {*visible(settings, later)}


def _trail(
    settings: MailSettings, name: str, text: str, ask: dns.resolver.Resolver
) -> list[Question]:
    """Return whom to ask for a record, and for the CNAME that leads to it; none, if half of it."""
    selector, _, domain = name.partition("._domainkey.")
    own = domain in dkim_keys.signing_domains(settings)
    home = dkim_keys.txt_name(settings, selector, domain) if own else name
    leads = [ExpectedAnswer(name, "CNAME", (f"{home}.",))] if name != home else []
    steps = [*leads, ExpectedAnswer(home, "TXT", (recordsets.rdata("TXT", text),))]
    asked = [list(_questions(expected, ask)) for expected in steps]
    return [question for found in asked for question in found] if all(asked) else []


def _questions(expected: ExpectedAnswer, ask: dns.resolver.Resolver) -> Iterator[Question]:
    try:
        zone = zone_of(expected.name, ask)
        found = servers(zone, ask)
    except MailError:
        return  # a zone that cannot be found answers nothing
    for server in found:
        yield Question(zone, server, expected)
