"""
The whole proof: everything that is asked, side by side, and the report of it.

The questions do not depend on each other, so the slowest of them decides how long a proof takes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from deploys.checks import (
    authentication,
    certificates,
    delivery,
    keys,
    names,
    signatures,
    smtp,
    submission,
    tlsa,
)
from deploys.checks.errands import errands
from deploys.checks.exchange import Delivery, exchange
from deploys.checks.finding import Finding, Question, Report, Severity
from deploys.checks.world import World
from deploys.mail.settings import Fleet

Check = Callable[[Fleet, World], Iterator[Finding]]

# Cheapest first: this is the order of the report.
CHECKS: tuple[Check, ...] = (
    names.published,
    keys.published,
    smtp.strangers,
    certificates.certificates,
    tlsa.published,
    submission.submission,
)

HOST = Question("run.host", "host", "Did every host take part in the run?", "the inventory")


def prove(
    fleet: Fleet,
    world: World,
    changes: Callable[[], Mapping[str, int]],
    attendance: Iterable[Finding] = (),
) -> Report:
    """Ask everything, and report it together with what is known of who took part in the run."""
    started = datetime.now(UTC)
    deliveries, found = _asked(fleet, world)
    return Report(
        findings=(*_present(attendance, deliveries), *found, *_judged(deliveries, fleet, world)),
        messages=delivery.messages(deliveries),
        changes=changes(),
        started=started,
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )


def _asked(fleet: Fleet, world: World) -> tuple[tuple[Delivery, ...], list[Finding]]:
    with ThreadPoolExecutor() as pool:
        exchanged = pool.submit(exchange, errands(fleet), world)
        found = [pool.submit(lambda check: list(check(fleet, world)), check) for check in CHECKS]
        return exchanged.result(), [finding for future in found for finding in future.result()]


def _present(attendance: Iterable[Finding], deliveries: Iterable[Delivery]) -> Iterator[Finding]:
    """Say of each host whether it took part; one that fell silent in the proof did not."""
    known = {finding.subject: finding for finding in attendance}
    silent = {name: one.unasked for one in deliveries for name in one.silent}
    for name in dict.fromkeys((*known, *sorted(silent))):
        finding = known.get(name)
        if name in silent and (finding is None or finding.severity is Severity.OK):
            saw = silent[name] or f"{name} did not answer"
            yield HOST.error(name, saw, f"look at the load, the disk and sshd of {name}")
        elif finding:
            yield finding


def _judged(deliveries: tuple[Delivery, ...], fleet: Fleet, world: World) -> Iterator[Finding]:
    yield from delivery.arrivals(deliveries)
    yield from signatures.verified(deliveries, fleet)
    yield from authentication.authenticated(deliveries, world.names)
    yield from submission.private(deliveries, fleet)
