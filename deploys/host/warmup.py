"""
Warm-up of a bulk stream's new addresses as operations: its state is asked, compared, and changed.

A program on the host that belongs to the receiver groups answers; requests go by standard input.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State

from ..mail import paths
from ..mail.errors import MailError
from ..mail.settings.bulk import AddressWarmup
from ..mail.settings.model import MailSettings
from ..run.remote import Commands, RemoteError
from .model.plan import HostChange
from .transport.commands import fail
from .transport.output import show
from .transport.request import HostRequests

PROGRAM = HostRequests(paths.WARMUP, "the warm-up")
ACTIONS = ("list", "pause", "resume")


@dataclass(frozen=True)
class WarmupRequest:
    """The wish of an operator: the state is listed, or the warm-up pauses or goes on."""

    action: str
    reason: str = ""


def warmup_request(argument: Callable[[str], str]) -> WarmupRequest:
    """Return the wish in the arguments of a run, by their names; raise MailError."""
    action = argument("warmup")
    if action not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise MailError(f"warmup is {action!r}; write --data warmup= with one of: {known}")
    return WarmupRequest(action, argument("warmup_reason") or "by the operator")


def warmup_changed(settings: MailSettings, wanted: WarmupRequest) -> None:
    """Do what an operator has asked for, at one host."""
    match wanted.action:
        case "list":
            warmup_listed(name="List: warm-up of new addresses", settings=settings)
        case "pause":
            warmup_paused(
                name="Pause: no mail leaves by new addresses",
                settings=settings,
                reason=wanted.reason,
            )
        case _:
            warmup_resumed(name="Resume: mail leaves by new addresses", settings=settings)


@operation()
def warmup_paused(settings: MailSettings, reason: str) -> Commands:
    """
    No mail leaves by the host's new addresses until the warm-up is resumed.

    + settings: the host's settings
    + reason: noted with the pause
    """
    state = PROGRAM.asked(host, settings, {"verb": "list"})
    paused = {one["address"] for one in state["pauses"] if not one["receiver"]}
    missing = [str(one.address) for one in settings.warmup if str(one.address) not in paused]
    if not missing:
        host.noop("the warm-up is paused already")
        return
    show(HostChange("pause", address, reason) for address in missing)
    yield PROGRAM.changed(settings, {"verb": "pause", "reason": reason})


@operation()
def warmup_resumed(settings: MailSettings) -> Commands:
    """
    Mail leaves by the host's new addresses again, within their plans.

    + settings: the host's settings
    """
    pauses = PROGRAM.asked(host, settings, {"verb": "list"})["pauses"]
    if not pauses:
        host.noop("the warm-up is not paused")
        return
    show(HostChange("resume", _of_pause(one), one["reason"]) for one in pauses)
    yield PROGRAM.changed(settings, {"verb": "resume"})


@operation(is_idempotent=False)
def warmup_listed(settings: MailSettings) -> Commands:
    """
    The days, the counts and the pauses of this host's warm-up are printed.

    + settings: the host's settings
    """
    yield FunctionCommand(_show_state, (settings,), {})


def _show_state(state: State, host: Host, settings: MailSettings) -> bool:
    try:
        found = PROGRAM.answer(host, settings, {"verb": "list"})
    except RemoteError as error:
        return fail(state, host, f"the warm-up cannot be listed: {error}")
    for plan in settings.warmup:
        for line in _lines(plan, found):
            host.log_styled(f"  {line}", log_func=logger.info)
    return True


def _lines(plan: AddressWarmup, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the state of a new address, and a line for each receiver group and each pause."""
    address = str(plan.address)
    days = [one for one in found["days"] if one["address"] == address]
    yield f"{address}: plan of {len(plan.plan)} days from {plan.start} on"
    for one in days:
        day = "after the plan" if one["over"] else f"day {one['number']} ({one['date']})"
        most = "" if one["over"] else f", granted: {one['granted']} of {one['most']}"
        yield (
            f"{one['receiver']}: {day}{most}, delivered: {one['delivered']}, attempts: "
            f"{one['attempts']}, deferred: {one['deferred']}, bounced: {one['bounced']}"
        )
    for one in found["pauses"]:
        if one["address"] == address:
            yield f"paused, {_of_pause(one)}: {one['reason']}"


def _of_pause(one: Mapping[str, Any]) -> str:
    return f"{one['address']} at {one['receiver'] or 'all receivers'}"
