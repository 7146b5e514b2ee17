"""Destinations: the mailboxes and sinks where the mail of an address can be seen."""

from collections.abc import Iterable

from ...mail.paths import MAILBOXES
from ...mail.recipients import READER
from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.verification import OutsideMailbox, Sink
from ..clients.endpoint import home_mailbox
from .host_commands import Mailbox

Destination = Mailbox | OutsideMailbox | Sink


def destinations(
    address: str, hosts: Iterable[MailSettings], fleet: Fleet
) -> tuple[Destination, ...]:
    """Return the destinations of an address's mail, for which `hosts` receive."""
    found = [_outside(fleet, address), *(_mailbox(fleet, host, address) for host in hosts)]
    return tuple(dict.fromkeys(one for one in found if one))


def of_end(end: str, host: MailSettings, fleet: Fleet) -> Destination | None:
    """Return the destination of an end of a host's recipient, or None if others read it."""
    if end == READER:
        return None
    home = next((one for one in (host, *fleet.hosts, *fleet.others) if end in one.mailboxes), None)
    if home:
        return home_mailbox(home, end)
    if "@" not in end:
        return Mailbox(host.inventory_name, f"{MAILBOXES}/{end}")
    return _outside(fleet, end)


def _outside(fleet: Fleet, address: str) -> Destination | None:
    settings = fleet.verification
    found: dict[str, Destination] = {one.address: one for one in settings.mailboxes}
    if settings.sink:
        found[settings.sink.address] = settings.sink
    found |= {one.address: Mailbox(one.inventory_name, one.mailbox) for one in fleet.witnesses}
    return found.get(address)


def _mailbox(fleet: Fleet, host: MailSettings, address: str) -> Destination | None:
    """Follow a recipient to the first local user or witness among its ends."""
    found = (of_end(end, host, fleet) for end in host.recipients.ends.get(address, ()))
    return next((one for one in found if one), None)
