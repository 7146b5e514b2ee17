"""The DNS records that mail needs, each with the reason for it.

A domain's MX names its mail hosts, and their A and AAAA say where those are (RFC 5321 section 5.1),
as a PTR says whose an address is (RFC 1912 section 2.1). TXT records tell receivers who may send
for the domain (SPF), with which keys its mail is signed (DKIM), what to do with forgeries (DMARC)
and where to report broken TLS (TLS-RPT). SRV tells users where to send from, CAA who may issue
certificates. What is derived here is what we want the zones to say, whatever else they say.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from . import bimi, dkim, srv, tls_rpt, tlsa
from .bimi import Bimi
from .caa import Issue
from .dkim_rotation import WHY, Published
from .dmarc import Dmarc, consent
from .mta_sts import Policy, record_name
from .no_mail import silent
from .settings import dkim_keys
from .settings.model import Fleet, MailSettings
from .spf import DEFAULT_ALL, Spf
from .tls_rpt import TlsRpt

PREFERENCE = 10  # one for all hosts: senders spread over equals (RFC 5321 section 5.1)


@dataclass(frozen=True)
class HostFacts:
    """
    What a host tells of itself that records have to say.

    `dkim` is a record a selector, `tlsa` the digests of the keys that its TLS shows, or shall,
    `policies` the texts of MTA-STS that it serves, by domain, `acme_account` the URI of the account
    that gets its certificates.
    """

    dkim: tuple[Published, ...] = ()
    tlsa: tuple[str, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    acme_account: str = ""


Facts = Mapping[str, HostFacts]  # by inventory name


@dataclass(frozen=True)
class MailRecord:
    """
    A record set that mail needs; values as in a zone file, TXT values as plain text.

    A `strict` policy makes what is there as strict as itself; another leaves that as it is.
    """

    name: str  # without the trailing dot
    type: str
    values: tuple[str, ...]
    ttl: int
    why: str
    strict: bool = False


def records_for(
    fleet: Fleet, ready: Collection[str], facts: Facts | None = None
) -> tuple[MailRecord, ...]:
    """Return what the zones shall hold for the hosts that are `ready`, by their inventory names."""
    hosts = [host for host in fleet.hosts if host.inventory_name in ready]
    known = {host.inventory_name: HostFacts() for host in hosts} | dict(facts or {})
    addresses = (record for host in hosts for record in _of_host(host, fleet))
    sites = (record for host in hosts for record in _of_sites(host, known[host.inventory_name]))
    policies = (
        record
        for domain in fleet.domains
        if (serving := [host for host in hosts if domain in host.domains])
        for record in _of_domain(domain, serving, fleet)
    )
    signing = (record for host in hosts for record in _of_keys(host, known[host.inventory_name]))
    tls = (record for host in hosts for record in _of_tls(host, known[host.inventory_name]))
    silence = (
        record
        for name in fleet.silent_domains
        if (saying := [host for host in hosts if name in host.silent_domains])
        for record in _of_silence(name, saying[0])
    )
    certificates = _of_certificates(hosts, fleet, known)
    return (*addresses, *policies, *signing, *tls, *certificates, *sites, *silence)


def _of_host(host: MailSettings, fleet: Fleet) -> Iterator[MailRecord]:
    yield from _addresses(host, host.hostname, f"where the mail host {host.inventory_name} is")
    for address in host.addresses:
        why = f"whose {address} is: receivers distrust mail of hosts without a name"
        yield MailRecord(address.reverse_pointer, "PTR", (f"{host.hostname}.",), host.ttl, why)
    if host.hostname not in fleet.domains:  # there the domain's policy lets the host in
        why = f"SPF: only {host.inventory_name} says HELO with its name"
        yield MailRecord(host.hostname, "TXT", (str(Spf(("a", "-all"))),), host.ttl, why)


def _of_sites(host: MailSettings, facts: HostFacts) -> Iterator[MailRecord]:
    for site in host.sites:
        for name in site.standing(served=site.domain in facts.policies).names:
            why = f"the web site of {site.domain}, on {host.inventory_name}"
            yield from _addresses(host, name, why)


def _addresses(host: MailSettings, name: str, why: str) -> Iterator[MailRecord]:
    for record_type, version in (("A", 4), ("AAAA", 6)):
        values = tuple(str(address) for address in host.addresses if address.version == version)
        if values:
            yield MailRecord(name, record_type, values, host.ttl, why)


def _of_domain(domain: str, hosts: list[MailSettings], fleet: Fleet) -> Iterator[MailRecord]:
    first = hosts[0]
    exchanges = tuple(f"{PREFERENCE} {host.hostname}." for host in hosts)
    yield MailRecord(domain, "MX", exchanges, first.ttl, f"who receives mail for {domain}")
    spf = str(Spf(("mx", first.spf_all or DEFAULT_ALL)))
    why = "SPF: the MX hosts may send its mail"
    yield MailRecord(domain, "TXT", (spf,), first.ttl, why, strict=bool(first.spf_all))
    for name, text, reason in _texts(domain, first, fleet):
        yield MailRecord(name, "TXT", (text,), first.ttl, reason)
    yield from _of_services(domain, hosts)


def _texts(domain: str, host: MailSettings, fleet: Fleet) -> Iterator[tuple[str, str, str]]:
    policy = Dmarc.of(host.dmarc, host.dmarc_reports)
    yield f"_dmarc.{domain}", str(policy), "DMARC: what to do with forged mail"
    for name in consent(domain, host.dmarc_reports):
        if name.partition("._report._dmarc.")[2] in fleet.domains:
            yield name, "v=DMARC1", f"DMARC: reports about {domain} are welcome here"
    if host.tls_rpt:
        where = tls_rpt.record_name(domain)
        yield where, str(TlsRpt.of(host.tls_rpt)), "TLS-RPT: who hears of mail that TLS kept away"
    if host.bimi:
        yield (
            bimi.record_name(domain),
            str(Bimi.of(host.bimi)),
            "BIMI: the logo, where DMARC asks for more than none",
        )


def _of_services(domain: str, hosts: list[MailSettings]) -> Iterator[MailRecord]:
    """Yield where users submit mail, and that they read it nowhere here."""
    offering = [host for host in hosts if domain in host.account_domains]
    if not offering:
        return
    names = [host.hostname for host in offering]
    for service in srv.SERVICES:
        values = tuple(map(str, srv.places(service, names)))
        absent = service in srv.ABSENT
        why = f"{service} is not offered" if absent else f"where users of {domain} send from"
        yield MailRecord(srv.record_name(service, domain), "SRV", values, offering[0].ttl, why)


def _of_keys(host: MailSettings, facts: HostFacts) -> Iterator[MailRecord]:
    for key, domain in product(facts.dkim, dkim_keys.signing_domains(host)):
        home = dkim_keys.txt_name(host, key.selector, domain)
        why = WHY[key.state].format(host=host.inventory_name)
        yield MailRecord(home, "TXT", (key.text,), host.ttl, why)
        name = dkim.record_name(key.selector, domain)
        if name != home:
            yield MailRecord(name, "CNAME", (f"{home}.",), host.ttl, "DKIM: where its keys are")


def _of_tls(host: MailSettings, facts: HostFacts) -> Iterator[MailRecord]:
    if host.dane and facts.tlsa:
        name, values = tlsa.record_name(host.hostname), tlsa.records(facts.tlsa)
        why = f"DANE: the keys of {host.inventory_name}, those in use and those that come next"
        yield MailRecord(name, "TLSA", values, tlsa.ttl(host.ttl), why)


def _of_certificates(hosts: list[MailSettings], fleet: Fleet, facts: Facts) -> Iterator[MailRecord]:
    """Yield who may issue for each name, once all hosts that have a certificate of it are ready."""
    names = dict.fromkeys(
        name for host in hosts if host.caa_issuer for name in host.certified_names
    )
    for name in filter(fleet.covers, names):
        sharing = [host for host in fleet.hosts if host.caa_issuer and name in host.certified_names]
        if all(host in hosts for host in sharing):
            accounts = [facts[host.inventory_name].acme_account for host in sharing]
            # A host that has no account yet must not be locked out by another's.
            known = accounts if all(accounts) else [""] * len(sharing)
            issues = (
                Issue.of(host.caa_issuer, account)
                for host, account in zip(sharing, known, strict=True)
            )
            values = tuple(dict.fromkeys(map(str, issues)))
            why = f"CAA: who may issue certificates for {name}"
            yield MailRecord(name, "CAA", values, sharing[0].ttl, why)


def _of_silence(name: str, host: MailSettings) -> Iterator[MailRecord]:
    for where, record_type, value, why in silent(name):
        yield MailRecord(where, record_type, (value,), host.ttl, why, strict=True)


def announcement(host: MailSettings, domain: str, text: str) -> MailRecord:
    """Return the record that announces the policy of MTA-STS which a host serves for a domain."""
    policy = Policy.parse(text)
    why = f"MTA-STS: the policy of {domain} says {policy.mode!r}"
    return MailRecord(record_name(domain), "TXT", (policy.announcement,), host.ttl, why)
