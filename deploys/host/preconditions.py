"""Preconditions of a mail host: its system, its ports, and what others have set up there."""

from collections.abc import Iterator
from ipaddress import IPv6Address

from ..mail import paths, units
from ..mail.settings.model import HostSettings, MailSettings
from .model.state import Existing, FoundListener
from .model.versions import RELEASES, installed
from .services import dovecot, nginx, registry, tls_reports

OTHER_HOST = "remove this host from the group 'mail'"
NO_SITE = "write mail_mta_sts = 'none' and mail_autoconfig = False"
OTHER_CERTIFICATES = (
    "write mail_acme_webroot = the directory that it serves, mail_acme_challenge = 'dns', or "
    "mail_tls = 'files' with certificates of yours"
)
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
        *_masked_units(existing, settings),
        *_foreign_sites(existing, settings),
        *_foreign_listeners(existing, settings),
        *_http_listener(existing, settings),
        *_foreign_configurations(existing, settings),
        *_absent_users(existing, settings),
        *_unusable_addresses(existing, settings),
        *_unsent_reports(existing, settings),
        *_other_mailboxes(existing, settings),
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


def _unusable_addresses(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield an obstacle for IPv6 addresses of a host that has none."""
    if existing.ipv6 or not isinstance(settings, MailSettings):
        return
    for address in settings.addresses:
        if isinstance(address, IPv6Address):
            yield (
                f"mail_addresses has {address}, but IPv6 is switched off on this host; switch it "
                f"on (sysctl net.ipv6.conf.all.disable_ipv6=0), or remove {address} from "
                "mail_addresses"
            )


def _unsent_reports(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield the obstacle to TLS reports of a host whose Postfix collects nothing for them."""
    if not isinstance(settings, MailSettings) or "tls" not in settings.send_reports:
        return
    version = installed(existing, "postfix")
    if version < tls_reports.FIRST_POSTFIX:
        needed, has = (".".join(map(str, one)) for one in (tls_reports.FIRST_POSTFIX, version))
        yield (
            f"mail_send_reports has 'tls', which needs Postfix {needed} (Debian 13), and this "
            f"host has {has}; remove 'tls' for this host"
        )


def _other_mailboxes(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield the obstacle to another format of mailboxes, in which users would see no old mail."""
    if not isinstance(settings, MailSettings):
        return
    for name, pattern in dovecot.other_formats(settings).items():
        if found := existing.paths.get(pattern, ()):
            many = len(found) > 1
            yield (
                f"mail_mailbox_format is {settings.mailbox_format!r}, and {len(found)} "
                f"{'mailboxes' if many else 'mailbox'} of the host {'are' if many else 'is'} in "
                f"the format {name!r}, such as {found[0]}; convert them with doveadm "
                f"(docs/mailboxes.md), or write mail_mailbox_format = {name!r}"
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


def _masked_units(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield an obstacle for each unit that somebody has masked, and that cannot start."""
    for service in units.services(settings):
        found = existing.services[service.name].units if service.wanted else {}
        for unit, state in found.items():
            if state.UnitFileState == "masked":
                yield (
                    f"{unit} is masked, so {service.name} cannot start; "
                    f"run systemctl unmask {unit} on the host"
                )


def _foreign_listeners(existing: Existing, settings: HostSettings) -> Iterator[str]:
    for query in registry.queries(settings):
        for port in query.ports:
            listener = existing.listeners[str(port)]
            # A daemon may outlive the main process of its service. If the service runs, the port is
            # its own, even if the kernel does not say so.
            own = listener and listener.unit in query.units
            if listener and not own and existing.services[query.name].pid is None:
                yield _listens(listener, port, _alternative(port, settings))


def _alternative(port: int, settings: HostSettings) -> str:
    """Return what frees a host of its need for a port."""
    if port != nginx.PORT or not isinstance(settings, MailSettings):
        return OTHER_HOST
    return _no_site(settings)


def _no_site(settings: MailSettings) -> str:
    if not settings.one_click_name:
        return NO_SITE
    also = NO_SITE if settings.site_names != (settings.one_click_name,) else ""
    return " and ".join(filter(None, (also, "write False in mail_bulk.one_click")))


def _http_listener(existing: Existing, settings: HostSettings) -> Iterator[str]:
    """Yield the obstacle to the first certificate of a CA, which asks at port 80."""
    listener = existing.listeners.get(str(units.HTTP_PORT))
    if not listener or listener.process == CERTBOT:
        return
    wanted = (one for query in registry.queries(settings) for one in query.certificates)
    found = [
        existing.certificates[one.path]
        for one in wanted
        if one.source == "acme" and one.challenge == "http"
    ]
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
                f"move them to another host, or {_no_site(settings)}"
            )
