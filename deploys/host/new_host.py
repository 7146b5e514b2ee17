"""What a host answers on which nothing of mail is installed yet: for plans that need no host."""

from typing import Any

from ..mail.settings.model import HostSettings
from .model.desired import Query
from .model.state import Existing
from .services import registry

RELEASES = {"12": "Debian GNU/Linux 12 (bookworm)", "13": "Debian GNU/Linux 13 (trixie)"}


def fresh(settings: HostSettings, release: str = "13") -> Existing:
    """Return what a plan of these settings finds on a new host of a Debian release."""
    queries = registry.queries(settings)
    return Existing.model_validate(
        {
            "system": {"id": "debian", "version_id": release, "pretty_name": RELEASES[release]},
            "packages": {name: None for query in queries for name in query.packages},
            "listeners": {str(port): None for query in queries for port in query.ports},
            "services": {query.name: nothing(query) for query in queries},
            "certificates": {one.path: None for query in queries for one in query.certificates},
            "keys": {path: None for query in queries for path in query.keys},
        }
    )


def nothing(query: Query) -> dict[str, Any]:
    """Return what is found of a service that is not there."""
    return {
        "files": dict.fromkeys(query.files),
        "tables": dict.fromkeys(query.tables),
        "owned": [],
        "units": {},
        "pid": None,
        "loaded": None,
        "interrupted": False,
    }
