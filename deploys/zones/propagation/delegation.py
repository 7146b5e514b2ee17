"""
Whether what a provider publishes is what the world sees.

A zone exists where its parent delegates it to (RFC 1034 section 4.2.1). The same zone may lie with
a provider that nobody is led to, as before or after a move; what is written there stays unseen, and
no waiting helps.
"""

from collections.abc import Callable, Collection

from ...dns.query import Server
from ...mail.errors import MailError
from ...run.threads import in_parallel
from ..model.changes import listed
from ..plan import ZonePlan

WORKERS = 20
Lookup = Callable[[str], Collection[Server]]


def obstacles(plans: Collection[ZonePlan], lookup: Lookup) -> list[str]:
    """Return why what some plans write would not be seen."""
    return [*filter(None, in_parallel(lambda plan: _obstacle(plan, lookup), plans, WORKERS))]


def require_delegation(plan: ZonePlan, servers: Collection[Server]) -> None:
    """Raise MailError where a zone's name servers are others than its provider says."""
    root = plan.existing.root_ns
    published = {name.rstrip(".").lower() for name in root.values} if root else set()
    asked = {server.name.lower() for server in servers}
    if published and asked and not published & asked:
        raise MailError(
            f"{plan.zone}: {plan.provider.name} has it for the name servers "
            f"{listed(sorted(published))}, but the DNS leads to {listed(sorted(asked))}, so nobody "
            "sees what is published there; have the zone delegated to the former, or point "
            "mail_dns at whoever runs the latter"
        )


def _obstacle(plan: ZonePlan, lookup: Lookup) -> str:
    try:
        require_delegation(plan, lookup(plan.zone))
    except MailError as error:
        return str(error)
    return ""
