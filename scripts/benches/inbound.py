"""
Bench `inbound`: mail from an outside sender to a mailbox, and the memory of what takes it.

Four contenders take the same messages on one host of each Debian release: the distribution's
Postfix with a Maildir, the same with rspamd as it comes, ours without a judgement of mail, and ours
with it. The sender is the peer of the lab, which no contender trusts. Each message is seen by IMAP
for ours alone, as the others have no server for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import quantiles

from .instruments.hosts import lab_up
from .instruments.machine import machine
from .instruments.recipient import (
    JUDGED,
    OURS,
    SESSIONS,
    STOCK_RSPAMD,
    UNJUDGED,
    Recipient,
    recipient,
)
from .instruments.report import Case, Figures, Report, interleaved
from .instruments.sender import STOCK

RATE, MEMORY, P50, P99 = "messages_per_second", "megabytes", "p50_ms", "p99_ms"
CONTENDERS = (STOCK, UNJUDGED, JUDGED, STOCK_RSPAMD)
LEAST = {UNJUDGED: {STOCK: 0.8}, JUDGED: {STOCK_RSPAMD: 1.2}}
MOST = {P50: 150.0, P99: 600.0}
MOST_MEGABYTES = {UNJUDGED: 300.0, JUDGED: 450.0}
PACE = 20.0  # messages a second whose arrival is looked for
FEWEST, MOST_ARRIVALS = 10, 400  # messages whose arrival is looked for
# Services whose memory is a figure of its own, each with its units.
SERVICES: Mapping[str, Sequence[str]] = {
    "postfix": ("postfix", "postfix@-"),
    "rspamd": ("rspamd",),
    "dovecot": ("dovecot",),
    "redis": ("redis-server@rspamd",),
    "unbound": ("unbound",),
}
NOTE = (
    f"5 KiB each to one mailbox, {SESSIONS} sessions, a connection for each message; from the first"
    " message until the last one is delivered. Outside sender and host run on this machine, with"
)
OF_ARRIVALS = (
    f"{PACE:g} messages a second; from the end of a message's data until a client sees it by IMAP,"
    " which looks a hundred times a second. All is on this machine, with"
)
OF_MEMORY = (
    "MB (PSS) of all services of the host but those of Debian itself, after a few messages. All is"
    " on this machine, with"
)
Tell = Callable[[str], None]


def inbound(
    releases: Sequence[str], messages: int, runs: int, tell: Tell, *, keep: bool
) -> list[Report]:
    """Measure all contenders on a host of each Debian release."""
    with _course(releases, messages, tell, keep=keep) as course:
        here = {**machine(), "messages": messages}
        measured = interleaved(cases(releases), runs, course.measure, tell)
    around = f"{here['cores']} cores; its load was {here['load']} before."
    ours = [case for case in measured if case.contender in OURS]
    both = (STOCK, STOCK_RSPAMD)
    return [
        Report("inbound", RATE, both, f"{NOTE} {around}", here, [*_part(measured, RATE)]),
        Report("arrival", P50, (), f"{OF_ARRIVALS} {around}", here, [*_part(ours, P50, P99)]),
        Report(
            "memory",
            MEMORY,
            (),
            f"{OF_MEMORY} {around}",
            here,
            [*_part(measured, MEMORY, *map(_of, SERVICES))],
        ),
    ]


def cases(releases: Iterable[str]) -> Iterator[Case]:
    """Yield the cases of each release, each with the aims of all its figures."""
    for release in releases:
        for contender in CONTENDERS:
            most = {MEMORY: MOST_MEGABYTES[contender], **MOST} if contender in OURS else {}
            labels = {"debian": int(release)}
            yield Case(f"debian_{release}", contender, labels, most, least=LEAST.get(contender, {}))


def _part(measured: Iterable[Case], *figures: str) -> Iterator[Case]:
    """Yield cases with some of their figures, and the aims of these."""
    for case in measured:
        yield replace(
            case,
            runs=[{name: run[name] for name in figures} for run in case.runs],
            aims={name: most for name, most in case.aims.items() if name in figures},
            least=case.least if RATE in figures else {},
        )


def percentiles(seconds: Sequence[float]) -> Figures:
    """Return the median and the 99th percentile of seconds, in milliseconds."""
    found = quantiles(seconds, n=100, method="inclusive")
    return {P50: round(found[49] * 1000, 1), P99: round(found[98] * 1000, 1)}


def by_service(units: Mapping[str, float]) -> Figures:
    """Return the megabytes of all units, and of each service with a figure of its own."""
    return {
        MEMORY: round(sum(units.values()), 1),
        **{
            _of(name): round(sum(units.get(unit, 0) for unit in own), 1)
            for name, own in SERVICES.items()
        },
    }


def _of(service: str) -> str:
    return f"of_{service}"


@dataclass(frozen=True)
class _Course:
    """The host of each release."""

    recipients: Mapping[str, Recipient]
    messages: int

    def measure(self, case: Case) -> Figures:
        """Measure a contender: its memory, the rate of messages, and their arrival by IMAP."""
        host = self.recipients[case.situation]
        host.become(case.contender)
        memory = by_service(host.memory())
        rate = round(self.messages / host.relay(self.messages), 1)
        if case.contender not in OURS:
            return {RATE: rate, **memory}
        count = min(max(FEWEST, self.messages), MOST_ARRIVALS)
        return {RATE: rate, **percentiles(host.arrivals(count, PACE)), **memory}


@contextmanager
def _course(releases: Iterable[str], messages: int, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell("raising a lab of two mail hosts")
    with lab_up(2, keep=keep) as lab:
        found = {f"debian_{release}": recipient(lab, release) for release in releases}
        for situation, one in found.items():
            tell(f"unmeasured: every contender is set up on {one.host.name}, {situation}")
            one.set_up()
        yield _Course(found, messages)
