"""
TLSA records only in zones with a chain of trust (DANE, RFC 7672), and on every name server.

Senders ignore TLSA records in an unsigned zone. In a zone with a broken chain of trust they find
nothing at all. So TLSA records are published if the chain is whole; otherwise the plan has a note
with the fault of the chain, and its fix.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from ...dns.authority import finder, servers, zone_of
from ...dns.query import WORKERS
from ...mail import tlsa
from ...mail.errors import MailError
from ...mail.records import Facts
from ...mail.settings.model import Fleet, MailSettings
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer
from .poll import Question, longest_ttl, wait


@dataclass(frozen=True)
class HostTrust:
    """The result for one host: its TLSA records are withheld or not, and a note."""

    host: str
    withheld: bool = False
    note: str = ""


def trusted_facts(fleet: Fleet, facts: Facts) -> tuple[Facts, tuple[str, ...]]:
    """
    Return the facts without the digests that senders could not trust, and a note for each.

    If the DNS does not answer, no digest is left out, so that no published record is deleted.
    """
    hosts = [host for host in fleet.hosts if _has_digests(host, facts)]
    verdicts = in_parallel(_host_trust, hosts, WORKERS)
    withheld = {verdict.host for verdict in verdicts if verdict.withheld}
    kept = {
        name: replace(fact, tlsa=()) if name in withheld else fact for name, fact in facts.items()
    }
    return kept, tuple(verdict.note for verdict in verdicts if verdict.note)


def tlsa_published(settings: MailSettings, digests: Collection[str]) -> int | None:
    """Return the TTL of a host's TLSA records if every name server has its keys, else None."""
    wanted = ExpectedAnswer(tlsa.record_name(settings.hostname), "TLSA", tlsa.records(digests))
    try:
        resolver = finder(settings.resolvers)
        zone = zone_of(settings.hostname, resolver)
        questions = [Question(zone, server, wanted) for server in servers(zone, resolver)]
    except MailError:  # no server can be asked
        return None
    return None if wait(questions, 0).wrong else longest_ttl(questions)


def _has_digests(host: MailSettings, facts: Facts) -> bool:
    fact = facts.get(host.inventory_name)
    return bool(fact and fact.tlsa and host.dane and host.dns is not None)


def _host_trust(host: MailSettings) -> HostTrust:
    from ...dns.dnssec import chain_fault  # noqa: PLC0415 - for hosts with TLSA records alone

    try:
        resolver = finder(host.resolvers)
        problem = chain_fault(zone_of(host.hostname, resolver), resolver)
    except MailError as error:
        return HostTrust(host.inventory_name, note=str(error))
    note = f"no TLSA records for {host.hostname}: {problem}" if problem else ""
    return HostTrust(host.inventory_name, bool(problem), note)
