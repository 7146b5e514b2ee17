"""Every host looked at once, side by side, and the look judged by everything of this room."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ...mail.units import POSTFIX, required_units
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.world import UnansweredError, World
from .clock import CLOCK, clock
from .disk import DISK, disk
from .drift import DRIFT, drift
from .keys import KEYS, keys
from .look import Look, look
from .port25 import PORT25, port25, targets
from .queue import QUEUE, queue
from .services import SERVICES, services
from .updates import UPDATES, updates

_JUDGES: dict[Check, Callable[[Look], Iterator[Finding]]] = {
    SERVICES: services,
    PORT25: port25,
    QUEUE: queue,
    DISK: disk,
    CLOCK: clock,
    DRIFT: drift,
    KEYS: keys,
    UPDATES: updates,
}
CHECKS = tuple(_JUDGES)


@per_fleet(*CHECKS)
def examined(fleet: Fleet, world: World) -> Iterable[Finding]:
    """Look at every mail host and judge what was seen."""
    return together(partial(_of_host, host, fleet, world) for host in fleet.hosts)


def _of_host(host: MailSettings, fleet: Fleet, world: World) -> list[Finding]:
    name = host.inventory_name
    try:
        seen = look(host, (*POSTFIX, *required_units(host)), targets(host, fleet, world), world)
    except UnansweredError as problem:
        return [one.unknown(name, str(problem), "mend run.host first") for one in CHECKS]
    return [one for check, judge in _JUDGES.items() for one in _judged(check, judge, seen)]


def _judged(check: Check, judge: Callable[[Look], Iterator[Finding]], seen: Look) -> list[Finding]:
    try:
        return list(judge(seen))
    except (ValueError, LookupError, OverflowError) as problem:  # a host's tools may say anything
        name = seen.host.inventory_name
        saw = f"{name}: its answer is not understood: {problem}"
        return [check.unknown(name, saw, "run the tools of look.sh on the host by hand")]
