"""
The whole proof: everything that is asked, side by side, and the report of it.

The questions do not depend on each other, so the slowest of them decides how long a proof takes.
Scans alone begin when the messages have arrived.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from ...mail.settings.model import Fleet
from ..core.finding import Finding, Severity
from ..core.inspection import Inspection
from ..core.report import Report
from ..core.waivers import waived
from ..core.world import World
from ..delivery import arrival
from ..delivery.cleanup import removals
from ..delivery.exchange import Delivery, exchange
from ..delivery.mail_log import with_log
from ..delivery.test_messages import routes
from .reachability import present
from .selection import Selection, selected


def prove(
    fleet: Fleet,
    world: World,
    changes: Callable[[], Mapping[str, int]],
    attendance: Iterable[Finding] = (),
    limits: tuple[str, ...] = (),
) -> Report:
    """Ask what is chosen, and report it together with who took part in the run, and its limits."""
    started = datetime.now(UTC)
    asked = fleet.verification
    selection, limits = selected(asked, foreign=fleet.foreign), (*asked.limits, *limits)
    waivers = [waiver for waiver in asked.waivers if selection.meets(waiver.id)]
    deliveries, found = _asked(fleet, world, selection)
    for inspection in selection.message_inspections:
        found += inspection(deliveries, fleet, world)
    findings = (*present(attendance, deliveries), *filter(selection.holds, found))
    return Report(
        findings=waived(findings, waivers, started.date(), whole=not limits),
        messages=arrival.messages(deliveries),
        changes=changes(),
        started=started,
        seconds=(datetime.now(UTC) - started).total_seconds(),
        limits=limits,
        not_asked=selection.left_out,
        mailed=selection.mailed,
        fails_at=Severity(asked.fail_on),
    )


def _asked(
    fleet: Fleet, world: World, selection: Selection
) -> tuple[tuple[Delivery, ...], list[Finding]]:
    sent = routes(fleet) if selection.mailed else ()
    with ThreadPoolExecutor() as pool:
        calls = [
            (inspection.slow, partial(_answers, inspection, fleet, world))
            for inspection in selection.inspections
        ]
        found = [pool.submit(call) for slow, call in calls if not slow]
        exchanged = pool.submit(exchange, sent, world)
        deliveries = with_log(exchanged.result(), fleet, world)
        # A scan is a load, and messages that met it would be slower than mail is.
        found += [pool.submit(call) for slow, call in calls if slow]
        found.append(pool.submit(removals, deliveries, world))
        return deliveries, [finding for future in found for finding in future.result()]


def _answers(inspection: Inspection, fleet: Fleet, world: World) -> list[Finding]:
    with world.progress.asking(", ".join(check.id for check in inspection.checks)):
        return list(inspection.run(fleet, world))
