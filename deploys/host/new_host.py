"""State of a new host without any mail service, for plans that need no host."""

from ..mail.settings.model import HostSettings
from .model.desired import Query
from .model.state import Existing, FoundService, FoundSystem
from .services import registry

RELEASES = {"12": "Debian GNU/Linux 12 (bookworm)", "13": "Debian GNU/Linux 13 (trixie)"}


def new_host(settings: HostSettings, release: str = "13") -> Existing:
    """Return the state of a new host with a Debian release, for a plan of these settings."""
    queries = registry.queries(settings)
    return Existing(
        system=FoundSystem("debian", release, RELEASES[release]),
        packages={name: None for query in queries for name in query.packages},
        listeners={str(port): None for query in queries for port in query.ports},
        services={query.name: absent(query) for query in queries},
        certificates={one.path: None for query in queries for one in query.certificates},
        users={name: True for query in queries for name in query.users},
        keys={path: None for query in queries for path in query.keys},
    )


def absent(query: Query) -> FoundService:
    """Return the state of a service that is not installed."""
    return FoundService(
        files=dict.fromkeys(query.files),
        tables=dict.fromkeys(query.tables),
        owned=(),
        units={},
        pid=None,
        loaded=None,
        interrupted=False,
    )
