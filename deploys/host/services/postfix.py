"""
Postfix of a mail host: files from templates, lookup tables from the settings, and their validation.

Submission (RFC 6409) adds a table of the sender addresses that each account may use, and a list of
headers that are removed from submitted messages. Versions 3.7 and 3.10 differ in defaults and in
their unit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model import templates
from ..model.desired import File, Query, Service, Table
from ..model.versions import installed
from ..tls import certificates
from . import postfix_base as base
from . import postfix_preflight as preflight
from .plan_input import PlanInput
from .postfix_base import DIRECTORY, DROP_IN, DROP_INS, LOOPBACK, MAIN, MASTER

NAME, overrides = base.NAME, base.overrides
ALIASES, VIRTUAL = f"{DIRECTORY}/aliases", f"{DIRECTORY}/virtual"
OUTBOUND = f"{DIRECTORY}/tls_outbound"
SENDERS = f"{DIRECTORY}/senders"
HEADERS = f"{DIRECTORY}/submission_headers"
BOUNCE = f"{DIRECTORY}/bounce.cf"
TABLES = (ALIASES, VIRTUAL, OUTBOUND, SENDERS)
BOUNCE_VALIDATOR = ("postconf", *base.STAGED, "-b", "{directory}/bounce.cf")
UNBRACKETED = {ord("["): None, ord("]"): None}


def query(settings: MailSettings) -> Query:
    """Return the state of Postfix that a plan needs."""
    unit_files = (file.path for file in _unit_files(settings))
    return replace(
        base.base_query(settings, (MAIN, MASTER, *TABLES, BOUNCE, HEADERS, *unit_files)),
        tables=TABLES,
        ports=units.service(settings, NAME).ports,
        certificates=certificates.certificates(settings),
        users=tuple(settings.recipients.users),
    )


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Postfix of a mail host, for the version that is installed or will be."""
    version = installed(inputs.existing, NAME)
    tests = preflight.preflight(settings, base.start_commands(version), inputs.dkim.signs)
    return replace(
        base.base_service(query(settings), settings, version),
        files=(
            File(MAIN, render(settings, version, "main.cf")),
            File(MASTER, render(settings, version, "master.cf")),
            *other_files(settings, version),
            *_unit_files(settings),
        ),
        tables=tuple(tables(settings)),
        validators=(*base.VALIDATORS, BOUNCE_VALIDATOR),
        certificates=certificates.certificates(settings),
        preflight=tests if settings.preflight else None,
        users=(settings.postmaster,),
        addresses=(*map(str, settings.addresses), preflight.OUTSIDE),
        restart_for=(f"{certificates.UNITS}/{units.CERTIFICATES_WATCH}",),
        probes=tuple(preflight.probes(settings)),
    )


def render(settings: MailSettings, version: tuple[int, ...], name: str) -> str:
    """Return a file of `/etc/postfix` for a version of Postfix."""
    networks = (*LOOPBACK, *map(_bracketed, settings.networks))
    return templates.render(
        f"{DIRECTORY}/{name}",
        version=version,
        own=settings.postfix_parameters,
        policy_port=units.MTA_STS_PORT,
        networks=networks,
        accounts=bool(settings.accounts),
        quiet_keywords=discarded_keywords(networks),
        server_names={name: paths.certificate(name) for name in settings.tls_names},
        interoperable=settings.tls_profile == "interoperable",
        outbound=settings.tls_outbound,
        overrides=settings.postfix_main if name == "main.cf" else settings.postfix_master,
    )


def other_files(settings: MailSettings, version: tuple[int, ...]) -> Iterator[File]:
    """Yield the templates of bounces and, for submission, the list of headers to remove."""
    yield File(BOUNCE, templates.render(BOUNCE, texts=settings.bounce_texts))
    if settings.accounts:
        headers = templates.render(HEADERS, version=version, hostname=settings.hostname)
        yield File(HEADERS, headers)


def tables(settings: MailSettings) -> Iterator[Table]:
    """Yield the lookup tables: aliases, recipients, TLS policies, and senders of accounts."""
    # RFC 5321 section 4.5.1: postmaster without a domain, and at this host's own name.
    own = dict.fromkeys({"postmaster", "abuse"} - {settings.postmaster}, settings.postmaster)
    yield Table(ALIASES, ("postalias",), own)
    yield Table(VIRTUAL, ("postmap",), _ends(settings))
    if settings.tls_outbound:
        yield Table(OUTBOUND, ("postmap",), settings.tls_outbound)
    if settings.accounts:
        yield Table(SENDERS, ("postmap",), _logins_by_sender(settings))


def discarded_keywords(networks: tuple[str, ...]) -> str:
    """Return the table of EHLO keywords not offered: DSN on port 25, but for trusted networks."""
    # DSN_README: silent-discard alone discards nothing; the first network that matches decides.
    trusted = [f"{{{network.translate(UNBRACKETED)} silent-discard}}" for network in networks]
    others = [f"{{{network} silent-discard, dsn}}" for network in ("0.0.0.0/0", "::/0")]
    return f"cidr:{{ {', '.join((*trusted, *others))} }}"


def _ends(settings: MailSettings) -> Mapping[str, str]:
    """Return the ends of each recipient; a user is one at this host's name."""
    local = f"@{settings.hostname}"
    return {
        address: ", ".join(end if "@" in end else end + local for end in ends)
        for address, ends in settings.recipients.ends.items()
    }


def _logins_by_sender(settings: MailSettings) -> Mapping[str, str]:
    logins: dict[str, list[str]] = {}
    for login, account in settings.accounts.items():
        for sender in account.senders:
            logins.setdefault(sender, []).append(login)
    return {sender: ", ".join(sorted(owners)) for sender, owners in logins.items()}


def _unit_files(settings: MailSettings) -> list[File]:
    """Return the drop-ins of Postfix's units, and the files that renew certificates."""
    wanted = units.started_by_postfix(settings)
    drop_in = templates.render(f"{DROP_INS[0]}/{DROP_IN}", wanted=wanted)
    drop_ins = [File(f"{directory}/{DROP_IN}", drop_in) for directory in DROP_INS]
    return [*drop_ins, *certificates.files(settings)]


def _bracketed(network: str) -> str:
    address, _, length = network.partition("/")
    return f"[{address}]/{length}" if ":" in network else network
