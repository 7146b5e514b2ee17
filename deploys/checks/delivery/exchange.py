"""
The exchange: every test message is sent at once, and every mailbox is watched meanwhile.

Each host gets one command that submits and one that waits. Waiting is done on the host, in rounds
of a few seconds, because a domain with two hosts receives at only one of them and nobody knows
which; a message that has come ends the wait for it everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil

from ...mail.settings.verification import Sink
from ..clients.endpoint import Endpoint
from ..core.world import UnansweredError, World, side_by_side
from . import imap_mailbox
from .local import submit_from_here
from .remote import Mailbox, Received, Submitted, submit, wait
from .sink import OpenSink, opened
from .test_messages import Box, Route

_ROUND = 3.0
_MESSAGES = "messages"


@dataclass(frozen=True)
class Logged:
    """One delivery out of a Postfix queue: to where, and how long the message was there."""

    relay: str
    seconds: float
    delays: str
    dsn: str
    status: str


@dataclass(frozen=True)
class Delivery:
    """What became of one route.

    `unasked` says why nobody could send it or look for it, `silent` which hosts did not answer,
    `log` what hosts logged of it, by their names and queue ids.
    """

    route: Route
    submitted: Submitted | None = None
    received: Received | None = None
    unasked: str = ""
    silent: frozenset[str] = frozenset()
    log: Mapping[tuple[str, str], Logged] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """Return the time from submission to mailbox."""
        if self.submitted is None or self.received is None:
            return None
        return max(0.0, self.received.at - self.submitted.at)


def exchange(routes: Sequence[Route], world: World) -> tuple[Delivery, ...]:
    """Run every route and return what became of it."""
    if not routes:
        return ()
    run = _Run(routes, world)
    with world.progress.asking(_MESSAGES), ExitStack() as stack:
        run.open_sinks(stack)
        calls = [*run.submissions(), run.watch]
        side_by_side(calls, workers=len(calls))
        run.tell()
    return tuple(run.delivery(route) for route in routes)


class _Run:
    """The routes on their way."""

    def __init__(self, routes: Sequence[Route], world: World) -> None:
        self.world = world
        self.routes = routes
        self.submitted: dict[str, Submitted] = {}
        self.received: dict[str, Received] = {}
        self.unsent: dict[str, str] = {}
        self.unseen: dict[Box, str] = {}
        self.sinks: dict[Box, OpenSink] = {}

    def open_sinks(self, stack: ExitStack) -> None:
        """Open what this machine takes mail with, until the stack is left."""
        for sink in {box for one in self.routes for box in one.boxes if isinstance(box, Sink)}:
            try:
                self.sinks[sink] = stack.enter_context(opened(sink))
            except UnansweredError as problem:
                self.unseen[sink] = str(problem)

    def submissions(self) -> list[Callable[[], None]]:
        """Return the calls that send: one for each host, and one for each of a host's addresses."""
        # What nobody will take would stay in a queue for days.
        watched = [one for one in self.routes if set(one.boxes) - set(self.unseen)]
        origins = dict.fromkeys(route.origin for route in watched)
        return [
            partial(self._submit, origin, [one for one in watched if one.origin == origin])
            for origin in origins
        ]

    def watch(self) -> None:
        """Wait, round by round, until every message has come or the time is up."""
        for _ in range(ceil(self.world.patience / _ROUND)):
            awaited = self._awaited()
            boxes = {box for route in awaited for box in route.boxes} - set(self.unseen)
            if not boxes:
                return
            self.tell()
            looks = [partial(self._look, box, awaited) for box in boxes]
            side_by_side(looks, workers=len(looks))

    def tell(self) -> None:
        """Say how many messages have come."""
        words = f"{len(self.received)} of {len(self.routes)} messages have arrived"
        self.world.progress.now(_MESSAGES, words)

    def delivery(self, route: Route) -> Delivery:
        """Return what became of one route."""
        id_ = route.message.id
        unseen = {box.host: self.unseen[box] for box in route.boxes if box in self.unseen}
        silent = {
            box.host for box in route.boxes if box in self.unseen and isinstance(box, Mailbox)
        }
        if id_ in self.unsent and isinstance(route.origin, str):
            silent.add(route.origin)
        reasons = dict.fromkeys((route.elsewhere, self.unsent.get(id_), *unseen.values()))
        unasked = "" if id_ in self.received else "; ".join(filter(None, reasons))
        outcome = self.submitted.get(id_), self.received.get(id_)
        return Delivery(route, *outcome, unasked, frozenset(silent))

    def _submit(self, origin: str | Endpoint, routes: Sequence[Route]) -> None:
        messages = [route.message for route in routes]
        try:
            if isinstance(origin, Endpoint):
                self.submitted |= submit_from_here(self.world, origin, messages)
            else:
                self.submitted |= submit(self.world, origin, messages)
        except UnansweredError as problem:
            self.unsent |= {message.id: str(problem) for message in messages}

    def _look(self, box: Box, awaited: Sequence[Route]) -> None:
        ids = [route.message.id for route in awaited if box in route.boxes]
        world = replace(self.world, patience=min(_ROUND, self.world.patience))
        try:
            if isinstance(box, Sink):
                self.received |= self.sinks[box].wait(world, ids)
            elif isinstance(box, Mailbox):
                self.received |= wait(world, box, ids)
            else:
                self.received |= imap_mailbox.wait(world, box, ids)
        except UnansweredError as problem:
            self.unseen[box] = str(problem)

    def _awaited(self) -> list[Route]:
        refused = {id_ for id_, outcome in self.submitted.items() if outcome.refusal}
        ended = refused | set(self.received) | set(self.unsent)
        return [route for route in self.routes if route.message.id not in ended]
