"""Preconditions of a mail host: its system, its ports, and what others have set up there."""

from collections.abc import Iterator

from ..mail import paths, units
from ..mail.settings.model import HostSettings, MailSettings
from .model.state import Existing, FoundListener
from .model.versions import RELEASES
from .services import nginx, registry

OTHER_HOST = "remove this host from the group 'mail'"
NO_SITE = "write mail_mta_sts = 'none' and mail_autoconfig = False"
OTHER_CERTIFICATES = "write mail_tls = 'files' with certificates of yours"
ALTERNATIVES = {nginx.PORT: NO_SITE}
CERTBOT = "certbot"  # listens there for as long as a challenge takes
NAMED = 6  # files of others that a sentence names


def obstacles(existing: Existing | None, settings: HostSettings) -> tuple[str, ...]:
    """Return a sentence for every precondition that the host does not meet."""
    if existing is None:
        return ("the host did not report its state",)
    system = existing.system
    if system.id != "debian" or system.version_id not in RELEASES:
        releases = " or ".join(RELEASES)
        return (f"{system.pretty_name} is not supported; install Debian {releases}",)
    invalid = (one.problem for one in existing.certificates.values() if one and one.problem)
    return (
        *_foreign_sites(existing, settings),
        *_foreign_listeners(existing, settings),
        *_http_listener(existing, settings),
        *_foreign_configurations(existing, settings),
        *_absent_users(existing, settings),
        *invalid,
    )


def _absent_users(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield an obstacle for each recipient whose mail would bounce after it was accepted."""
    if not isinstance(settings, MailSettings):
        return
    for user, address in settings.recipients.users.items():
        if not existing.users.get(user, True):
            key = "mail_postmaster" if user == settings.postmaster else "mail_aliases"
            yield (
                f"{key}: {address} leads to the user {user}, who does not exist; run adduser "
                f"{user}, or correct {key}"
            )


def _foreign_configurations(existing: Existing, settings: HostSettings) -> Iterator[str]:
    if settings.take_over:
        return
    for name, service in existing.services.items():
        if service.foreign:
            rest = len(service.foreign) - NAMED
            more = f" and {rest} more" if rest > 0 else ""
            yield (
                f"somebody else has configured {name}: {', '.join(service.foreign[:NAMED])}{more}; "
                f"write mail_take_over = True to replace it (the originals are kept in "
                f"{paths.originals(name)}), or {OTHER_HOST}"
            )


def _foreign_listeners(existing: Existing, settings: HostSettings) -> Iterator[str]:
    for query in registry.queries(settings):
        for port in query.ports:
            listener = existing.listeners[str(port)]
            # If the service runs, the port is its own, even if the kernel does not say so.
            if listener and existing.services[query.name].pid is None:
                yield _listens(listener, port, ALTERNATIVES.get(port, OTHER_HOST))


def _http_listener(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield the obstacle to the first certificate of a CA, which asks at port 80."""
    listener = existing.listeners.get(str(units.HTTP_PORT))
    if not listener or listener.process == CERTBOT:
        return
    wanted = (one for query in registry.queries(settings) for one in query.certificates)
    found = [existing.certificates[one.path] for one in wanted if one.source == "acme"]
    if any(one is None or (one.self_signed and not one.issued) for one in found):
        yield _listens(listener, units.HTTP_PORT, OTHER_CERTIFICATES)


def _listens(listener: FoundListener, port: int, alternative: str) -> str:
    process = f"{listener.process} (process {listener.pid})"
    return f"{process} listens on port {port}; stop and remove it, or {alternative}"


def _foreign_sites(existing: Existing, settings: HostSettings) -> Iterator[str]:
    if isinstance(settings, MailSettings) and settings.site_names:
        found = existing.services[nginx.NAME]
        if found.pid and not found.owned:
            yield (
                f"{nginx.NAME} (process {found.pid}) serves other web sites; "
                f"move them to another host, or {NO_SITE}"
            )
