"""
Mail logs of the hosts: the time of each message in each queue, in hundredths of a second.

One command for each host looks for the queue ids of the Received headers. No check depends on it,
so a host without a readable log fails nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...mail.settings.model import Fleet
from ...run.threads import in_parallel
from ..core.world import UnansweredError, World
from .exchange import Delivery, LogEntry
from .host_commands import output_of
from .received_header import received_headers

_ID = re.compile(r"^[0-9A-Za-z]{3,20}$")
# postfix/smtp: ID: to=<...>, orig_to=<...>, relay=..., delay=0.2, delays=0.1/0/0.1/0, dsn=..., ...
_LINE = re.compile(
    r"(?:^|[ :])(?P<id>[0-9A-Za-z]{3,20}): to=<.*?, relay=(?P<relay>[^,]{1,300}),"
    r".* delay=(?P<delay>\d{1,9}(?:\.\d+)?), delays=(?P<delays>[\d./]{7,60}),"
    r" dsn=(?P<dsn>[\d.]{5,12}), status=(?P<status>\w+)"
)
_SINCE = 600  # seconds


def with_log(deliveries: Sequence[Delivery], fleet: Fleet, world: World) -> tuple[Delivery, ...]:
    """Return deliveries with the entries of the mail logs on their paths."""
    hosts = {host.hostname: host.inventory_name for host in fleet.hosts}
    wanted: dict[str, set[str]] = {}
    for name, id_ in (key for delivery in deliveries for key in _keys(delivery)):
        if name in hosts:
            wanted.setdefault(name, set()).add(id_)
    logs = in_parallel(lambda name: _entries(world, hosts[name], sorted(wanted[name])), wanted)
    found = {
        (name, id_): logged
        for name, lines in zip(wanted, logs, strict=True)
        for id_, logged in lines.items()
    }
    return tuple(
        replace(delivery, log={key: found[key] for key in _keys(delivery) if key in found})
        for delivery in deliveries
    )


def parsed(lines: Iterable[str]) -> Mapping[str, LogEntry]:
    """Return the deliveries in a log, by queue id; other lines are ignored."""
    found = (match for line in lines if (match := _LINE.search(line)))
    return {
        one["id"]: LogEntry(
            one["relay"], float(one["delay"]), one["delays"], one["dsn"], one["status"]
        )
        for one in found
    }


def _keys(delivery: Delivery) -> list[tuple[str, str]]:
    headers = received_headers(delivery.received.raw) if delivery.received else ()
    return [(one.by, one.id) for one in headers if _ID.match(one.id)]


def _entries(world: World, host: str, ids: Sequence[str]) -> Mapping[str, LogEntry]:
    try:
        return parsed(output_of(world, host, ["log.sh", str(_SINCE), *ids], "log"))
    except UnansweredError:
        return {}
