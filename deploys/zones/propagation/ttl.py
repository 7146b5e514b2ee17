"""
What resolvers remember of a record set that was replaced: up to its old TTL, what it was.

That matters where what the run does next is judged by it. A DKIM key that replaces another: who has
the old one takes our signatures for forged. A TLSA that joins: who lacks it refuses the certificate
that comes after it. A new address, MX host or SPF policy: who lacks it finds that the host may not
send for the domain. Nobody can have a wrong memory of a name that is new, which is why no resolver
is asked for one before the zone's servers have it (RFC 2308). And nothing that comes next depends
on a value that went away, or on what domains say of reports, policies and services.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pyinfra import logger

from ...dns.query import Server
from ...mail import dkim
from ..model.changes import ExpectedAnswer, RecordChange, listed
from .poll import Outcome, Question, wait

JUDGED_BY = {"A", "AAAA", "MX", "TLSA"}
# A key is revoked when no mail needs it any more.
REVOKED = tuple(f'"{dkim.DkimKey(algorithm, "")}"' for algorithm in dkim.ALGORITHMS)
TICK = 1  # a TTL counts whole seconds


@dataclass(frozen=True)
class PublishedChange:
    """A change that every name server of a zone answers with."""

    zone: str
    change: RecordChange
    expected: tuple[ExpectedAnswer, ...]


def lifetime(change: RecordChange) -> int:
    """Return for how many seconds a cache may lack what the run's next steps are judged by."""
    if change.existing is None or change.desired is None or not _is_judged_by(change):
        return 0
    gained = set(change.desired.values) - set(change.existing.values) - set(REVOKED)
    return change.existing.ttl if gained else 0


def _is_judged_by(change: RecordChange) -> bool:
    if change.type == "TXT":  # SPF is at a domain's or a host's own name, a key below _domainkey
        return "._domainkey." in change.name or not change.name.startswith("_")
    return change.type in JUDGED_BY


def outlive(
    published: Sequence[PublishedChange], resolvers: Sequence[Server], seconds: float
) -> list[str]:
    """
    Wait until what was replaced is forgotten, by these resolvers and by all others.

    What `seconds` do not suffice for is not waited for, but said: return one sentence for each.
    """
    began = time.monotonic()
    outcome = _seen(published, resolvers, seconds)
    ends = (lifetime(one.change) for one in published if lifetime(one.change) <= seconds)
    _pause(began + max(ends, default=0) - time.monotonic())
    return [*_behind(outcome), *_lasting(published, seconds)]


def _pause(seconds: float) -> None:
    if seconds > 0:
        logger.info(f"  Waiting {seconds:.0f} s until caches have forgotten what was replaced")
        time.sleep(seconds)


def _seen(
    published: Iterable[PublishedChange], resolvers: Sequence[Server], seconds: float
) -> Outcome:
    """Ask the resolvers, and again for as long as an old answer lasts that ends in time."""
    outcome = wait(
        [
            Question(one.zone, server, expected)
            for one in published
            for expected in one.expected
            for server in resolvers
        ],
        0,
    )
    ends = [fault.ttl + TICK for fault in outcome.wrong.values() if fault.ttl]
    longest = max((end for end in ends if end <= seconds), default=0)
    return wait(outcome.wrong, longest) if longest else outcome


def _behind(outcome: Outcome) -> Iterator[str]:
    for zone in dict.fromkeys(question.zone for question in outcome.wrong):
        yield (
            f"{zone}: all its name servers have the new records, but resolvers answer without "
            f"them, {outcome.lagging(zone)}; what they remember ends with its TTL"
        )


def _lasting(published: Iterable[PublishedChange], seconds: float) -> Iterator[str]:
    lasting = [one for one in published if lifetime(one.change) > seconds]
    for zone, members in groupby(lasting, lambda one: one.zone):
        changes = [one.change for one in members]
        names = listed([f"{change.type} {change.name}" for change in changes])
        yield (
            f"{zone}: for up to {max(map(lifetime, changes))} s mail may be judged by what {names} "
            "replaced, which is in caches; a mail_dns_timeout of that length waits for its end"
        )
