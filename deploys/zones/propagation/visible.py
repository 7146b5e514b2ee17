"""
TXT records that every authoritative server of their zone answers with.

A key may sign once all of them have its record. A receiver that asks a server without it takes the
signature for a forgery (RFC 6376 section 6.1.2).
"""

from collections.abc import Collection, Iterator, Mapping

import dns.resolver
from pyinfra import state

from ...dns.alias import alias_of
from ...dns.authority import finder, servers, zone_of
from ...dns.query import WORKERS
from ...mail import mta_sts
from ...mail.errors import MailError
from ...mail.records import is_challenge
from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer
from .poll import Question, wait


def visible_names(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """
    Return the names of the TXT records that every authoritative server answers with.

    If a domain has a CNAME at the name of its key, its servers must answer with the CNAME, and the
    servers of the target's zone with the record. So it is with the name of a challenge.
    """
    if not records:
        return ()
    try:
        resolver = finder(settings.resolvers)
    except MailError:  # no server can be asked
        return ()
    found = in_parallel(
        lambda name: _all_questions(settings, name, records[name], resolver), records, WORKERS
    )
    questions = {name: each for name, each in zip(records, found, strict=True) if each}
    wrong = wait([question for each in questions.values() for question in each], 0).wrong
    return frozenset(name for name, each in questions.items() if not set(each) & set(wrong))


def planned_names(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:
    """Return the visible names; while a run is planned, also the names that it will publish."""
    if settings.dns is None or state.is_executing:
        return visible_names(settings, records)
    # An MTA-STS policy is announced by a later step.
    later = {name: text for name, text in records.items() if mta_sts.is_announcement(text)}
    return {*records} - {*later} | {*visible_names(settings, later)}


def _all_questions(
    settings: MailSettings, name: str, text: str, resolver: dns.resolver.Resolver
) -> list[Question]:
    """Return the questions for a record and for a CNAME to it; none if either has no server."""
    from ..model import recordsets  # noqa: PLC0415 - loads octoDNS, which most runs do not need

    home = _home(settings, name, resolver)
    cname = [ExpectedAnswer(name, "CNAME", (f"{home}.",))] if name != home else []
    steps = [*cname, ExpectedAnswer(home, "TXT", (recordsets.rdata("TXT", text),))]
    found = [list(_questions(expected, resolver)) for expected in steps]
    return [question for each in found for question in each] if all(found) else []


def _home(settings: MailSettings, name: str, resolver: dns.resolver.Resolver) -> str:
    """Return the name of the TXT record that a name is led to by a CNAME, or the name itself."""
    if is_challenge(name):
        return alias_of(name, resolver) or name
    selector, _, domain = name.partition("._domainkey.")
    own = domain in dkim_keys.signing_domains(settings)
    return dkim_keys.txt_name(settings, selector, domain) if own else name


def _questions(expected: ExpectedAnswer, resolver: dns.resolver.Resolver) -> Iterator[Question]:
    try:
        zone = zone_of(expected.name, resolver)
        found = servers(zone, resolver)
    except MailError:
        return  # a zone without servers has no answer
    for server in found:
        yield Question(zone, server, expected)
