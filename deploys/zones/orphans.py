"""
Orphans: records of ours in zones that have left the inventory together with their domains.

No record of the inventory names such a zone, but its registry is still there. The registries of all
zones that a provider lists are looked up in the DNS, which needs no request to the provider. If a
provider lists no zones, the zones are read in which a run from this machine has written.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

import dns.resolver

from ..dns.query import WORKERS
from ..dns.resolver import recursive_answer, values
from ..mail.errors import MailError, UnansweredError
from ..run.threads import in_parallel
from .ownership.registry import LABEL, Registry
from .ownership.scope import PlanScope
from .plan import ZonePlan, plan
from .providers.capabilities import AlteredTextError
from .providers.provider import Provider
from .providers.refusal import UnreachableError

SECONDS = 2.0  # for one answer; a later run finds a zone that does not answer now


def registered_zones(
    zones: Collection[str], scope: PlanScope, resolver: dns.resolver.Resolver
) -> list[str]:
    """Return the zones whose registry, as in the DNS, names a host of the fleet."""
    ordered = sorted(zones)
    registered = in_parallel(lambda zone: _is_registered(zone, scope, resolver), ordered, WORKERS)
    return [zone for zone, one in zip(ordered, registered, strict=True) if one]


def orphan_plans(provider: Provider, zone: str, scope: PlanScope) -> Iterator[ZonePlan]:
    """Yield the plan that deletes records of ours from a zone, if any; it expects no answers."""
    try:
        planned = plan(provider, zone, (), scope)
    except (UnreachableError, AlteredTextError):
        raise
    except MailError:
        return  # the zone does not exist any more, or its registry belongs to others
    if planned.changes:
        note = f"{zone} has left the inventory, so our records there are deleted"
        yield replace(planned, expected=(), notes=(*planned.notes, note))


def _is_registered(zone: str, scope: PlanScope, resolver: dns.resolver.Resolver) -> bool:
    try:
        answer = recursive_answer(resolver, f"{LABEL}.{zone}.", "TXT", SECONDS)
    except UnansweredError:
        return False
    return bool(Registry.parse(values(answer, "TXT")).tags(scope.hosts))
