"""
Delegation of a zone to the name servers of its provider.

Resolvers find a zone on the servers that its parent delegates it to (RFC 1034 section 4.2.1). The
same zone may exist at a provider without a delegation, as before or after a move. Records that are
written there are never found, and waiting does not help.
"""

from collections.abc import Collection
from dataclasses import dataclass

from ...dns.authority import ServersOf
from ...dns.query import WORKERS, Server
from ...mail.errors import MailError
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer, RecordChange, listed


@dataclass(frozen=True)
class PublishedZone:
    """A zone at its provider: its name servers there, what changes, and the answers to expect."""

    zone: str
    provider: str
    name_servers: frozenset[str]
    changes: tuple[RecordChange, ...]
    expected: tuple[ExpectedAnswer, ...]
    by_hand: bool = False  # the operator publishes it


def obstacles(zones: Collection[PublishedZone], servers_of: ServersOf) -> list[str]:
    """Return the reasons why no resolver would find the changes of some zones."""
    return [*filter(None, in_parallel(lambda zone: _obstacle(zone, servers_of), zones, WORKERS))]


def require_delegation(published: PublishedZone, servers: Collection[Server]) -> None:
    """Raise MailError if a zone is delegated to other name servers than its provider has."""
    delegated = {server.name.lower() for server in servers}
    if published.name_servers and delegated and not published.name_servers & delegated:
        raise MailError(
            f"{published.zone}: {published.provider} has it for the name servers "
            f"{listed(sorted(published.name_servers))}, but it is delegated to "
            f"{listed(sorted(delegated))}, so no resolver finds what is published there; delegate "
            "the zone to the former, or name the provider of the latter in mail_dns"
        )


def _obstacle(published: PublishedZone, servers_of: ServersOf) -> str:
    try:
        require_delegation(published, servers_of(published.zone))
    except MailError as error:
        return str(error)
    return ""
