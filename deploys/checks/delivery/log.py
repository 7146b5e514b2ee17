"""
What the mail hosts logged of the messages: how long each sat where, to the hundredth of a second.

One command for each host looks for the queue ids that its Received headers name. A host without a
log that can be read says nothing, and no check depends on it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ...mail.settings.model import Fleet
from ..core.world import UnansweredError, World, side_by_side
from .exchange import Delivery, Logged
from .received import received_headers
from .remote import told

_ID = re.compile(r"^[0-9A-Za-z]{3,20}$")
# postfix/smtp: ID: to=<...>, orig_to=<...>, relay=..., delay=0.2, delays=0.1/0/0.1/0, dsn=..., ...
_LINE = re.compile(
    r"(?:^|[ :])(?P<id>[0-9A-Za-z]{3,20}): to=<.*?, relay=(?P<relay>[^,]{1,300}),"
    r".* delay=(?P<delay>\d{1,9}(?:\.\d+)?), delays=(?P<delays>[\d./]{7,60}),"
    r" dsn=(?P<dsn>[\d.]{5,12}), status=(?P<status>\w+)"
)
_SINCE = 600


def with_log(deliveries: Sequence[Delivery], fleet: Fleet, world: World) -> tuple[Delivery, ...]:
    """Return deliveries with what the mail hosts on their ways logged of them."""
    hosts = {host.hostname: host.inventory_name for host in fleet.hosts}
    wanted: dict[str, set[str]] = {}
    for name, id_ in (key for delivery in deliveries for key in _keys(delivery)):
        if name in hosts:
            wanted.setdefault(name, set()).add(id_)
    looks = [partial(_look, world, hosts[name], sorted(ids)) for name, ids in wanted.items()]
    found = {
        (name, id_): logged
        for name, lines in zip(wanted, side_by_side(looks) if looks else (), strict=True)
        for id_, logged in lines.items()
    }
    return tuple(
        replace(delivery, log={key: found[key] for key in _keys(delivery) if key in found})
        for delivery in deliveries
    )


def parsed(lines: Iterable[str]) -> Mapping[str, Logged]:
    """Return deliveries by queue id; what is no such line says nothing."""
    found = (match for line in lines if (match := _LINE.search(line)))
    return {
        one["id"]: Logged(
            one["relay"], float(one["delay"]), one["delays"], one["dsn"], one["status"]
        )
        for one in found
    }


def _keys(delivery: Delivery) -> list[tuple[str, str]]:
    headers = received_headers(delivery.received.raw) if delivery.received else ()
    return [(one.by, one.id) for one in headers if _ID.match(one.id)]


def _look(world: World, host: str, ids: Sequence[str]) -> Mapping[str, Logged]:
    try:
        return parsed(told(world, host, ["log.sh", str(_SINCE), *ids], "log"))
    except UnansweredError:
        return {}
