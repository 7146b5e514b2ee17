"""Inspection of the hosts: one snapshot of each, and the checks that are made of it."""

from collections.abc import Callable, Iterator
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ...mail.units import POSTFIX, required_units
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.world import UnansweredError, World
from .clock import CLOCK, clock
from .disk import DISK, disk
from .drift import DRIFT, PARAMETERS, drift
from .keys import KEYS, keys
from .port25 import PORT25, port25, targets
from .queue import QUEUE, queue
from .services import SERVICES, services
from .snapshot import Snapshot, SnapshotRequest, take_snapshot
from .updates import UPDATES, updates

_CHECKS: dict[Check, Callable[[Snapshot], Iterator[Finding]]] = {
    SERVICES: services,
    PORT25: port25,
    QUEUE: queue,
    DISK: disk,
    CLOCK: clock,
    DRIFT: drift,
    KEYS: keys,
    UPDATES: updates,
}


@per_fleet(*_CHECKS)
def hosts(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Take a snapshot of every mail host at the same time, and check it."""
    return together(partial(_of_host, host, fleet, world) for host in fleet.hosts)


def _of_host(host: MailSettings, fleet: Fleet, world: World) -> list[Finding]:
    units = (*POSTFIX, *required_units(host))
    try:
        request = SnapshotRequest(units, PARAMETERS, targets(host, fleet, world))
        snapshot = take_snapshot(host, request, world)
    except UnansweredError as problem:
        name = host.inventory_name
        return [one.unknown(name, str(problem), "fix run.host first") for one in _CHECKS]
    return [finding for check in _CHECKS for finding in _of_check(check, snapshot)]


def _of_check(check: Check, snapshot: Snapshot) -> list[Finding]:
    try:
        return list(_CHECKS[check](snapshot))
    except (ValueError, LookupError, OverflowError) as problem:
        # The tools of a host can print anything.
        name = snapshot.host.inventory_name
        saw = f"{name}: the output of a tool cannot be read: {problem}"
        return [check.unknown(name, saw, "run the commands of snapshot.sh on the host by hand")]
