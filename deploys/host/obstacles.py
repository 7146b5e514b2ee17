"""What forbids to set up mail on a host, before anything on it is touched."""

from collections.abc import Iterator
from itertools import chain

from deploys.host import services
from deploys.host.found import Existing
from deploys.host.versions import RELEASES
from deploys.mail.settings import HostSettings


def obstacle(existing: Existing | None, settings: HostSettings) -> str | None:
    """Return the sentence that says what is in the way, if anything is."""
    if existing is None:
        return "the host did not say what exists on it"
    system = existing.system
    if system.id != "debian" or system.version_id not in RELEASES:
        releases = " or ".join(RELEASES)
        return f"{system.pretty_name} is not supported; install Debian {releases}"
    unfit = (one.problem for one in existing.certificates.values() if one and one.problem)
    return next(chain(_strangers(existing, settings), unfit), None)


def _strangers(existing: Existing, settings: HostSettings) -> Iterator[str]:
    for query in services.queries(settings):
        for port in query.ports:
            listener = existing.listeners[str(port)]
            # Where the service runs, the port is its own, even if the kernel does not tell.
            if listener and existing.services[query.name].pid is None:
                yield (
                    f"{listener.process} (process {listener.pid}) listens on port {port}; "
                    "stop and remove it, or take this host out of the group 'mail'"
                )
