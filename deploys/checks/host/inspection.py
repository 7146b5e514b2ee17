"""Inspection of the hosts: one snapshot of each, and the checks that are made of it."""

from collections.abc import Callable, Iterator

from ...mail.settings.model import Fleet, MailSettings
from ...mail.units import POSTFIX, required_units
from ...run.threads import in_parallel
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet
from ..core.world import UnansweredError, World
from .account_rate import ACCOUNT_RATE, account_rate
from .bulk import SEPARATION, separation
from .clock import CLOCK, clock
from .directory import DIRECTORY, directory
from .disk import DISK, disk
from .drift import DRIFT, PARAMETERS, drift
from .keys import KEYS, keys
from .port25 import PORT25, port25, targets
from .queue import QUEUE, queue
from .quota import QUOTA, quota
from .rates import RATES, rates, streams
from .receivers import RECEIVERS, receivers
from .sent_reports import SENT, sent_reports
from .services import SERVICES, services
from .snapshot import Snapshot, SnapshotRequest, take_snapshot
from .updates import UPDATES, updates
from .warmup import WARMUP, warmup

_CHECKS: dict[Check, Callable[[Snapshot], Iterator[Finding]]] = {
    SERVICES: services,
    PORT25: port25,
    QUEUE: queue,
    DIRECTORY: directory,
    ACCOUNT_RATE: account_rate,
    SEPARATION: separation,
    RECEIVERS: receivers,
    WARMUP: warmup,
    SENT: sent_reports,
    DISK: disk,
    QUOTA: quota,
    CLOCK: clock,
    DRIFT: drift,
    KEYS: keys,
    UPDATES: updates,
}
_OF_BULK = (SEPARATION, RECEIVERS)


@per_fleet(*_CHECKS, RATES)
def hosts(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Take a snapshot of every mail host at the same time, and check it; then the bulk streams."""
    taken = in_parallel(lambda host: _snapshot(host, fleet, world), fleet.hosts)
    members = list(zip(fleet.hosts, taken, strict=True))
    for host, snapshot in members:
        yield from _of_host(host, snapshot)
    for stream, snapshots in streams(members).items():
        yield rates(stream, snapshots, world.clock())


def _snapshot(host: MailSettings, fleet: Fleet, world: World) -> Snapshot | UnansweredError:
    units = (*POSTFIX, *required_units(host))
    try:
        request = SnapshotRequest(units, PARAMETERS, targets(host, fleet, world))
        return take_snapshot(host, request, world)
    except UnansweredError as problem:
        return problem


def _of_host(host: MailSettings, snapshot: Snapshot | UnansweredError) -> list[Finding]:
    if isinstance(snapshot, UnansweredError):
        name = host.inventory_name
        checks = [one for one in _CHECKS if _concerns(one, host)]
        return [one.unknown(name, str(snapshot), "fix run.host first") for one in checks]
    return [finding for check in _CHECKS for finding in _of_check(check, snapshot)]


def _concerns(check: Check, host: MailSettings) -> bool:
    if check is SENT:
        return bool(host.send_reports)
    if check is DIRECTORY:
        return bool(host.directory)
    if check is WARMUP:
        return bool(host.warmup)
    return bool(host.bulk) or check not in _OF_BULK


def _of_check(check: Check, snapshot: Snapshot) -> list[Finding]:
    try:
        return list(_CHECKS[check](snapshot))
    except (ValueError, LookupError, OverflowError) as problem:
        # The tools of a host can print anything.
        name = snapshot.host.inventory_name
        saw = f"{name}: the output of a tool cannot be read: {problem}"
        return [check.unknown(name, saw, "run the commands of snapshot.sh on the host by hand")]
