"""
Postfix of a mail host: files from templates, lookup tables from the settings, and their validation.

Submission (RFC 6409) adds a table of the sender addresses that each account may use, and a list of
headers that are removed from submitted messages. Versions 3.7 and 3.10 differ in defaults and in
their unit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...mail import ciphers, paths, postfix_services, srs, units
from ...mail.recipients import REQUIRED
from ...mail.settings.model import MailSettings
from ...mail.settings.values import relay_domains
from ..model import templates
from ..model.desired import File, Query, Service, Table
from ..model.versions import installed
from ..tls import certificates
from . import own_tables, postfix_bulk, postfix_directory, postfix_relays
from . import postfix_base as base
from . import postfix_preflight as preflight
from .plan_input import PlanInput
from .postfix_base import DIRECTORY, MAIN, MASTER

NAME, overrides = base.NAME, base.overrides
ALIASES, VIRTUAL = f"{DIRECTORY}/aliases", f"{DIRECTORY}/virtual"
OUTBOUND = f"{DIRECTORY}/tls_outbound"
SENDERS, MAILBOXES = f"{DIRECTORY}/senders", f"{DIRECTORY}/mailboxes"
HEADERS = f"{DIRECTORY}/submission_headers"
BOUNCE = f"{DIRECTORY}/bounce.cf"
OPENSSL = f"{DIRECTORY}/openssl.cnf"
LOCKS = f"{base.TMPFILES}/pyinfra-mail.conf"
BULK_ACCOUNTS = paths.BULK_ACCOUNTS
TABLES = (
    *(ALIASES, VIRTUAL, MAILBOXES, OUTBOUND, SENDERS, BULK_ACCOUNTS),
    *(paths.RELAY_SENDERS, paths.RELAY_RECIPIENTS, paths.RELAY_DOMAINS, paths.HAND_OVER),
)
SUBMISSION = ("submissions/inet", "submission/inet")
BOUNCE_VALIDATOR = ("postconf", *base.STAGED, "-b", "{directory}/bounce.cf")
UNBRACKETED = {ord("["): None, ord("]"): None}


def query(settings: MailSettings) -> Query:
    """Return the state of Postfix that a plan needs."""
    unit_files = (*base.DROP_IN_FILES, LOCKS, *(file.path for file in certificates.files(settings)))
    key = (certificates.UPDATE,) if settings.acme_dns else ()
    passwords = postfix_relays.passwords(settings)
    built, plain = (*TABLES, *passwords), postfix_relays.certificate_files(settings)
    own = (MAIN, MASTER, BOUNCE, OPENSSL, HEADERS, paths.FORWARD)
    files = (*own, *built, *plain, *postfix_directory.FILES, *unit_files, *key)
    return replace(
        base.base_query(settings, files),
        tables=built,
        secrets=(*passwords, *postfix_directory.TABLES, *key),
        ports=units.service(settings, NAME).ports,
        certificates=certificates.certificates(settings),
        users=tuple(settings.recipients.users),
    )


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Postfix of a mail host, for the version that is installed or will be."""
    version, ipv6 = installed(inputs.existing, NAME), bool(inputs.existing.ipv6)
    draining = bool(inputs.existing.services[postfix_bulk.NAME].queued)
    tests = preflight.preflight(settings, base.start_commands(version), inputs.dkim.signs)
    service = base.base_service(query(settings), settings, version)
    return replace(
        service,
        files=(
            File(MAIN, render(settings, version, "main.cf", ipv6=ipv6)),
            File(MASTER, render(settings, version, "master.cf", draining=draining)),
            *other_files(settings, version),
            *postfix_relays.files(settings),
            *postfix_directory.files(settings),
            *_unit_files(settings, version),
            *certificates.secret_files(settings),
        ),
        tables=tuple(tables(settings)),
        next_hops={**service.next_hops, **postfix_relays.next_hops(settings)},
        logins=postfix_relays.logins(settings),
        directory=settings.directory_questions,
        ignored=(*service.ignored, *(postfix_directory.IGNORED if settings.directory else ())),
        validators=(*base.VALIDATORS, BOUNCE_VALIDATOR, *own_tables.validators(settings)),
        certificates=certificates.certificates(settings),
        preflight=tests if settings.preflight else None,
        users=tuple(settings.recipients.users),
        restart_for=(f"{paths.UNITS}/{units.CERTIFICATES_WATCH}",),
        probes=tuple(preflight.probes(settings)),
    )


def render(
    settings: MailSettings,
    version: tuple[int, ...],
    name: str,
    *,
    ipv6: bool = True,
    draining: bool = False,
) -> str:
    """
    Return a file of `/etc/postfix` for a version of Postfix, on a host with IPv6 or without.

    If the queue of an earlier bulk stream is `draining`, mail on its way there still gets there.
    """
    kept = postfix_services.BULK_HAND_OVER if draining else {}
    return templates.render(
        f"{DIRECTORY}/{name}",
        version=version,
        ipv6=ipv6,
        own=settings.postfix_parameters,
        own_services={**_services(settings, version), **kept},
        policy_port=units.MTA_STS_PORT,
        accounts=bool(settings.logins),
        mailboxes=settings.knows_mailboxes,
        bulk=bool(settings.bulk),
        quiet_keywords=discarded_keywords(
            settings.relay_networks, mailboxes=settings.feeds_mailboxes
        ),
        server_names={name: paths.certificate(name) for name in settings.tls_names},
        interoperable=settings.tls_profile == "interoperable",
        outbound=settings.tls_policies,
        relayed=tuple(settings.relays.parameters),
        forwards=settings.forwards,
        postscreen=settings.postscreen,
        ascii=settings.feeds_mailboxes,
        backup=bool(settings.primaries),
        handed=bool(settings.handed_over),
        verified=tuple(settings.verification_parameters),
        overrides=settings.postfix_main if name == "main.cf" else settings.postfix_master,
    )


def _services(settings: MailSettings, version: tuple[int, ...]) -> dict[str, str]:
    """Return the services of master.cf; from 3.10 on submission hides its clients' addresses."""
    hidden = " -o smtpd_hide_client_session=yes" if version >= (3, 10) else ""
    return {
        name: f"{fields}{hidden}" if name in SUBMISSION else fields
        for name, fields in settings.own_services.items()
    }


def other_files(settings: MailSettings, version: tuple[int, ...]) -> Iterator[File]:
    """Yield the templates of bounces, OpenSSL's settings, placeholders, and headers to remove."""
    yield File(BOUNCE, templates.render(BOUNCE, texts=settings.bounce_texts))
    hybrid = (ciphers.HYBRID_GROUP,) if version >= (3, 10) else ()  # Debian 13, with OpenSSL 3.5
    groups, signed = (*hybrid, *ciphers.GROUPS), ciphers.SIGNATURE_ALGORITHMS
    yield File(OPENSSL, templates.render(OPENSSL, groups=groups, signature_algorithms=signed))
    if settings.forwards:
        yield File(paths.FORWARD, templates.render(paths.FORWARD, domain=re.escape(srs.DOMAIN)))
    if settings.logins:
        headers = templates.render(HEADERS, version=version, hostname=settings.hostname)
        yield File(HEADERS, headers)


def tables(settings: MailSettings) -> Iterator[Table]:
    """Yield the tables: aliases, recipients, TLS policies, senders, relays, and relay domains."""
    # RFC 5321 section 4.5.1: postmaster without a domain, and at this host's own name.
    own = dict.fromkeys({"postmaster", "abuse"} - {settings.postmaster}, settings.postmaster)
    yield Table(ALIASES, ("postalias",), own)
    yield Table(VIRTUAL, ("postmap",), _ends(settings))
    if settings.knows_mailboxes:
        boxes = settings.recipients.mailboxes
        yield Table(MAILBOXES, ("postmap",), {one: one for one in boxes})
    if settings.tls_policies:
        yield Table(OUTBOUND, ("postmap",), settings.tls_policies)
    if settings.logins:
        yield Table(SENDERS, ("postmap",), _logins_by_sender(settings))
    yield from postfix_relays.tables(settings)
    relayed = _relayed(settings)
    if relayed:
        yield Table(paths.RELAY_DOMAINS, ("postmap",), relayed)
    if settings.handed_over:
        yield Table(paths.HAND_OVER, ("postmap",), settings.handed_over)
    if settings.bulk:
        stream = dict.fromkeys(settings.bulk.accounts, "bulk_stream")
        yield Table(BULK_ACCOUNTS, ("postmap",), stream)


def _relayed(settings: MailSettings) -> dict[str, str]:
    """Return the recipients of relay domains, and of domains with a primary."""
    known = (one for domain in settings.primaries for one in settings.known_recipients[domain])
    return {**relay_domains.lookups(settings.relay_domains), **dict.fromkeys(known, "OK")}


def discarded_keywords(networks: tuple[str, ...], *, mailboxes: bool = False) -> str:
    """
    Return the table of EHLO keywords not offered on port 25, but to trusted networks.

    They are DSN and, with mailboxes, SMTPUTF8: Dovecot takes no such mail, which would bounce.
    """
    # DSN_README: silent-discard alone discards nothing; the first network that matches decides.
    trusted = [f"{{{network.translate(UNBRACKETED)} silent-discard}}" for network in networks]
    words = "silent-discard, dsn, smtputf8" if mailboxes else "silent-discard, dsn"
    others = [f"{{{network} {words}}}" for network in ("0.0.0.0/0", "::/0")]
    return f"cidr:{{ {', '.join((*trusted, *others))} }}"


def _ends(settings: MailSettings) -> Mapping[str, str]:
    """Return the ends of each recipient; a user is one at this host's name."""
    local = f"@{settings.hostname}"
    # RFC 5321 section 4.5.1, RFC 2142 section 4: the domain of bounces has them too.
    bounces = (f"{name}@{settings.bulk.bounces}" for name in REQUIRED) if settings.bulk else ()
    return dict.fromkeys(bounces, settings.postmaster + local) | {
        address: ", ".join(_place(settings, end) for end in ends)
        for address, ends in settings.recipients.ends.items()
    }


def _place(settings: MailSettings, end: str) -> str:
    """Return an end as an address: a user's at the host's name, one elsewhere as a placeholder."""
    if settings.recipients.leads_elsewhere(end):
        return srs.placeholder(end)
    return end if "@" in end else f"{end}@{settings.hostname}"


def locks(settings: MailSettings) -> File:
    """Return the rule that removes the locks of mailboxes when the host starts."""
    directory = settings.postfix_value("mail_spool_directory").rstrip("/")
    mailboxes = [f"{directory}/{user}" for user in settings.recipients.users]
    return File(LOCKS, templates.render(LOCKS, mailboxes=mailboxes))


def _logins_by_sender(settings: MailSettings) -> Mapping[str, str]:
    logins: dict[str, list[str]] = {}
    for login, account in settings.logins.items():
        for sender in account.senders:
            logins.setdefault(sender, []).append(login)
    return {sender: ", ".join(sorted(owners)) for sender, owners in logins.items()}


def _unit_files(settings: MailSettings, version: tuple[int, ...]) -> list[File]:
    """Return the drop-ins of Postfix's units, the rule for locks, and what renews certificates."""
    wanted = units.started_by_postfix(settings)
    drop_ins = [base.drop_in(settings, unit, version, wanted) for unit in units.POSTFIX]
    return [*drop_ins, locks(settings), *certificates.files(settings)]
