"""
Delegation of a zone to the name servers of its provider.

A zone exists where its parent delegates it to (RFC 1034 section 4.2.1). The same zone may exist at
a provider without a delegation, as before or after a move. What is written there stays unseen, and
no waiting helps.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...dns.query import WORKERS, Server
from ...mail.errors import MailError
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer, RecordChange, listed

Lookup = Callable[[str], Collection[Server]]


@dataclass(frozen=True)
class PublishedZone:
    """A zone at its provider: its name servers there, what changes, and the answers to expect."""

    zone: str
    provider: str
    name_servers: frozenset[str]
    changes: tuple[RecordChange, ...]
    expected: tuple[ExpectedAnswer, ...]


def obstacles(zones: Collection[PublishedZone], lookup: Lookup) -> list[str]:
    """Return for each zone the reason why its changes would stay unseen, where there is one."""
    return [*filter(None, in_parallel(lambda zone: _obstacle(zone, lookup), zones, WORKERS))]


def require_delegation(published: PublishedZone, servers: Collection[Server]) -> None:
    """Raise MailError where a zone is delegated to other name servers than its provider has."""
    delegated = {server.name.lower() for server in servers}
    if published.name_servers and delegated and not published.name_servers & delegated:
        raise MailError(
            f"{published.zone}: {published.provider} has it for the name servers "
            f"{listed(sorted(published.name_servers))}, but it is delegated to "
            f"{listed(sorted(delegated))}, so nobody sees what is published there; delegate the "
            "zone to the former, or name the provider of the latter in mail_dns"
        )


def _obstacle(published: PublishedZone, lookup: Lookup) -> str:
    try:
        require_delegation(published, lookup(published.zone))
    except MailError as error:
        return str(error)
    return ""
