"""Relays of a mail host: tables that choose them, their passwords and certificates, and logins."""

from collections.abc import Iterator

from ...mail import paths
from ...mail.settings.mistakes.relays import relay_key
from ...mail.settings.model import MailSettings
from ...mail.settings.relays import next_hop
from ..model.desired import File, RelayLogin, Table

UNCHANGED = ":"  # transport(5): as if the table did not exist


def passwords(settings: MailSettings) -> tuple[str, ...]:
    """Return the tables with the passwords of a host at its relays."""
    return tuple(map(paths.relay_password, settings.relays.with_login))


def certificate_files(settings: MailSettings) -> tuple[str, ...]:
    """Return the files with the certificates that vouch for its relays."""
    return tuple(
        paths.relay_ca(name) for name, relay in settings.relays.transports.items() if relay.ca
    )


def files(settings: MailSettings) -> Iterator[File]:
    """Yield the files with the certificates that vouch for the relays."""
    for name, relay in settings.relays.transports.items():
        if relay.ca:
            yield File(paths.relay_ca(name), relay.ca)


def tables(settings: MailSettings) -> Iterator[Table]:
    """Yield the tables by sender and by recipient, and the password at each relay."""
    relays = settings.relays
    if relays.senders:
        yield Table(paths.RELAY_SENDERS, ("postmap",), relays.senders)
    if relays.recipients:
        entries = {**_own(settings), **relays.recipients}
        yield Table(paths.RELAY_RECIPIENTS, ("postmap",), entries)
    for name, relay in relays.with_login.items():
        if relay.password:
            entry = {next_hop(relay.host): f"{relay.login}:{relay.password.resolve()}"}
            path = paths.relay_password(name)
            yield Table(path, ("postmap",), entry, mode=0o600, secret=True)


def logins(settings: MailSettings) -> tuple[RelayLogin, ...]:
    """Return the logins that are tried before the switch, but for those at hosts of the fleet."""
    relays = settings.relays  # the same run may make an account there, a moment later
    return tuple(
        RelayLogin(
            relay_key(settings, relays.keys[name]),
            relay.name,
            int(relay.host.rpartition(":")[2]),
            settings.postfix_expanded(settings.postfix_value("myhostname")),
            paths.relay_password(name),
            authorities=paths.relay_ca(name) if relay.ca else "",
            wrapped=relay.wrapped,
        )
        for name, relay in relays.with_login.items()
        if relay.name not in settings.fleet_names
    )


def next_hops(settings: MailSettings) -> dict[str, str]:
    """Return the relays that must exist, by their key in the inventory."""
    relays = settings.relays
    named = {
        f"mail_relay_domains.{domain}.to": one.to
        for domain, one in settings.relay_domains.items()
        if not one.address
    }
    return named | {
        relay_key(settings, relays.keys[name]): next_hop(relay.host)
        for name, relay in relays.transports.items()
    }


def _own(settings: MailSettings) -> dict[str, str]:
    """Return the names whose mail is delivered here although a key has all names below another."""
    above = tuple(key for key in settings.relays.recipients if key.startswith("."))
    names = (settings.hostname, *settings.domains)
    return {name: UNCHANGED for name in names if name.endswith(above)}
