"""
Whether a zone's signatures can be trusted (DNSSEC, RFC 4035), asked without trusting a resolver.

The parent zone vouches for a zone by a DS record, the digest of a key; the zone's DNSKEY records
hold that key and are signed with it. Where there is no DS, senders take the zone for unsigned, and
TLSA records in it say nothing to them. Where it fits no key, they find nothing of the zone at all.
So TLSA is published where parent and zone fit together; otherwise it is said what is amiss.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.resolver
import dns.rrset

from ...dns.authority import resolver, servers, zone_of
from ...dns.dnssec_query import asked, record_set, text, zone_above
from ...dns.query import WORKERS
from ...mail import tlsa
from ...mail.errors import MailError
from ...mail.records import Facts
from ...mail.settings.model import Fleet, MailSettings
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer
from .poll import Question, wait

Name = dns.name.Name


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
        ask = resolver(settings.resolvers)
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
        ask = resolver(host.resolvers)
        problem = _problem(dns.name.from_text(zone_of(host.hostname, ask)), ask)
    except MailError as error:
        return Verdict(host.inventory_name, note=str(error))
    note = f"no TLSA records for {host.hostname}: {problem}" if problem else ""
    return Verdict(host.inventory_name, bool(problem), note)


def _problem(zone: Name, ask: dns.resolver.Resolver) -> str:
    """Return what is wrong with the signatures of a zone, and what mends it; or nothing."""
    parent = zone_above(zone, ask)
    found = record_set(asked(parent, zone, "DS", ask), zone, "DS")
    if not found:
        return (
            f"{text(zone)} is not signed for the world, as its parent has no DS of it; sign it at "
            "its provider and hand the DS to the registrar, or set mail_dane = False"
        )
    answer = asked(zone, zone, "DNSKEY", ask)
    keys = record_set(answer, zone, "DNSKEY") or ()
    vouched = [key for key in keys if any(_fits(zone, key, ds) for ds in found)]
    if not vouched:
        return (
            f"the DS of {text(zone)} at its parent fits no key of it, so whoever validates finds "
            "nothing of the zone; hand the right DS to the registrar, or have the wrong one removed"
        )
    if not _signed(answer, zone, vouched):
        return (
            f"the keys of {text(zone)} are not signed with the one that its parent vouches for; "
            "have its provider sign the zone again"
        )
    return ""


def _fits(zone: Name, key: dns.rdata.Rdata, ds: dns.rdata.Rdata) -> bool:
    if not isinstance(ds, dns.rdtypes.ANY.DS.DS):
        return False
    try:
        return bool(dns.dnssec.make_ds(zone, key, ds.digest_type, validating=True) == ds)
    except (dns.exception.DNSException, ValueError):
        return False  # of a kind that nobody should rely on any more (RFC 8624)


def _signed(answer: dns.message.Message, zone: Name, vouched: list[dns.rdata.Rdata]) -> bool:
    keys, signatures = record_set(answer, zone, "DNSKEY"), record_set(answer, zone, "RRSIG")
    if not keys or not signatures:
        return False
    try:
        dns.dnssec.validate(keys, signatures, {zone: dns.rrset.from_rdata_list(zone, 0, vouched)})
    except dns.exception.DNSException:
        return False
    return True
