"""
Postfix of a null client: a host that sends its own mail through a submission host.

Cron and applications submit mail locally, as on any host. Postfix gives it a sender that the host's
login may use (RFC 6409 section 6.1), and passes it to one server over verified TLS, with a
password. Nothing is delivered here, and no other host can send through it. Mail for this host's
users goes to `mail_root`. While the server is down, mail waits in the queue.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from ...mail import paths, units
from ...mail.postfix import items
from ...mail.settings.model import NullClient
from ..model import templates
from ..model.desired import Arrival, Command, Dialogue, File, Preflight, Query, Service, Step, Table
from ..model.versions import installed, postfix_unit
from . import postfix_base as base
from .plan_input import PlanInput
from .postfix_base import DIRECTORY, MAIN, MASTER
from .postfix_messages import NO_BOUNCE
from .smtp_steps import ELSEWHERE, accepts, hello, is_address, mail_from, rcpt_to, unaccepted

NAME, overrides = base.NAME, base.overrides
SENDERS = f"{DIRECTORY}/sender_canonical"
RECIPIENTS = f"{DIRECTORY}/recipient_canonical"
PASSWORD = f"{DIRECTORY}/relay_password"
CA_FILE = paths.RELAY_CA
WAITING = (
    "a message to root does not wait in the queue, from {settings.relay_login} to {settings.root}; "
    "check sender_canonical_maps, recipient_canonical_maps, myorigin, relayhost, "
    "default_transport and pickup/unix"
)
LOCAL_MAIL = "mail from this host itself must be accepted; check inet_interfaces and mynetworks"
OUTSIDE = "1.0.128.1"  # a public address, which no operator trusts by accident
NO_DNS = r"relayhost configuration problem"  # the preflight has no DNS


def query(settings: NullClient) -> Query:
    """Return the state of Postfix that a plan needs."""
    tables = (SENDERS, RECIPIENTS, PASSWORD)
    files = (MAIN, MASTER, *tables, *_ca_paths(settings), *base.DROP_IN_FILES)
    return replace(
        base.base_query(settings, files),
        tables=tables,
        secrets=(PASSWORD,),
        ports=units.service(settings, NAME).local_ports,
    )


def service(settings: NullClient, inputs: PlanInput) -> Service:
    """Return the desired Postfix of a client, for the version that is installed or will be."""
    version = installed(inputs.existing, "postfix")
    return replace(
        base.base_service(query(settings), settings, version),
        files=(
            File(MAIN, render(settings, version, "main.cf", ipv6=bool(inputs.existing.ipv6))),
            File(MASTER, render(settings, version, "master.cf")),
            base.drop_in(settings, postfix_unit(version), version),
            *(File(path, settings.relay_ca) for path in _ca_paths(settings)),
        ),
        tables=tuple(_tables(settings)),
        ignored=(*base.IGNORED, NO_DNS),
        preflight=_preflight(settings, version) if settings.preflight else None,
        probes=tuple(_probes(settings)),
    )


def render(settings: NullClient, version: tuple[int, ...], name: str, *, ipv6: bool = True) -> str:
    """Return a file of `/etc/postfix` for a version of Postfix, on a host with IPv6 or without."""
    return templates.render(
        f"client{DIRECTORY}/{name}",
        version=version,
        ipv6=ipv6,
        own=settings.postfix_parameters,
        own_services=settings.own_services,
        overrides=settings.postfix_main if name == "main.cf" else settings.postfix_master,
    )


def _ca_paths(settings: NullClient) -> Iterator[str]:
    if settings.relay_ca:
        yield CA_FILE


def _tables(settings: NullClient) -> Iterator[Table]:
    local = (f"@{settings.hostname}", "@localhost")
    yield Table(SENDERS, ("postmap",), dict.fromkeys(local, settings.relay_login))
    yield Table(RECIPIENTS, ("postmap",), dict.fromkeys(local, settings.root))
    login = f"{settings.relay_login}:{settings.relay_password.resolve()}"
    yield Table(PASSWORD, ("postmap",), {settings.relay_hop: login}, mode=0o600, secret=True)


def _preflight(settings: NullClient, version: tuple[int, ...]) -> Preflight:
    """Return the preflight: mail for root is accepted, rewritten, and waits for the server."""
    return Preflight(
        start=base.start_commands(version),
        dialogues=unaccepted(
            settings,
            (
                _accepted(settings, Step("DATA", "^250", message=_text("SMTP"))),
                *_probes(settings),
                _relay(),
            ),
        ),
        commands=tuple(_commands()),
        sockets=base.own_sockets(settings),
        arrivals=unaccepted(settings, _arrivals(settings)),
    )


def _probes(settings: NullClient) -> Iterator[Dialogue]:
    """Yield the dialogues with the live server: it takes mail of its own host, and of no other."""
    yield _accepted(settings, Step("RSET", "^250"))
    # An address that is named is for the programs of containers, for instance.
    named = _address_named(settings.postfix_value("inet_interfaces"))
    if not named and not accepts(settings, "listen for other hosts"):
        hint = "a null client takes mail of its own programs only; check inet_interfaces"
        yield Dialogue("other hosts", hint, (), closed=True)


def _address_named(interfaces: str) -> bool:
    words = (word.strip("[]") for word in items(interfaces))
    return any(is_address(word) and not ip_address(word).is_loopback for word in words)


def _accepted(settings: NullClient, last: Step) -> Dialogue:
    address = f"root@{settings.hostname}"
    steps = (hello(), mail_from(address), rcpt_to(address, "^250"), last)
    return Dialogue("accepted", LOCAL_MAIL, steps)


def _relay() -> Dialogue:
    hint = "other hosts could send with the password of this one; check mynetworks and "
    hint += "smtpd_relay_restrictions"
    steps = (hello(), mail_from("sender@outside.invalid"), rcpt_to(ELSEWHERE, "^[45]"))
    return Dialogue(f"relay for {OUTSIDE}", hint, steps, source=OUTSIDE)


def _commands() -> Iterator[Command]:
    """Yield the commands of programs: a message for root, and one that cannot be delivered."""
    hint = "programs of this host must be able to send mail"
    for name, recipient in (("sendmail", "root"), ("bounce", "root@[127.0.0.1]")):
        yield Command(name, hint, ("sendmail", "-i", "--", recipient), _text(name))


def _arrivals(settings: NullClient) -> Iterator[Arrival]:
    """Yield the messages as they must wait in the queue, with their envelope."""
    sender, recipient = (
        rf"^{word}: {re.escape(address)}$"
        for word, address in (("sender", settings.relay_login), ("recipient", settings.root))
    )
    for name in ("SMTP", "sendmail"):
        patterns = (sender, recipient, rf"^Subject: preflight, {name}$")
        yield Arrival(name, WAITING.format(settings=settings), patterns, queued=True)
    report = (r"^Content-Type: multipart/report", r"^Subject: preflight, bounce$")
    yield Arrival("bounce", NO_BOUNCE, report, queued=True)


def _text(name: str) -> str:
    return f"From: root\r\nTo: root\r\nSubject: preflight, {name}\r\n\r\nOf this host only.\r\n"
