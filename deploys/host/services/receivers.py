"""
Receiver groups of the bulk stream: the program that names the transport of each recipient.

Its code is `host/receivers`. The bulk instance of Postfix asks it; without it bulk mail waits.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...mail import paths, units
from ...mail.settings.bulk import receiver_groups
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.program import HostProgram
from ..model.templates import render
from . import postfix_bulk
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "bulk-receivers"
UNIT = units.RECEIVERS
PROGRAM = HostProgram(
    "receivers",
    ("host/receivers", "host/programs"),
    module="host.receivers",
    imports=("host.receivers.__main__", "host.receivers.request"),
)
SLOWED = UNIT.replace(".service", "-slowed.path")
UNIT_FILES = tuple(
    f"{paths.UNITS}/{one}" for one in (UNIT, SLOWED, SLOWED.replace("path", "service"))
)
CONFIGURATION = f"/etc/{paths.RECEIVERS}/receivers.json"
MARK = f"/run/{paths.RECEIVERS}/slowed"
FILES = (*PROGRAM.paths, CONFIGURATION, *UNIT_FILES)
DIRECTORIES = (PROGRAM.home, CONFIGURATION.rpartition("/")[0], paths.UNITS)
LOG = (
    *("journalctl", "--follow", "--no-tail", "--output=json", f"--unit={units.POSTFIX_BULK}"),
    "--output-fields=SYSLOG_IDENTIFIER,MESSAGE",
)


def query(settings: MailSettings) -> Query:
    """Return the state of the program that a plan needs."""
    return replace(
        base_query(settings, NAME, DIRECTORIES, FILES),
        secrets=PROGRAM.paths,
        sockets=(paths.RECEIVERS_SOCKET,),
        queues=postfix_bulk.draining_queues(settings),
    )


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired program, its configuration and its units."""
    del inputs  # it is the same for every version
    return replace(
        base_service(query(settings), tuple(_files(settings))),
        validators=(PROGRAM.validator,),
        restart_for=FILES,
    )


def _files(settings: MailSettings) -> Iterator[File]:
    groups = {
        one.name: {"domains": one.domains, "mx": one.mx}
        for one in receiver_groups(settings.shaping)
    }
    values = {
        "groups": groups,
        "socket": paths.RECEIVERS_SOCKET,
        "slowed": MARK,
        "state": f"/var/lib/{paths.RECEIVERS}/state.json",
        "volume": paths.VOLUME,
        "log": LOG,
        "addresses": postfix_bulk.addresses(settings),
        "relayed": settings.bulk_relayed,
        "warmup": list(_warmup(settings)),
        "rest": _rest(settings),
    }
    yield File(CONFIGURATION, json.dumps(values, indent=2) + "\n")
    yield from PROGRAM.files
    words = {
        "name": paths.RECEIVERS,
        "unit": UNIT,
        "slowed": SLOWED,
        "bulk": units.POSTFIX_BULK,
        "mark": MARK,
        **PROGRAM.words(CONFIGURATION),
        "restricted": settings.sandbox,
    }
    yield from (File(path, render(path, **words)) for path in UNIT_FILES)


def _warmup(settings: MailSettings) -> Iterator[dict[str, Any]]:
    """Yield the plans of new addresses, each with the beginning of its transports."""
    for number, plan in enumerate(settings.warmup, 1):
        yield {
            "address": str(plan.address),
            "start": plan.start.isoformat(),
            "figures": plan.plan,
            "deferred": plan.deferred,
            "bounced": plan.bounced,
            "prefix": postfix_bulk.warmup_prefix(number),
        }


def _rest(settings: MailSettings) -> str:
    """Return the way of mail that the plans have no room for; "": the transport of its group."""
    ways = {plan.rest for plan in settings.warmup}
    return "wait" if "wait" in ways else settings.relays.warmup
