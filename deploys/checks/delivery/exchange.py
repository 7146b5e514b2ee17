"""
Exchange of the test messages: all are sent at once, and every destination is watched meanwhile.

Each host gets one command that submits, and commands that wait in its mailbox. They wait in rounds
of a few seconds: a domain with two hosts receives at one of them, which is not known before. Once a
message has arrived, nothing waits for it any more.
"""

import smtplib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from ...mail.settings.verification import Sink
from ...run.threads import in_groups, in_parallel
from ..clients.endpoint import Endpoint, SubmissionEndpoint
from ..clients.message import TestMessage
from ..clients.smtp import OK, log_in, reply, session, starttls
from ..core.world import MisbehavedError, UnansweredError, World
from .destinations import Destination
from .host_commands import CHANNELS, Mailbox, Received, Submitted, submit, wait
from .test_messages import Route

# A sink and an outside mailbox need libraries that a run without them does not import.
if TYPE_CHECKING:
    from .sink import OpenSink

_ROUND = 3.0
_MESSAGES = "messages"


@dataclass(frozen=True)
class LogEntry:
    """One delivery in the log of Postfix: the next server, and the time in the queue."""

    relay: str
    seconds: float
    delays: str
    dsn: str
    status: str


@dataclass(frozen=True)
class Delivery:
    """The outcome of one test message.

    `problem` is the reason why it could not be sent or looked for. `silent` are the hosts that did
    not answer. `log` has entries of the mail logs, by the server's name and queue id. `deferral` is
    the reason why it waits in the queue of its host.
    """

    route: Route
    submitted: Submitted | None = None
    received: Received | None = None
    problem: str = ""
    silent: frozenset[str] = frozenset()
    log: Mapping[tuple[str, str], LogEntry] = field(default_factory=dict)
    deferral: str = ""

    @property
    def refusal(self) -> str:
        """Return the reply that refused the message, if one did."""
        return self.submitted.refusal if self.submitted else ""

    @property
    def seconds(self) -> float | None:
        """Return the time from submission to mailbox."""
        if self.submitted is None or self.received is None:
            return None
        return max(0.0, self.received.at - self.submitted.at)


def exchange(routes: Sequence[Route], world: World) -> tuple[Delivery, ...]:
    """Send every test message, and return the outcome of each."""
    if not routes:
        return ()
    run = _Exchange(routes, world)
    with world.progress.checking(_MESSAGES), ExitStack() as stack:
        run.open_sinks(stack)
        calls = [*run.submissions(), run.watch]
        in_parallel(lambda call: call(), calls, len(calls))
        run.show_progress()
    return tuple(run.delivery(route) for route in routes)


class _Exchange:
    """The outcomes so far, by the ids of messages; problems, by ids and by destinations."""

    def __init__(self, routes: Sequence[Route], world: World) -> None:
        self.world = world
        self.routes = routes
        self.submitted: dict[str, Submitted] = {}
        self.received: dict[str, Received] = {}
        self.unsent: dict[str, str] = {}
        self.unreadable: dict[Destination, str] = {}
        self.sinks: dict[Destination, OpenSink] = {}

    def open_sinks(self, stack: ExitStack) -> None:
        """Open the sinks of this machine until the stack is left."""
        for sink in {one for route in self.routes for one in route.destinations}:
            if isinstance(sink, Sink):
                from .sink import open_sink  # noqa: PLC0415 - see above

                try:
                    self.sinks[sink] = stack.enter_context(open_sink(sink))
                except UnansweredError as problem:
                    self.unreadable[sink] = str(problem)

    def submissions(self) -> list[Callable[[], None]]:
        """Return the calls that send: one for each host, and one for each of a host's addresses."""
        # A message that no server takes would stay in a queue for days.
        watched = [one for one in self.routes if set(one.destinations) - set(self.unreadable)]
        origins = dict.fromkeys(route.origin for route in watched)
        return [
            partial(self._submit, origin, [one for one in watched if one.origin == origin])
            for origin in origins
        ]

    def watch(self) -> None:
        """Wait, round by round, until every message has arrived or the time is up."""
        for _ in range(ceil(self.world.patience / _ROUND)):
            pending = self._pending()
            watched = {one for route in pending for one in route.destinations}
            watched -= set(self.unreadable)
            if not watched:
                return
            self.show_progress()
            in_groups(
                partial(self._receive, pending=pending), watched, lambda one: one.host, CHANNELS
            )

    def show_progress(self) -> None:
        """Show how many messages have arrived."""
        words = f"{len(self.received)} of {len(self.routes)} messages have arrived"
        self.world.progress.now(_MESSAGES, words)

    def delivery(self, route: Route) -> Delivery:
        """Return the outcome of one test message."""
        id_ = route.message.id
        unreadable = [one for one in route.destinations if one in self.unreadable]
        silent = {one.host for one in unreadable if isinstance(one, Mailbox)}
        if id_ in self.unsent and isinstance(route.origin, str):
            silent.add(route.origin)
        problems = {one.host: self.unreadable[one] for one in unreadable}.values()
        reasons = dict.fromkeys((route.unobservable, self.unsent.get(id_), *problems))
        problem = "" if id_ in self.received else "; ".join(filter(None, reasons))
        outcome = self.submitted.get(id_), self.received.get(id_)
        return Delivery(route, *outcome, problem, frozenset(silent))

    def _submit(self, origin: str | Endpoint, routes: Sequence[Route]) -> None:
        messages = [route.message for route in routes]
        try:
            if isinstance(origin, Endpoint):
                self.submitted |= send(self.world, origin, messages)
            else:
                self.submitted |= submit(self.world, origin, messages)
        except UnansweredError as problem:
            self.unsent |= {message.id: str(problem) for message in messages}

    def _receive(self, destination: Destination, pending: Sequence[Route]) -> None:
        ids = [route.message.id for route in pending if destination in route.destinations]
        world = replace(self.world, patience=min(_ROUND, self.world.patience))
        try:
            if isinstance(destination, Sink):
                self.received |= self.sinks[destination].wait(world, ids)
            elif isinstance(destination, Mailbox):
                self.received |= wait(world, destination, ids)
            else:
                from . import imap_mailbox  # noqa: PLC0415 - see above

                self.received |= imap_mailbox.wait(world, destination, ids)
        except UnansweredError as problem:
            self.unreadable[destination] = str(problem)

    def _pending(self) -> list[Route]:
        refused = {id_ for id_, outcome in self.submitted.items() if outcome.refusal}
        ended = refused | set(self.received) | set(self.unsent)
        return [route for route in self.routes if route.message.id not in ended]


def send(world: World, endpoint: Endpoint, messages: Iterable[TestMessage]) -> dict[str, Submitted]:
    """Send messages by SMTP from this machine; raise UnansweredError if the server is silent."""
    submitted: dict[str, Submitted] = {}
    try:
        with session(endpoint, world) as client:
            if client.has_extn("starttls"):
                starttls(client)
            if isinstance(endpoint, SubmissionEndpoint):
                log_in(client, endpoint)
            for message in messages:
                at = world.clock()
                submitted[message.id] = Submitted(at, _refusal(client, message))
    except MisbehavedError as problem:
        refused = Submitted(world.clock(), str(problem))
        return dict.fromkeys((message.id for message in messages), refused) | submitted
    return submitted


def _refusal(client: smtplib.SMTP, message: TestMessage) -> str:
    """Send one message; return the reply that refused it, or nothing."""
    eight = client.has_extn("8bitmime")
    utf8 = message.international and client.has_extn("smtputf8")
    # RFC 6152 section 3, RFC 6531 section 3.4.
    options = [*(["BODY=8BITMIME"] if eight else []), *(["SMTPUTF8"] if utf8 else [])]
    for answer in (client.mail(message.sender, options), client.rcpt(message.recipient)):
        if answer[0] != OK:
            client.rset()
            return f"the server answered {reply(answer)}"
    # smtplib sends bytes as they are; RFC 5321 section 2.3.8: lines end with CR and LF.
    answer = client.data(message.compose(eight=eight, utf8=utf8).replace(b"\n", b"\r\n"))
    return "" if answer[0] == OK else f"the server answered {reply(answer)}"
