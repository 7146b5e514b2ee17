"""
Deferrals: the reason why a message that did not arrive waits in the queue of its host.

One command for each host asks Postfix. No check depends on it: a host without Postfix has no
reason, and a message that is in no queue has none either.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from ...run.threads import in_parallel
from ..core.world import UnansweredError, World
from .exchange import Delivery
from .host_commands import output_of

_LONGEST = 300  # characters of a reason

Reasons = Mapping[tuple[str, str], str]  # by sender and recipient


def with_deferrals(deliveries: Sequence[Delivery], world: World) -> tuple[Delivery, ...]:
    """Return deliveries, those that wait in a queue with the reason."""
    waiting: dict[str, list[str]] = {}
    for one in deliveries:
        if isinstance(one.route.origin, str) and _may_wait(one):
            waiting.setdefault(one.route.origin, []).append(one.route.message.recipient)
    found = in_parallel(lambda host: _reasons(world, host, waiting[host]), waiting)
    of_host = dict(zip(waiting, found, strict=True))
    return tuple(
        replace(one, deferral=of_host[one.route.host].get(_key(one), ""))
        if one.route.host in of_host and _may_wait(one)
        else one
        for one in deliveries
    )


def parsed(lines: Sequence[str]) -> Reasons:
    """Return the reasons in the output of `postqueue -j`; other lines are ignored."""
    return {key: reason for line in lines for key, reason in _of_line(line)}


def _of_line(line: str) -> Iterator[tuple[tuple[str, str], str]]:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        message = json.loads(line)
        for one in message["recipients"]:
            if reason := one.get("delay_reason"):
                yield (str(message["sender"]), str(one["address"])), str(reason)[:_LONGEST]


def _may_wait(delivery: Delivery) -> bool:
    sent = delivery.submitted is not None and not delivery.refusal
    return sent and delivery.received is None and not delivery.problem


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.route.message.sender, delivery.route.message.recipient


def _reasons(world: World, host: str, recipients: Sequence[str]) -> Reasons:
    try:
        return parsed(output_of(world, host, ["queue.sh", *dict.fromkeys(recipients)], "queue"))
    except UnansweredError:
        return {}
