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

from ...mail import units
from ...mail.settings.model import NullClient
from ..model import templates
from ..model.desired import Dialogue, File, Preflight, Query, Service, Step, Table
from ..model.versions import installed
from . import postfix_base as base
from .plan_input import PlanInput
from .postfix_base import DIRECTORY, MAIN, MASTER

NAME, overrides = base.NAME, base.overrides
SENDERS = f"{DIRECTORY}/sender_canonical"
RECIPIENTS = f"{DIRECTORY}/recipient_canonical"
PASSWORD = f"{DIRECTORY}/relay_password"
CA_FILE = f"{DIRECTORY}/relay_ca.pem"
SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt"
SUBMISSIONS = "465"  # RFC 8314 section 3.3: TLS from the first octet
NO_DNS = r"relayhost configuration problem"  # the preflight has no DNS


def query(settings: NullClient) -> Query:
    """Return the state of Postfix that a plan needs."""
    tables = (SENDERS, RECIPIENTS, PASSWORD)
    return replace(
        base.base_query(settings, (MAIN, MASTER, *tables, *_ca_paths(settings))),
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
            File(MAIN, render(settings, version, "main.cf")),
            File(MASTER, render(settings, version, "master.cf")),
            *(File(path, settings.relay_ca) for path in _ca_paths(settings)),
        ),
        tables=tuple(_tables(settings)),
        ignored=(*base.IGNORED, NO_DNS),
        preflight=_preflight(settings, version) if settings.preflight else None,
        probes=(_accepted(settings, Step("RSET", "^250")),),
    )


def render(settings: NullClient, version: tuple[int, ...], name: str) -> str:
    """Return a file of `/etc/postfix` for a version of Postfix."""
    return templates.render(
        f"client{DIRECTORY}/{name}",
        version=version,
        hostname=settings.hostname,
        networks=base.LOOPBACK,
        relayhost=_relayhost(settings),
        wrappermode=settings.relay.endswith(f":{SUBMISSIONS}"),
        ca_file=next(_ca_paths(settings), SYSTEM_CAS),
        overrides=settings.postfix_main if name == "main.cf" else settings.postfix_master,
    )


def _relayhost(settings: NullClient) -> str:
    name, _, port = settings.relay.partition(":")
    return f"[{name}]:{port}"


def _ca_paths(settings: NullClient) -> Iterator[str]:
    if settings.relay_ca:
        yield CA_FILE


def _tables(settings: NullClient) -> Iterator[Table]:
    local = (f"@{settings.hostname}", "@localhost")
    yield Table(SENDERS, ("postmap",), dict.fromkeys(local, settings.relay_login))
    yield Table(RECIPIENTS, ("postmap",), dict.fromkeys(local, settings.root))
    login = f"{settings.relay_login}:{settings.relay_password.resolve()}"
    yield Table(PASSWORD, ("postmap",), {_relayhost(settings): login}, mode=0o600, secret=True)


def _preflight(settings: NullClient, version: tuple[int, ...]) -> Preflight:
    """Return the preflight: mail for root is accepted, rewritten, and waits for the server."""
    reader, login = re.escape(settings.root), re.escape(settings.relay_login)
    return Preflight(
        start=base.start_commands(version),
        dialogues=(_accepted(settings, Step("DATA", "^250")),),
        log=(rf"from=<{login}>", rf"to=<{reader}>.*status=deferred"),
    )


def _accepted(settings: NullClient, last: Step) -> Dialogue:
    address = f"root@{settings.hostname}"
    return Dialogue(
        "accepted",
        "mail from this host itself must be accepted",
        (
            Step("EHLO", "^250"),
            Step(f"MAIL FROM:<{address}>", "^250"),
            Step(f"RCPT TO:<{address}>", "^250"),
            last,
        ),
    )
