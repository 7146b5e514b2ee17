"""
Postfix instance of the bulk stream (MULTI_INSTANCE_README): its own queue, daemons and unit.

The host's main instance hands the mail of bulk accounts to it on loopback, one recipient in each
message. It signs that mail and sends it, and brings what is for the host itself back to the main
instance. A newsletter in its queue never delays ordinary mail.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...mail import paths, postfix_services, shaping, units
from ...mail.postfix import BULK_HOP, BULK_PORT, LOOPBACK
from ...mail.settings.bulk import Bulk, receiver_groups
from ...mail.settings.model import MailSettings
from ...mail.settings.values.addresses import Address
from ..model.desired import Dialogue, File, Preflight, Query, Service, Step, Table
from ..model.templates import render
from ..model.versions import installed
from . import postfix_base, rspamd
from .base import base_query
from .plan_input import PlanInput
from .smtp_steps import ELSEWHERE, hello, mail_from, rcpt_to

NAME = "postfix-bulk"
IPV4 = 4
UNIT = units.POSTFIX_BULK
DIRECTORY = paths.POSTFIX_BULK
MAIN, MASTER = f"{DIRECTORY}/main.cf", f"{DIRECTORY}/master.cf"
TRANSPORT = f"{DIRECTORY}/transport"
RESOLVER_WATCH = UNIT.replace(".service", "-resolver.path")
UNIT_FILES = tuple(
    f"{paths.UNITS}/{one}"
    for one in (UNIT, RESOLVER_WATCH, RESOLVER_WATCH.replace("path", "service"))
)
PID_FILE = f"{paths.BULK_QUEUE}/pid/master.pid"
STAGED = ("-c", "{directory}")
VALIDATORS = (  # "postfix check" needs the queue, which the first start makes
    ("postconf", *STAGED),
    ("postconf", *STAGED, "-M"),
    ("postconf", *STAGED, "-P"),
)
NO_ADDRESS = (
    'for one; do test -n "$(ip -o address show to "$one")" || echo "mail_bulk.addresses has $one, '
    'which no interface of this host has; add it to one, or correct it" >&2; done'
)
RECEIVERS = f"socketmap:unix:{paths.RECEIVERS_SOCKET}:paced"
# The preflight does not start the program of receiver groups.
WITHOUT_RECEIVERS = (rf"{paths.RECEIVERS_SOCKET}\b", r"warning: transport_maps lookup failure$")
START = (
    ("mkdir", "-p", paths.BULK_QUEUE, paths.BULK_DATA),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", paths.BULK_QUEUE),
    ("mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", paths.BULK_DATA),
    ("chown", "postfix:postfix", paths.BULK_DATA),
    ("env", "INVOCATION_ID=preflight", "postfix", "-c", DIRECTORY, "start"),
)
HINT = "the main instance must be able to hand over mail; check mail_bulk['postfix_main']"


def query(settings: MailSettings) -> Query:
    """Return the state of the instance that a plan needs."""
    files = (MAIN, MASTER, TRANSPORT, *UNIT_FILES)
    return replace(
        base_query(settings, NAME, (DIRECTORY, paths.UNITS), files),
        tables=(TRANSPORT,),
        pid_file=PID_FILE,
        ports=(BULK_PORT,) if settings.bulk else (),
        queues=draining_queues(settings),
    )


def draining_queues(settings: MailSettings) -> Mapping[str, str]:
    """Return the queues with mail here, or on its way here, which keeps an instance not needed."""
    return {} if settings.bulk else {paths.BULK_QUEUE: "", paths.QUEUE: f"bulk:{BULK_HOP}"}


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired instance, for the version of Postfix that is installed or will be."""
    assert settings.bulk  # noqa: S101 - the row in mail/units says so
    version, ipv6 = installed(inputs.existing, "postfix"), bool(inputs.existing.ipv6)
    values = {
        "directory": DIRECTORY,
        "unit": UNIT,
        "resolver_watch": RESOLVER_WATCH,
        "queue": paths.BULK_QUEUE,
        "data": paths.BULK_DATA,
        "pid_file": PID_FILE,
        "restricted": settings.sandbox,
    }
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(MAIN, configuration(settings, settings.bulk, version, ipv6=ipv6)),
            File(MASTER, render(MASTER, own_services=_services(settings), overrides={})),
            *(File(path, render(path, **values)) for path in UNIT_FILES),
        ),
        tables=(Table(TRANSPORT, ("postmap",), transports(settings, settings.bulk)),),
        validators=tuple(_validators(settings.bulk)),
        ignored=(*postfix_base.IGNORED, *WITHOUT_RECEIVERS),
        preflight=Preflight(START, (_accepted(),)) if settings.preflight else None,
        listening_command=("postconf", "-c", DIRECTORY, "-x", "-h", "inet_interfaces"),
        probes=(_accepted(),),
    )


def _services(settings: MailSettings) -> Mapping[str, str]:
    """Return the services of master.cf: the instance's own, of receiver groups, and the relays."""
    relays = dict(map(postfix_services.without_chroot, settings.relays.services.items()))
    return {
        **postfix_services.BULK,
        **shaping.services(groups(settings)),
        **relays,
    }


def groups(settings: MailSettings) -> tuple[shaping.Group, ...]:
    """Return the receiver groups, and each once more for every new address in a warm-up."""
    own = receiver_groups(settings.shaping)
    new = (
        replace(group, prefix=warmup_prefix(number), options=tuple(_new(settings, plan.address)))
        for number, plan in enumerate(settings.warmup, 1)
        for group in own
    )
    return (*own, *new)


def warmup_prefix(number: int) -> str:
    """Return the beginning of the transports that leave by a new address."""
    return f"warmup{number}-"


def _new(settings: MailSettings, address: Address) -> Iterator[str]:
    """Yield the options of a transport that leaves by a new address."""
    yield f"smtp_helo_name={settings.bulk_name}"
    # Without the address the mail waits, and leaves by no other.
    yield "smtp_bind_address_enforce=yes"
    if address.version == IPV4:
        yield f"smtp_bind_address={address}"
        yield "inet_protocols=ipv4"
    else:  # a receiver without IPv6 is reached by the IPv4 address of all other mail
        yield f"smtp_bind_address6={address}"
        yield "inet_protocols=all"
        yield "smtp_address_preference=ipv6"


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own parameters of the instance."""
    if settings.bulk:
        yield from (("mail_bulk.postfix_main", name) for name in settings.bulk.postfix_main)


def configuration(
    settings: MailSettings, bulk: Bulk, version: tuple[int, ...], *, ipv6: bool = True
) -> str:
    """Return the instance's main.cf for a version of Postfix, on a host with IPv6 or without."""
    return render(
        MAIN,
        version=version,
        ipv6=ipv6,
        own=settings.postfix_parameters,
        own_key='mail_postfix_main or mail_bulk["postfix_main"]',
        overrides=settings.bulk_parameters,
        directory=DIRECTORY,
        queue=paths.BULK_QUEUE,
        data=paths.BULK_DATA,
        days=bulk.queue_days,
        loopback=", ".join(LOOPBACK),
        milter=paths.MILTER_SOCKET,
        stream=rspamd.BULK_STREAM,
        outbound=settings.tls_outbound,
        relayed=settings.relays.parameters,
        policy_port=units.MTA_STS_PORT,
        tls_collector=paths.TLS_SOCKET,
        suppression=f"socketmap:unix:{paths.BULK_MAPS}:suppression",
        removed=_removed(bulk.removed_headers),
        receivers="" if settings.bulk_relayed else RECEIVERS,
        known=_whole_addresses({**transports(settings, bulk), **settings.relays.recipients}),
        limits=shaping.parameters(groups(settings)),
        default=shaping.DEFAULTS[0].transport,
        **_names(settings),
    )


def transports(settings: MailSettings, bulk: Bulk) -> Mapping[str, str]:
    """Return the ways of mail for the host itself, back to its main instance."""
    own = (settings.hostname, *settings.domains, *settings.relay_domains, bulk.bounces)
    return dict.fromkeys(own, f"main:[{settings.main_address}]")


def _whole_addresses(ways: Mapping[str, str]) -> str:
    """
    Return a table with the ways of domains for whole addresses.

    Postfix asks a socketmap for whole addresses only, and before it looks up their domains.
    """
    # A dollar sign is written twice in main.cf.
    rules = (
        f"{{/@{'.*' * (domain[0] == '.')}{re.escape(domain)}$$/ {way}}}"
        for domain, way in ways.items()
    )
    return f"regexp:{{ {', '.join(rules)} }}"


def _removed(names: tuple[str, ...]) -> str:
    """Return the table that removes header fields; "" for none."""
    rules = ", ".join(f"{{/^{re.escape(name)}:/ IGNORE}}" for name in names)
    return f"regexp:{{ {rules} }}" if names else ""


def addresses(settings: MailSettings) -> dict[str, str]:
    """Return the address by which mail leaves, by IP version; "": as ordinary mail does."""
    first = {one.version: str(one) for one in reversed(settings.bulk_addresses)}
    return {str(version): first.get(version, "") for version in (4, 6)}


def _names(settings: MailSettings) -> dict[str, Any]:
    leaving = addresses(settings)
    return {
        "name": settings.bulk_name,
        "hostname": settings.hostname,
        "helo": settings.bulk_name if settings.bulk_addresses else settings.hostname,
        "bind4": leaving["4"],
        "bind6": leaving["6"],
    }


def _validators(bulk: Bulk) -> Iterator[tuple[str, ...]]:
    yield from VALIDATORS
    if bulk.addresses:
        yield ("sh", "-c", NO_ADDRESS, "sh", *map(str, bulk.addresses))


def _accepted() -> Dialogue:
    """Return the dialogue with the instance; it delivers no message."""
    # The list of suppressed recipients may be away: then mail waits.
    steps = (hello(), mail_from(""), rcpt_to(ELSEWHERE, "^(250|451)"), Step("RSET", "^250"))
    return Dialogue("bulk stream", HINT, steps, port=BULK_PORT)
