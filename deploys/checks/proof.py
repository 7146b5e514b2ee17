"""
The whole proof: everything that is asked, side by side, and the report of it.

The questions do not depend on each other, so the slowest of them decides how long a proof takes.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from deploys.checks import delivery
from deploys.checks.attendance import present
from deploys.checks.catalogue import CHECKS, JUDGES
from deploys.checks.errands import errands
from deploys.checks.exchange import Delivery, exchange
from deploys.checks.finding import Finding, Report
from deploys.checks.world import World
from deploys.mail.settings import Fleet


def prove(
    fleet: Fleet,
    world: World,
    changes: Callable[[], Mapping[str, int]],
    attendance: Iterable[Finding] = (),
) -> Report:
    """Ask everything, and report it together with what is known of who took part in the run."""
    started = datetime.now(UTC)
    deliveries, found = _asked(fleet, world)
    judged = [one for judge in JUDGES for one in judge.ask(deliveries, fleet, world)]
    return Report(
        findings=(*present(attendance, deliveries), *found, *judged),
        messages=delivery.messages(deliveries),
        changes=changes(),
        started=started,
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )


def _asked(fleet: Fleet, world: World) -> tuple[tuple[Delivery, ...], list[Finding]]:
    with ThreadPoolExecutor() as pool:
        exchanged = pool.submit(exchange, errands(fleet), world)
        found = [pool.submit(lambda check: list(check.ask(fleet, world)), one) for one in CHECKS]
        return exchanged.result(), [finding for future in found for finding in future.result()]
