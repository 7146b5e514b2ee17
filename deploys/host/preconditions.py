"""What forbids to set up mail on a host, before anything on it is touched."""

from collections.abc import Iterator
from itertools import chain

from ..mail.settings.model import HostSettings, MailSettings
from .model.state import Existing
from .model.versions import RELEASES
from .services import nginx, registry

ELSE = "take this host out of the group 'mail'"
NO_SITE = "write mail_mta_sts = 'none' and mail_autoconfig = False"
WAYS_OUT = {nginx.PORT: NO_SITE}


def obstacle(existing: Existing | None, settings: HostSettings) -> str | None:
    """Return the sentence that says what is in the way, if anything is."""
    if existing is None:
        return "the host did not say what exists on it"
    system = existing.system
    if system.id != "debian" or system.version_id not in RELEASES:
        releases = " or ".join(RELEASES)
        return f"{system.pretty_name} is not supported; install Debian {releases}"
    unfit = (one.problem for one in existing.certificates.values() if one and one.problem)
    strangers = chain(_foreign_site(existing, settings), _strangers(existing, settings))
    return next(chain(strangers, unfit), None)


def _strangers(existing: Existing, settings: HostSettings) -> Iterator[str]:
    for query in registry.queries(settings):
        for port in query.ports:
            listener = existing.listeners[str(port)]
            # Where the service runs, the port is its own, even if the kernel does not tell.
            if listener and existing.services[query.name].pid is None:
                yield (
                    f"{listener.process} (process {listener.pid}) listens on port {port}; "
                    f"stop and remove it, or {WAYS_OUT.get(port, ELSE)}"
                )


def _foreign_site(existing: Existing, settings: HostSettings) -> Iterator[str]:
    if isinstance(settings, MailSettings) and settings.site_names:
        found = existing.services[nginx.NAME]
        if found.pid and not found.owned:
            yield (
                f"{nginx.NAME} (process {found.pid}) serves what somebody else has set up; "
                f"move that to another host, or {NO_SITE}"
            )
