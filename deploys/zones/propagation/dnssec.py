"""
Whether a zone's signatures can be trusted (DNSSEC, RFC 4035), asked without trusting a resolver.

The parent zone vouches for a zone by a DS record, the digest of a key; the zone's DNSKEY records
hold that key and are signed with it. Where there is no DS, senders take the zone for unsigned, and
TLSA records in it say nothing to them. Where it fits no key, they find nothing of the zone at all.
So TLSA is published where parent and zone fit together; otherwise it is said what is amiss.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from ...dns.authority import finder, servers, zone_of
from ...dns.dnssec import broken_chain
from ...dns.query import WORKERS
from ...mail import tlsa
from ...mail.errors import MailError
from ...mail.records import Facts
from ...mail.settings.model import Fleet, MailSettings
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer
from .poll import Question, wait


@dataclass(frozen=True)
class Verdict:
    """Whether the digests of a host are left out of its zone, and what there is to say."""

    host: str
    withheld: bool = False
    note: str = ""


def secured(fleet: Fleet, facts: Facts) -> tuple[Facts, tuple[str, ...]]:
    """
    Return the facts without digests that senders could not trust, and what there is to say.

    Where the DNS does not answer, nothing is left out: what is published must not vanish for that.
    """
    hosts = [host for host in fleet.hosts if _has_digests(host, facts)]
    verdicts = in_parallel(_judged, hosts, WORKERS)
    withheld = {verdict.host for verdict in verdicts if verdict.withheld}
    kept = {
        name: replace(fact, tlsa=()) if name in withheld else fact for name, fact in facts.items()
    }
    return kept, tuple(verdict.note for verdict in verdicts if verdict.note)


def everywhere(settings: MailSettings, digests: Collection[str]) -> bool:
    """Tell whether every name server answers with the TLSA records of these keys of a host."""
    wanted = ExpectedAnswer(tlsa.record_name(settings.hostname), "TLSA", tlsa.records(digests))
    try:
        ask = finder(settings.resolvers)
        zone = zone_of(settings.hostname, ask)
        questions = [Question(zone, server, wanted) for server in servers(zone, ask)]
    except MailError:  # then nothing is seen from here
        return False
    return not wait(questions, 0).wrong


def _has_digests(host: MailSettings, facts: Facts) -> bool:
    fact = facts.get(host.inventory_name)
    return bool(fact and fact.tlsa and host.dane and host.dns is not None)


def _judged(host: MailSettings) -> Verdict:
    try:
        ask = finder(host.resolvers)
        problem = broken_chain(zone_of(host.hostname, ask), ask)
    except MailError as error:
        return Verdict(host.inventory_name, note=str(error))
    note = f"no TLSA records for {host.hostname}: {problem}" if problem else ""
    return Verdict(host.inventory_name, bool(problem), note)
