"""
DNS records that mail needs, each with its reason.

`RECORD_TYPES` is the table of them: one row for each type, with its standard, the settings that it
follows, and the function that yields its records. A new type is a row here, a module for its
standard, and tests of both. These are the records that zones should have, whatever they have now.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby, product
from operator import attrgetter
from typing import Literal

from . import bimi, dkim, mta_sts, srv, tls_rpt, tlsa
from .bimi import Bimi
from .caa import Issue
from .dkim_rotation import WHY, Published
from .dmarc import Dmarc, consent
from .dmarc_steps import DmarcEvidence, NeededEvidence
from .mta_sts import Policy
from .no_mail import silent
from .report_store import ReportSums, day_of
from .settings import dkim_keys
from .settings.fleet.hand_over import homes_of, preference
from .settings.model import Fleet, MailSettings
from .settings.relays import WARMUP
from .settings.values.addresses import Address
from .spf import DEFAULT_ALL, Spf
from .tls_rpt import TlsRpt
from .units import HTTPS_PORT


@dataclass(frozen=True)
class HostFacts:
    """
    State of a host that records depend on.

    `dkim` has a record for each selector, `tlsa` the digests of the current and next TLS keys,
    `policies` the MTA-STS policies that the host serves, as text by domain, `acme_account` the URI
    of the account that gets its certificates, and `challenges` the values that its orders at the
    ACME server wait for, by name. `reports` are the sums of what it has read, at `clock`.
    """

    dkim: tuple[Published, ...] = ()
    tlsa: tuple[str, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    acme_account: str = ""
    challenges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reports: ReportSums = field(default_factory=ReportSums)
    clock: float = 0.0  # seconds since the epoch


ACME_CHALLENGE = "_acme-challenge"
LEAST_TTL = 60  # seconds
Facts = Mapping[str, HostFacts]  # by inventory name


@dataclass(frozen=True)
class MailRecord:
    """
    A record set that mail needs; values as in a zone file, TXT values as plain text.

    A `strict` policy makes an existing one as strict as itself; strict MX records change existing
    preferences. An MX may have the same preference as the servers `beside` it. With `evidence` a
    DMARC policy takes the step that reports allow, beginning with the one in `values`.
    """

    name: str  # without the trailing dot
    type: str
    values: tuple[str, ...]
    ttl: int
    why: str
    strict: bool = False
    beside: tuple[str, ...] = ()
    evidence: DmarcEvidence | None = None


RecordScope = Literal["host", "domain", "fleet"]


@dataclass(frozen=True)
class RecordSubject:
    """Hosts that records are for: one host, those of one domain, or all that are ready."""

    fleet: Fleet
    hosts: tuple[MailSettings, ...]
    facts: Facts
    domain: str = ""

    @property
    def host(self) -> MailSettings:
        """Return the host, or the first of several, whose settings count for all."""
        return self.hosts[0]

    @property
    def receivers(self) -> tuple[MailSettings, ...]:
        """Return those of the domain's hosts that receive its mail."""
        return tuple(host for host in self.hosts if self.domain in host.domains)

    @property
    def host_facts(self) -> HostFacts:
        """Return the facts of the host."""
        return self.facts[self.host.inventory_name]

    def parts(self, scope: RecordScope) -> Iterator["RecordSubject"]:
        """Yield the hosts one by one, or by domain, or all together."""
        if scope == "fleet":
            yield self
        elif scope == "host":
            yield from (replace(self, hosts=(host,)) for host in self.hosts)
        else:
            for domain in self.fleet.author_domains:
                serving = (host for host in self.hosts if domain in host.author_domains)
                # The settings of a host that receives count first.
                if hosts := tuple(sorted(serving, key=lambda host: domain not in host.domains)):
                    yield replace(self, hosts=hosts, domain=domain)


@dataclass(frozen=True)
class RecordType:
    """
    A row of the table in docs/records.md; the keys are of the inventory.

    `reason` says what the record is for, `merge` what happens to existing records of its name.
    """

    title: str
    standard: str
    keys: tuple[str, ...]
    scope: RecordScope
    records: Callable[[RecordSubject], Iterable[MailRecord]]
    reason: str
    merge: str


def records_for(
    fleet: Fleet, ready: Collection[str], facts: Facts | None = None
) -> tuple[MailRecord, ...]:
    """Return all records for the hosts that are `ready`, by their inventory names."""
    hosts = tuple(host for host in fleet.hosts if host.inventory_name in ready)
    known = {host.inventory_name: HostFacts() for host in hosts} | dict(facts or {})
    every = RecordSubject(fleet, hosts, known)
    return tuple(
        record
        for scope, rows in groupby(RECORD_TYPES, attrgetter("scope"))
        for each in [tuple(rows)]
        for subject in every.parts(scope)
        for row in each
        for record in row.records(subject)
    )


def announcement(host: MailSettings, domain: str, text: str) -> MailRecord:
    """Return the record that announces the MTA-STS policy that a host serves for a domain."""
    policy = Policy.parse(text)
    why = f"MTA-STS: the policy of {domain} has the mode {policy.mode!r}"
    name = mta_sts.record_name(domain)
    return MailRecord(name, "TXT", (policy.announcement,), host.ttl, why)


def challenge_name(name: str) -> str:
    """Return the name of the records that prove a name to an ACME server."""
    return f"{ACME_CHALLENGE}.{name}"


def is_challenge(name: str) -> bool:
    """Tell whether records at a name prove another one to an ACME server."""
    return name.startswith(f"{ACME_CHALLENGE}.")


def _challenge_aliases(of: RecordSubject) -> Iterator[MailRecord]:
    if own := of.host.acme_dns:
        why = f"DNS-01: {of.host.inventory_name} proves its names in {own.zone}"
        for name in of.host.certified_names:
            target = f"{own.proof_name(name)}."
            yield MailRecord(challenge_name(name), "CNAME", (target,), of.host.ttl, why)


def challenge_records(fleet: Fleet, facts: Facts) -> tuple[MailRecord, ...]:
    """
    Return the records of DNS-01 at every name of the hosts whose facts these are, and no others.

    A record has no values if no order waits for them.
    """
    return tuple(
        _challenge(name, facts[host.inventory_name].challenges.get(name, ()))
        for host in fleet.hosts
        if host.inventory_name in facts
        for name in host.certified_names
    )


def exchange_of(host: MailSettings, domain: str) -> str:
    """Return the value of a host's MX record of a domain."""
    return f"{preference(host, domain)} {host.hostname}."


def _host_addresses(of: RecordSubject) -> Iterator[MailRecord]:
    why = f"address of the mail host {of.host.inventory_name}"
    yield from _addresses(of.host, of.host.hostname, why)


def _addresses(host: MailSettings, name: str, why: str) -> Iterator[MailRecord]:
    yield from _address_records(host.addresses, name, host.ttl, why)


def _address_records(
    addresses: Collection[Address], name: str, ttl: int, why: str
) -> Iterator[MailRecord]:
    for record_type, version in (("A", 4), ("AAAA", 6)):
        values = tuple(str(address) for address in addresses if address.version == version)
        if values:
            yield MailRecord(name, record_type, values, ttl, why)


def _pointers(of: RecordSubject) -> Iterator[MailRecord]:
    yield from _pointer_records(of.host.addresses, of.host.hostname, of.host.ttl)


def _pointer_records(addresses: Iterable[Address], hostname: str, ttl: int) -> Iterator[MailRecord]:
    for address in addresses:
        why = f"name of {address}: receivers distrust mail from an address without a name"
        yield MailRecord(address.reverse_pointer, "PTR", (f"{hostname}.",), ttl, why)


def _bulk_addresses(of: RecordSubject) -> Iterator[MailRecord]:
    """Yield the records of a bulk stream's own addresses: addresses, names and policy of HELO."""
    host = of.host
    if host.bulk and host.bulk.addresses:
        why = f"addresses of the bulk stream of {host.inventory_name}"
        yield from _address_records(host.bulk.addresses, host.bulk_name, host.ttl, why)
        yield from _pointer_records(host.bulk.addresses, host.bulk_name, host.ttl)
        why = f"SPF: only the bulk stream of {host.inventory_name} says HELO with its name"
        policy = str(Spf(("a", "-all")))
        yield MailRecord(host.bulk_name, "TXT", (policy,), host.ttl, why)


def _bulk_bounces(of: RecordSubject) -> Iterator[MailRecord]:
    """Yield the MX and SPF records of each domain that gets the bounces of a bulk stream."""
    streams: dict[str, list[MailSettings]] = {}
    for host in of.hosts:
        if host.bulk:
            streams.setdefault(host.bulk.bounces, []).append(host)
    for name, hosts in streams.items():
        why = "bulk stream: its bounces come to its hosts"
        yield MailRecord(
            name, "MX", tuple(exchange_of(host, name) for host in hosts), hosts[0].ttl, why
        )
        senders = [f"a:{name}" for host in hosts for name in _bulk_sender(host)]
        for relay in (host.relays.table.get(WARMUP) for host in hosts):
            senders += relay.spf if relay else ()
        policy = str(Spf((*senders, "-all")))
        why = "SPF: only the hosts of the bulk stream send with this envelope domain"
        yield MailRecord(name, "TXT", (policy,), hosts[0].ttl, why)


def _bulk_sender(host: MailSettings) -> Iterator[str]:
    """Yield the names of the addresses by which a host's bulk mail leaves."""
    if host.bulk and host.bulk.addresses:
        yield host.bulk_name
    if not host.bulk_addresses:
        yield host.hostname


def _helo_policy(of: RecordSubject) -> Iterator[MailRecord]:
    # At the name of a domain, the domain's policy permits the host.
    if of.host.hostname not in of.fleet.author_domains:
        why = f"SPF: only {of.host.inventory_name} says HELO with its name"
        # The sender of forwarded mail has this name too.
        forwards = of.host.forwards
        relays = _relays(replace(of, domain=of.host.hostname)) if forwards else ()
        policy = str(Spf(("a", *dict.fromkeys(relays), "-all")))
        yield MailRecord(of.host.hostname, "TXT", (policy,), of.host.ttl, why)


def _exchanges(of: RecordSubject) -> Iterator[MailRecord]:
    values = tuple(exchange_of(host, of.domain) for host in of.receivers)
    if not values:
        return  # they stay elsewhere
    chosen = any(host.mx_preference(of.domain) is not None for host in of.receivers)
    fleet = (host.hostname for host in of.fleet.hosts_for(of.domain))
    beside = (name for host in of.receivers for name in host.mx_beside)
    why = f"the mail hosts of {of.domain}"
    ttl = of.host.ttl
    yield MailRecord(of.domain, "MX", values, ttl, why, strict=chosen, beside=(*fleet, *beside))


def _sender_policy(of: RecordSubject) -> Iterator[MailRecord]:
    senders = [f"a:{host.hostname}" for host in of.hosts if host not in of.receivers]
    receivers, relays = ["mx"] if of.receivers else [], tuple(dict.fromkeys(_relays(of)))
    senders += [f"a:{host.bulk_name}" for host in of.hosts if _sends_bulk(host, of.domain)]
    policy = str(Spf((*receivers, *senders, *relays, of.host.spf_all or DEFAULT_ALL)))
    who = ["the MX hosts"] if receivers else []
    who += ["the hosts that send for it"] if senders else []
    who += ["its relays"] if relays else []
    why = f"SPF: {' and '.join(who)} may send its mail"
    yield MailRecord(of.domain, "TXT", (policy,), of.host.ttl, why, strict=bool(of.host.spf_all))


def _relays(of: RecordSubject) -> Iterator[str]:
    """Yield the mechanisms that permit the relays of a domain's mail."""
    fleet = (*of.fleet.hosts, *of.fleet.others)
    owners = {name: host for host in fleet for name in host.host_names}
    for host in of.hosts:
        for relay in host.relays.of_domain(of.domain):
            owner = owners.get(relay.name)
            if owner and owner not in of.hosts:
                yield f"a:{owner.hostname}"
            yield from relay.spf


def _sends_bulk(host: MailSettings, domain: str) -> bool:
    """Tell whether bulk mail of a domain leaves by addresses that are not the host's others."""
    own = host.bulk and host.bulk.addresses
    return bool(own) and any(one.endswith(f"@{domain}") for one in host.bulk_senders)


def _dmarc_policy(of: RecordSubject) -> Iterator[MailRecord]:
    first = "none" if of.host.dmarc == "auto" else of.host.dmarc
    policy = str(Dmarc.of(first, of.host.dmarc_reports))
    why = "DMARC: the policy for forged mail"
    evidence = _dmarc_evidence(of) if of.host.dmarc == "auto" else None
    name = f"_dmarc.{of.domain}"
    yield MailRecord(name, "TXT", (policy,), of.host.ttl, why, evidence=evidence)


def _dmarc_evidence(of: RecordSubject) -> DmarcEvidence:
    """Return what all hosts have read about a domain."""
    every = [facts.reports for facts in of.facts.values()]
    hosts = (*of.fleet.hosts, *of.fleet.others)
    return DmarcEvidence(
        today=day_of(max(facts.clock for facts in of.facts.values())),
        needed=NeededEvidence(of.host.auto_days, of.host.auto_messages),
        days=tuple(one for sums in every for one in sums.dmarc if one.domain == of.domain),
        failing=tuple(one for sums in every for one in sums.failing if one.domain == of.domain),
        own=tuple(str(address) for host in hosts for address in host.addresses),
        forgers=of.host.dmarc_forgers,
    )


def _dmarc_consent(of: RecordSubject) -> Iterator[MailRecord]:
    for name in consent(of.domain, of.host.dmarc_reports):
        if name.partition("._report._dmarc.")[2] in of.fleet.author_domains:
            why = f"DMARC: reports about {of.domain} are accepted here"
            yield MailRecord(name, "TXT", ("v=DMARC1",), of.host.ttl, why)


def _tls_reports(of: RecordSubject) -> Iterator[MailRecord]:
    if of.host.tls_rpt and of.receivers:
        policy = str(TlsRpt.of(of.host.tls_rpt))
        why = "TLS-RPT: the addresses for reports of failed TLS"
        yield MailRecord(tls_rpt.record_name(of.domain), "TXT", (policy,), of.host.ttl, why)


def _logo(of: RecordSubject) -> Iterator[MailRecord]:
    if of.host.bimi:
        record = str(Bimi.of(of.host.bimi))
        why = "BIMI: the logo, shown where DMARC asks for more than none"
        yield MailRecord(bimi.record_name(of.domain), "TXT", (record,), of.host.ttl, why)


def _services(of: RecordSubject) -> Iterator[MailRecord]:
    # A record cannot say which of several homes has the mailbox of a user.
    several = len(homes_of(of.domain, of.fleet.hosts_for(of.domain))) > 1
    candidates = () if several else of.receivers
    offering = [host for host in candidates if of.domain in host.account_domains]
    for service in srv.SERVICES if offering else ():
        targets = srv.records(
            service,
            [host.hostname for host in offering],
            [
                host.hostname
                for host in offering
                if of.domain in host.mailbox_domains and service in host.mailbox_services
            ],
        )
        use = "submission for" if service in srv.SUBMISSION else "mailboxes of"
        absent = targets == (srv.NOT_OFFERED,)
        why = f"{service} is not offered" if absent else f"{use} users of {of.domain}"
        name = srv.record_name(service, of.domain)
        yield MailRecord(name, "SRV", tuple(map(str, targets)), offering[0].ttl, why)


def _dkim_keys(of: RecordSubject) -> Iterator[MailRecord]:
    for key, domain in product(of.host_facts.dkim, dkim_keys.signing_domains(of.host)):
        name = dkim_keys.txt_name(of.host, key.selector, domain)
        why = WHY[key.state].format(host=of.host.inventory_name)
        yield MailRecord(name, "TXT", (key.text,), of.host.ttl, why)
        alias = dkim.record_name(key.selector, domain)
        if alias != name:
            why = "DKIM: the name of the key's record"
            yield MailRecord(alias, "CNAME", (f"{name}.",), of.host.ttl, why)


def _tls_keys(of: RecordSubject) -> Iterator[MailRecord]:
    if of.host.dane and of.host_facts.tlsa:
        name, values = tlsa.record_name(of.host.hostname), tlsa.records(of.host_facts.tlsa)
        why = f"DANE: the current and the next TLS keys of {of.host.inventory_name}"
        yield MailRecord(name, "TLSA", values, tlsa.ttl(of.host.ttl), why)


def _issuers(of: RecordSubject) -> Iterator[MailRecord]:
    """Yield the CAA set of each name, once all hosts with a certificate for it are ready."""
    names = (name for host in of.hosts if host.caa_issuer for name in host.certified_names)
    for name in filter(of.fleet.covers, dict.fromkeys(names)):
        sharing = [
            host for host in of.fleet.hosts if host.caa_issuer and name in host.certified_names
        ]
        if all(host in of.hosts for host in sharing):
            values = tuple(dict.fromkeys(map(str, _issues(sharing, of.facts))))
            why = f"CAA: the authorities that may issue certificates for {name}"
            yield MailRecord(name, "CAA", values, sharing[0].ttl, why)


def _issues(sharing: list[MailSettings], facts: Facts) -> Iterator[Issue]:
    accounts = [facts[host.inventory_name].acme_account for host in sharing]
    # The account of one host must not lock out another host that has none yet.
    known = accounts if all(accounts) else [""] * len(sharing)
    for host, account in zip(sharing, known, strict=True):
        yield Issue.of(host.caa_issuer, account)


def _challenges(of: RecordSubject) -> Iterator[MailRecord]:
    for name, values in of.host_facts.challenges.items():
        yield _challenge(name, values)


def _challenge(name: str, values: tuple[str, ...]) -> MailRecord:
    why = f"DNS-01: the ACME server asks for it before it issues a certificate of {name}"
    return MailRecord(challenge_name(name), "TXT", values, LEAST_TTL, why)


def _web_sites(of: RecordSubject) -> Iterator[MailRecord]:
    for site in of.host.sites:
        if site.one_click:
            continue
        for name in site.required(served=site.domain in of.host_facts.policies).names:
            why = f"address of the web site of {site.domain}, on {of.host.inventory_name}"
            yield from _addresses(of.host, name, why)


def _unsubscribe(of: RecordSubject) -> Iterator[MailRecord]:
    if name := of.host.one_click_name:
        why = f"address of the site that unsubscribes from bulk mail of {of.host.inventory_name}"
        yield from _addresses(of.host, name, why)


def _autodiscover(of: RecordSubject) -> Iterator[MailRecord]:
    for site in of.host.sites:
        if site.autoconfig:
            name = srv.record_name(srv.AUTODISCOVER, site.domain)
            target = srv.Srv.at(site.outlook_name, HTTPS_PORT)
            why = f"Outlook finds the settings of {site.domain} at {site.outlook_name}"
            yield MailRecord(name, "SRV", (str(target),), of.host.ttl, why)


def _silence(of: RecordSubject) -> Iterator[MailRecord]:
    hosts = {name: host for host in reversed(of.hosts) for name in host.silent_domains}
    for name, host in sorted(hosts.items()):
        for where, record_type, value, why in silent(name):
            yield MailRecord(where, record_type, (value,), host.ttl, why, strict=True)


RECORD_TYPES = (
    RecordType(
        "A, AAAA at a host's name",
        "RFC 5321 section 5.1",
        ("mail_addresses",),
        "host",
        _host_addresses,
        "the host's addresses",
        "they must be the host's; another address is a conflict",
    ),
    RecordType(
        "PTR at a host's addresses",
        "RFC 1912 section 2.1",
        ("mail_addresses",),
        "host",
        _pointers,
        "receivers distrust mail from an address without a name",
        "kept; the plan names another name",
    ),
    RecordType(
        "SPF at a host's name: `v=spf1 a -all`",
        "RFC 7208 section 2.3",
        ("mail_hostname",),
        "host",
        _helo_policy,
        "only the host says HELO with its name",
        "merged, see below",
    ),
    RecordType(
        "MX at a domain",
        "RFC 5321 section 5.1",
        ("mail_domains", "mail_mx", "mail_mx_beside"),
        "domain",
        _exchanges,
        "the domain's mail hosts",
        "our hosts join others; the same preference and a null MX are conflicts, see below",
    ),
    RecordType(
        "SPF at a domain: `v=spf1 mx ~all`, or with `a:` of each host that only sends",
        "RFC 7208",
        ("mail_spf_all", "mail_sending_domains", "mail_relay", "mail_relay_spf"),
        "domain",
        _sender_policy,
        "the MX hosts send its mail, the hosts that only send, and its relays",
        "merged, see below",
    ),
    RecordType(
        "DMARC at `_dmarc`",
        "RFC 9989",
        ("mail_dmarc", "mail_dmarc_reports", "mail_dmarc_forgers"),
        "domain",
        _dmarc_policy,
        "the policy for forged mail",
        "completed, raised by one step, see below",
    ),
    RecordType(
        "consent at `<domain>._report._dmarc.<other>`",
        "RFC 9990 section 4",
        ("mail_dmarc_reports",),
        "domain",
        _dmarc_consent,
        "reports about one domain go to an address in another domain of the inventory",
        "ours is added",
    ),
    RecordType(
        "TLS-RPT at `_smtp._tls`",
        "RFC 8460",
        ("mail_tls_rpt",),
        "domain",
        _tls_reports,
        "the addresses for reports of failed TLS",
        "our addresses are added",
    ),
    RecordType(
        "BIMI at `default._bimi`",
        "draft-brand-indicators",
        ("mail_bimi",),
        "domain",
        _logo,
        "the logo; shown where DMARC asks for more than `none`",
        "kept; the plan names another logo",
    ),
    RecordType(
        "SRV at `_submissions._tcp`, `_submission._tcp`, `_imaps._tcp` and others; `0 0 0 .` for "
        "what is not offered",
        "RFC 6186, RFC 8314",
        ("mail_accounts", "mail_mailboxes"),
        "domain",
        _services,
        "the submission servers of users, and the servers of their mailboxes",
        "other servers are kept and named in the plan; ours is not added to them",
    ),
    RecordType(
        "DKIM at `<selector>._domainkey`, or a CNAME there",
        "RFC 6376 section 3.6.2",
        ("mail_dkim_selector", "mail_dkim_rotate", "mail_dkim_cname"),
        "host",
        _dkim_keys,
        "the keys of each host: next, current, retired, or an empty revoked one; the CNAME names "
        "a key in your zone of keys",
        "a selector names one key: ours replaces an older one; a CNAME replaces nothing",
    ),
    RecordType(
        "TLSA at `_25._tcp` of a host's name",
        "RFC 7672",
        ("mail_dane",),
        "host",
        _tls_keys,
        "the current and next TLS keys",
        "ours are replaced, others are kept",
    ),
    RecordType(
        "CAA at a host's names",
        "RFC 8659",
        ("mail_tls", "mail_caa"),
        "fleet",
        _issuers,
        "the authorities that may issue certificates",
        "kept, ours is added, see below",
    ),
    RecordType(
        "TXT at `_acme-challenge` of a host's names",
        "RFC 8555 section 8.4",
        ("mail_acme_challenge",),
        "host",
        _challenges,
        "proof to the ACME server, removed once it has issued the certificate",
        "ours are added to those of others",
    ),
    RecordType(
        "CNAME at `_acme-challenge` of a host's names",
        "RFC 8555 section 8.4",
        ("mail_acme_dns",),
        "host",
        _challenge_aliases,
        "the host proves its names to the ACME server in a zone that it may change",
        "it replaces nothing",
    ),
    RecordType(
        "A, AAAA at `mta-sts`, `autoconfig` and `autodiscover`",
        "RFC 8461 section 3.3",
        ("mail_mta_sts", "mail_autoconfig"),
        "host",
        _web_sites,
        "the web sites of a domain",
        "as at a host's name",
    ),
    RecordType(
        "SRV at `_autodiscover._tcp`",
        "MS-OXDISCO",
        ("mail_autoconfig",),
        "host",
        _autodiscover,
        "Outlook finds the settings at `autodiscover`",
        "another server is kept and named in the plan; ours is not added to it",
    ),
    RecordType(
        "A, AAAA, PTR and SPF of a bulk stream's own addresses, at `bulk.<host>`",
        "RFC 7208 section 2.3",
        ("mail_bulk",),
        "host",
        _bulk_addresses,
        "bulk mail greets with the name of the addresses that it leaves by",
        "as at a host's name",
    ),
    RecordType(
        "A, AAAA at `unsubscribe.<host>`",
        "RFC 8058 section 3.1",
        ("mail_bulk",),
        "host",
        _unsubscribe,
        "the web site that unsubscribes from bulk mail",
        "as at a host's name",
    ),
    RecordType(
        "MX and SPF at the domain of a bulk stream's bounces",
        "RFC 5321 section 4.5.5",
        ("mail_bulk",),
        "fleet",
        _bulk_bounces,
        "bounces come back to the hosts of the stream, which alone send with this domain",
        "as at a domain",
    ),
    RecordType(
        "null MX, `v=spf1 -all`, DMARC `p=reject`, an empty key at `*._domainkey`",
        "RFC 7505",
        ("mail_silent_domains",),
        "fleet",
        _silence,
        "a name that never sends",
        "MX hosts, and senders that SPF permits, are conflicts",
    ),
)
