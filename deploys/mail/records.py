"""The DNS records that mail needs, each with the reason for it.

A domain's MX names its mail hosts, and their A and AAAA say where those are (RFC 5321 section 5.1);
TXT records tell receivers who may send for the domain (SPF), with which keys its mail is signed
(DKIM) and what to do with forgeries (DMARC).
What is derived here is what we want the zones to say, whatever else they say.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from deploys.mail import dkim
from deploys.mail.dmarc import Dmarc
from deploys.mail.rotation import WHY, Published
from deploys.mail.settings import Fleet, MailSettings
from deploys.mail.spf import Spf

PREFERENCE = 10  # one for all hosts: senders spread over equals (RFC 5321 section 5.1)


@dataclass(frozen=True)
class HostFacts:
    """What a host tells of itself that records have to say; `dkim` is a record a selector."""

    dkim: tuple[Published, ...] = ()


Facts = Mapping[str, HostFacts]  # by inventory name


@dataclass(frozen=True)
class MailRecord:
    """A record set that mail needs; values as in a zone file, TXT values as plain text."""

    name: str  # without the trailing dot
    type: str
    values: tuple[str, ...]
    ttl: int
    why: str


def records_for(
    fleet: Fleet, ready: Collection[str], facts: Facts | None = None
) -> tuple[MailRecord, ...]:
    """Return what the zones shall hold for the hosts that are `ready`, by their inventory names."""
    hosts = [host for host in fleet.hosts if host.inventory_name in ready]
    known = facts or {}
    addresses = (record for host in hosts for record in _of_host(host))
    policies = (
        record
        for domain in fleet.domains
        if (serving := [host for host in hosts if domain in host.domains])
        for record in _of_domain(domain, serving)
    )
    signing = (
        record
        for host in hosts
        for record in _of_keys(host, known.get(host.inventory_name, HostFacts()))
    )
    return (*addresses, *policies, *signing)


def _of_host(host: MailSettings) -> Iterator[MailRecord]:
    for record_type, version in (("A", 4), ("AAAA", 6)):
        values = tuple(str(address) for address in host.addresses if address.version == version)
        if values:
            why = f"where the mail host {host.inventory_name} is"
            yield MailRecord(host.hostname, record_type, values, host.ttl, why)


def _of_domain(domain: str, hosts: list[MailSettings]) -> Iterator[MailRecord]:
    first = hosts[0]
    exchanges = tuple(f"{PREFERENCE} {host.hostname}." for host in hosts)
    spf, dmarc = Spf(("mx", first.spf_all)), Dmarc.of(first.dmarc)
    yield MailRecord(domain, "MX", exchanges, first.ttl, f"who receives mail for {domain}")
    yield MailRecord(domain, "TXT", (str(spf),), first.ttl, "SPF: the MX hosts may send its mail")
    yield MailRecord(
        f"_dmarc.{domain}", "TXT", (str(dmarc),), first.ttl, "DMARC: what to do with forged mail"
    )


def _of_keys(host: MailSettings, facts: HostFacts) -> Iterator[MailRecord]:
    for key, domain in product(facts.dkim, dkim.signing_domains(host)):
        home = dkim.home(host, key.selector, domain)
        why = WHY[key.state].format(host=host.inventory_name)
        yield MailRecord(home, "TXT", (key.text,), host.ttl, why)
        name = dkim.record_name(key.selector, domain)
        if name != home:
            yield MailRecord(name, "CNAME", (f"{home}.",), host.ttl, "DKIM: where its keys are")
