"""
Runner of a verification: all checks at the same time, and the report.

The checks do not depend on each other, so the slowest of them sets the time of a verification. Only
slow checks start later, when the messages have arrived.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from ...mail.settings.model import Fleet
from ..core.finding import Finding, Severity
from ..core.inspection import Inspection
from ..core.report import MailHost, Report
from ..core.target import CheckedHost, Scope
from ..core.waivers import waived
from ..core.world import World
from ..delivery import arrival
from ..delivery.cleanup import removals
from ..delivery.deferral import with_deferrals
from ..delivery.exchange import Delivery, exchange
from ..delivery.mail_log import with_log
from ..delivery.test_messages import routes
from .reachability import present
from .selection import Selection, selected


def verify(
    scope: Scope,
    world: World,
    changes: Callable[[], Mapping[str, int]],
    attendance: Iterable[Finding] = (),
    limits: tuple[str, ...] = (),
) -> Report:
    """Make the selected checks, and report them with the attendance and the limits of the run."""
    started = datetime.now(UTC)
    settings = scope.verification
    fleet = _sending(scope)
    selection = selected(settings, target=not isinstance(scope, Fleet))
    limits = (*settings.limits, *limits)
    waivers = [waiver for waiver in settings.waivers if selection.meets(waiver.id)]
    deliveries, found = _outcomes(scope, world, selection)
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
        fails_at=Severity(settings.fail_on),
        hosts=tuple(map(_mail_host, scope.hosts)),
    )


def _mail_host(host: CheckedHost) -> MailHost:
    addresses = tuple(map(str, host.addresses))
    return MailHost(host.inventory_name, host.hostname, addresses, tuple(host.domains))


def _outcomes(
    scope: Scope, world: World, selection: Selection
) -> tuple[tuple[Delivery, ...], list[Finding]]:
    fleet = _sending(scope)
    sent = routes(fleet) if selection.mailed else ()
    with ThreadPoolExecutor() as pool:
        calls = [
            (inspection.slow, partial(_findings, inspection, scope, world))
            for inspection in selection.inspections
        ]
        found = [pool.submit(call) for slow, call in calls if not slow]
        exchanged = pool.submit(exchange, sent, world)
        deliveries = with_deferrals(with_log(exchanged.result(), fleet, world), world)
        # Slow checks are a load, and would delay the messages.
        found += [pool.submit(call) for slow, call in calls if slow]
        found.append(pool.submit(removals, deliveries, world))
        return deliveries, [finding for future in found for finding in future.result()]


def _sending(scope: Scope) -> Fleet:
    # No mail is sent to or through a target.
    return scope if isinstance(scope, Fleet) else Fleet(hosts=())


def _findings(inspection: Inspection, scope: Scope, world: World) -> list[Finding]:
    with world.progress.checking(", ".join(check.id for check in inspection.checks)):
        return list(inspection(scope, world))
