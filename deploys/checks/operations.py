"""Verification as a pyinfra operation: the last step of a deploy, or a run of its own."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State

from ..dns.resolver import Resolver
from ..mail.settings.model import Fleet
from ..mail.settings.verification import Verification
from ..run.barrier import barrier, failed
from ..run.command_line import inventory_name
from ..run.https import Https
from ..run.interruption import on_interrupt
from .clients.endpoint import Endpoint
from .clients.ssh import PyinfraHosts
from .core.finding import Finding
from .core.progress import progress
from .core.report import Report
from .core.target import Scope, resolvers_of
from .core.world import World
from .delivery.arrival import SLOW
from .delivery.test_messages import routes
from .run.catalogue import CHECKS
from .run.reachability import HOST
from .run.runner import verify
from .run.selection import selected

Changes = Mapping[str, Callable[[State], int]]
INTERRUPTED = "no report was written, and runs from an hour later on remove the test messages"


@operation(is_idempotent=False)
def verification(scope: Scope, changes: Changes) -> Generator[FunctionCommand, None, None]:
    """
    Verify that mail is delivered, and write the report.

    Test messages are sent and removed again; nothing else is changed. A message that arrives after
    the run stays, and so do those in a mailbox that another program has locked. The checks run once
    for the whole fleet, in the step of the last host; for the other hosts it has nothing to do.

    + scope: every mail host, null client and witness of the inventory, or a target
    + changes: functions that count, for the report, the hosts and zones that the run has changed

    It fails if a finding is as severe as `verify_fail_on`, if no message arrived, or if a host of
    the inventory did not answer. If a report cannot be written or a notice cannot be sent, it
    prints the error and does not fail.

    **Example:**

    .. code:: python

        verification(
            name="Verify that mail is delivered",
            scope=fleet_of(state.inventory),
            changes={"hosts": hosts_changed, "zones": zones_changed},
        )
    """
    run = host.state
    whole = _selected(scope)
    part = _within_limit(whole, run)
    if not run.is_executing:
        _announce(part)
        return
    meeting = barrier(run, str(host.current_op_hash), _Verification(whole, part, changes))
    if not meeting.completed_by(run, host.name):
        host.noop("the checks begin with the last host")
        return
    yield FunctionCommand(meeting.step, (), {})


@dataclass(frozen=True)
class _Verification:
    """The step of the last host."""

    whole: Scope
    part: Scope
    changes: Changes

    def __call__(self, state: State, host: Host, op_hash: str) -> bool:
        absent = _absent(self.whole, self.part, state)
        world = _world(self.part, state, op_hash)
        limits = _limit_of(self.whole, self.part)
        on_interrupt(INTERRUPTED)
        report = verify(self.part, world, lambda: self._counted(state), absent, limits)
        world.progress.end()
        settings = self.part.verification
        name = inventory_name() if isinstance(self.part, Fleet) else self.part.name
        named = replace(report, name=name)
        for problem in _publish(named, settings):
            logger.error(f"{host.print_prefix}{problem}")
        if not report.succeeded:
            # With --no-wait pyinfra forgets what an operation returned.
            state.failed_hosts.add(host)
        return report.succeeded

    def _counted(self, state: State) -> Mapping[str, int]:
        return {what: count(state) for what, count in self.changes.items()}


def _limit_of(whole: Scope, part: Scope) -> tuple[str, ...]:
    names = _names(part)
    return () if names == _names(whole) else (f"limited to {', '.join(names) or 'nothing'}",)


def _announce(scope: Scope) -> None:
    if not isinstance(scope, Fleet) or not selected(scope.verification).mailed:
        return
    for route in routes(scope):
        origin = route.origin
        if host.name == (origin.host if isinstance(origin, Endpoint) else origin):
            host.log(f"would send a test message {route.path}")


def _world(scope: Scope, state: State, op_hash: str) -> World:
    mail_hosts = scope.hosts if isinstance(scope, Fleet) else ()
    timeout = max((host.timeout for host in mail_hosts), default=World.timeout)
    hosts, names = PyinfraHosts(state, op_hash), Resolver(resolvers_of(scope))
    authorities = "\n".join(dict.fromkeys(host.acme_ca_file for host in mail_hosts))
    return World(hosts, names, Https(authorities), timeout=timeout, progress=progress())


def _selected(scope: Scope) -> Scope:
    """Return the part of a fleet that `verify_host` and `verify_domain` name."""
    if not isinstance(scope, Fleet):
        return scope
    settings = scope.verification
    return scope.narrowed(settings.host or _names(scope), settings.domain)


def _within_limit(scope: Scope, state: State) -> Scope:
    """Return the part of a fleet that pyinfra's --limit leaves."""
    if not isinstance(scope, Fleet):
        return scope
    names = {host.name for host in state.inventory if state.is_host_in_limit(host)}
    witnesses = tuple(one for one in scope.witnesses if one.inventory_name in names)
    return scope.narrowed(names).model_copy(update={"witnesses": witnesses})


def _publish(report: Report, settings: Verification) -> list[str]:
    """Show and write a report; return the failures of that."""
    from .page import html  # noqa: PLC0415 - a run without a report needs no writer
    from .report import publish  # noqa: PLC0415 - a run without a report needs no writer

    page = partial(html.render, checks=CHECKS, slow=SLOW)
    return publish(report, page, settings.notify, settings.metrics)


def _absent(whole: Scope, part: Scope, state: State) -> Iterator[Finding]:
    inside = _names(part)
    for name in _names(whole) if isinstance(whole, Fleet) else ():
        member = state.inventory.get_host(name)
        if name not in inside:
            yield HOST.info(name, "left out by --limit or --exclude", "run without the limit")
        elif not member.connected:
            yield HOST.error(
                name, "it could not be reached over SSH", "check the SSH connection and its key"
            )
        elif name in failed(state):
            yield HOST.error(
                name, "it failed earlier in this run", "fix the error that the run printed for it"
            )
        else:
            yield HOST.ok(name, "it took part in the run")


def _names(scope: Scope) -> tuple[str, ...]:
    others = (*scope.witnesses, *scope.clients) if isinstance(scope, Fleet) else ()
    return tuple(host.inventory_name for host in (*scope.hosts, *others))
