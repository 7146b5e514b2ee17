"""Preconditions of a mail host: its system, its ports, and the operator's certificates."""

from collections.abc import Iterator
from itertools import chain

from ..mail.settings.model import HostSettings, MailSettings
from .model.state import Existing
from .model.versions import RELEASES
from .services import nginx, registry

OTHER_HOST = "remove this host from the group 'mail'"
NO_SITE = "write mail_mta_sts = 'none' and mail_autoconfig = False"
ALTERNATIVES = {nginx.PORT: NO_SITE}


def obstacle(existing: Existing | None, settings: HostSettings) -> str | None:
    """Return a sentence for the first precondition that the host does not meet."""
    if existing is None:
        return "the host did not report its state"
    system = existing.system
    if system.id != "debian" or system.version_id not in RELEASES:
        releases = " or ".join(RELEASES)
        return f"{system.pretty_name} is not supported; install Debian {releases}"
    invalid = (one.problem for one in existing.certificates.values() if one and one.problem)
    foreign = chain(_foreign_sites(existing, settings), _foreign_listeners(existing, settings))
    return next(chain(foreign, invalid), None)


def _foreign_listeners(existing: Existing, settings: HostSettings) -> Iterator[str]:
    for query in registry.queries(settings):
        for port in query.ports:
            listener = existing.listeners[str(port)]
            # If the service runs, the port is its own, even if the kernel does not say so.
            if listener and existing.services[query.name].pid is None:
                yield (
                    f"{listener.process} (process {listener.pid}) listens on port {port}; "
                    f"stop and remove it, or {ALTERNATIVES.get(port, OTHER_HOST)}"
                )


def _foreign_sites(existing: Existing, settings: HostSettings) -> Iterator[str]:
    if isinstance(settings, MailSettings) and settings.site_names:
        found = existing.services[nginx.NAME]
        if found.pid and not found.owned:
            yield (
                f"{nginx.NAME} (process {found.pid}) serves other web sites; "
                f"move them to another host, or {NO_SITE}"
            )
