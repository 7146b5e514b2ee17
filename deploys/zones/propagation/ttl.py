"""
Caches of resolvers: they keep a record set that was replaced for its old TTL.

The run waits for the end of that TTL if its next steps need the new value:
- DKIM key in place of another: a receiver with the old key treats our signatures as forged.
- TLSA value added: a sender without it refuses the certificate that follows.
- address, MX host or SPF value added: a receiver without it finds that the host may not send.

No cache has an old value of a new name, because no resolver is asked for the name before the zone's
servers have it (RFC 2308). No next step depends on a value that was removed, or on the records for
reports, policies and services.
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
    """Return the seconds for which a cache may lack a value that the next steps depend on."""
    if change.existing is None or change.desired is None or not _matters(change):
        return 0
    gained = set(change.desired.values) - set(change.existing.values) - set(REVOKED)
    return change.existing.ttl if gained else 0


def _matters(change: RecordChange) -> bool:
    if change.type == "TXT":  # SPF is at a domain's or a host's own name, a key below _domainkey
        return "._domainkey." in change.name or not change.name.startswith("_")
    return change.type in JUDGED_BY


def outlive(
    published: Sequence[PublishedChange], resolvers: Sequence[Server], seconds: float
) -> list[str]:
    """
    Wait until caches have dropped the replaced values: those of these resolvers, and all others.

    Return a sentence for each zone with an old TTL above `seconds`: the run does not wait for it.
    """
    began = time.monotonic()
    outcome = _resolver_answers(published, resolvers, seconds)
    ends = (lifetime(one.change) for one in published if lifetime(one.change) <= seconds)
    _pause(began + max(ends, default=0) - time.monotonic())
    return [*_behind(outcome), *_lasting(published, seconds)]


def _pause(seconds: float) -> None:
    if seconds > 0:
        logger.info(f"  Waiting {seconds:.0f} s until caches have dropped the replaced records")
        time.sleep(seconds)


def _resolver_answers(
    published: Iterable[PublishedChange], resolvers: Sequence[Server], seconds: float
) -> Outcome:
    """Ask the resolvers; wait for the old answers whose TTL ends within `seconds`."""
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
            f"them, {outcome.lagging(zone)}; their old answers end with the TTL"
        )


def _lasting(published: Iterable[PublishedChange], seconds: float) -> Iterator[str]:
    lasting = [one for one in published if lifetime(one.change) > seconds]
    for zone, members in groupby(lasting, lambda one: one.zone):
        changes = [one.change for one in members]
        names = listed([f"{change.type} {change.name}" for change in changes])
        yield (
            f"{zone}: for up to {max(map(lifetime, changes))} s caches may have the old records of "
            f"{names}, and receivers may judge mail by them; set mail_dns_timeout to that many "
            "seconds to wait for their end"
        )
