"""Every host looked at once, side by side, and the look judged by everything of this room."""

from collections.abc import Callable, Iterator
from functools import partial

from deploys.checks.finding import Finding, Question
from deploys.checks.host.clock import CLOCK, clock
from deploys.checks.host.disk import DISK, disk
from deploys.checks.host.drift import DRIFT, drift
from deploys.checks.host.keys import KEYS, keys
from deploys.checks.host.look import Look, look
from deploys.checks.host.port25 import PORT25, port25, targets
from deploys.checks.host.queue import QUEUE, queue
from deploys.checks.host.services import POSTFIX, SERVICES, needed, services
from deploys.checks.host.updates import UPDATES, updates
from deploys.checks.world import UnansweredError, World, side_by_side
from deploys.mail.settings import Fleet, MailSettings

_JUDGES: dict[Question, Callable[[Look], Iterator[Finding]]] = {
    SERVICES: services,
    PORT25: port25,
    QUEUE: queue,
    DISK: disk,
    CLOCK: clock,
    DRIFT: drift,
    KEYS: keys,
    UPDATES: updates,
}
QUESTIONS = tuple(_JUDGES)


def examined(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Look at every mail host and judge what was seen."""
    for findings in side_by_side(partial(_of_host, host, fleet, world) for host in fleet.hosts):
        yield from findings


def _of_host(host: MailSettings, fleet: Fleet, world: World) -> list[Finding]:
    name = host.inventory_name
    try:
        seen = look(host, (*POSTFIX, *needed(host)), targets(host, fleet, world), world)
    except UnansweredError as problem:
        return [one.unknown(name, str(problem), "mend run.host first") for one in QUESTIONS]
    return [one for question, judge in _JUDGES.items() for one in _judged(question, judge, seen)]


def _judged(
    question: Question, judge: Callable[[Look], Iterator[Finding]], seen: Look
) -> list[Finding]:
    try:
        return list(judge(seen))
    except (ValueError, LookupError, OverflowError) as problem:  # a host's tools may say anything
        name = seen.host.inventory_name
        saw = f"{name}: its answer is not understood: {problem}"
        return [question.unknown(name, saw, "run the tools of look.sh on the host by hand")]
