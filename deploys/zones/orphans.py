"""
Zones that have left the inventory, domain and all, and hold records of ours still.

No record leads to such a zone any more, but its registry does, and anybody may ask for that: of all
zones that a provider lists, the DNS is asked, which costs the provider nothing. A provider that
lists none is asked for those in which a run from this machine has written.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

import dns.resolver

from ..dns.query import WORKERS
from ..dns.resolver import resolved, values
from ..mail.errors import MailError, UnansweredError
from ..run.threads import in_parallel
from .ownership.registry import LABEL, Registry
from .ownership.scope import Claim
from .plan import ZonePlan, plan
from .providers.capabilities import GarblingError
from .providers.provider import Provider, UnreachableError

SECONDS = 2.0  # for one answer; a zone that is not found now is found by the next run


def marked(zones: Collection[str], claim: Claim, ask: dns.resolver.Resolver) -> list[str]:
    """Return those zones whose registry, as the DNS has it, knows a host of the fleet."""
    ordered = sorted(zones)
    known = in_parallel(lambda zone: _knows(zone, claim, ask), ordered, WORKERS)
    return [zone for zone, ours in zip(ordered, known, strict=True) if ours]


def leaving(provider: Provider, zone: str, claim: Claim) -> Iterator[ZonePlan]:
    """Plan to take what is ours out of a zone that nobody's mail needs, and so nobody waits for."""
    try:
        planned = plan(provider, zone, (), claim)
    except (UnreachableError, GarblingError):
        raise
    except MailError:
        return  # it is not there any more, or not ours to read
    if planned.changes:
        note = f"{zone} has left the inventory, so what is ours leaves it"
        yield replace(planned, expected=(), notes=(*planned.notes, note))


def _knows(zone: str, claim: Claim, ask: dns.resolver.Resolver) -> bool:
    try:
        answer = resolved(ask, f"{LABEL}.{zone}.", "TXT", SECONDS)
    except UnansweredError:
        return False
    return bool(Registry.parse(values(answer, "TXT")).tags(claim.hosts))
