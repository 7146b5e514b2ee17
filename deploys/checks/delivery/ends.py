"""
Ends of a host's recipients: the mailboxes where their mail has to arrive, one message for each.

An alias that leads to a user who does not exist, or whose mailbox cannot be written, is accepted at
RCPT all the same. So each mailbox gets a message, by the recipient that leads to the fewest ends.
No message goes to a recipient that also leads elsewhere: other people would get it, and nobody
could remove it there. The number of messages is limited.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...mail.recipients import READER
from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import HomeMailbox
from .destinations import Destination, destinations, of_end

MOST = 20  # messages for each host


@dataclass(frozen=True)
class EndMessage:
    """A message for one end: its recipient, the destination, and where it arrives as well."""

    recipient: str
    destination: Destination
    copies: tuple[Destination, ...] = ()


@dataclass
class HostEnds:
    """The messages for the ends of a host, and the recipients without one by domain and reason."""

    messages: list[EndMessage] = field(default_factory=list)
    unsent: dict[tuple[str, str], list[str]] = field(default_factory=dict)


def ends(host: MailSettings, fleet: Fleet) -> HostEnds:
    """Return the messages for the ends that no message for postmaster reaches."""
    found = HostEnds()
    proved = {destinations(f"postmaster@{domain}", (host,), fleet)[:1] for domain in host.domains}
    seen: set[Destination] = {one for group in proved for one in group}
    own = host.recipients.ends.items()
    for recipient, members in sorted(own, key=lambda one: (len(one[1]), one[0] not in one[1])):
        if READER in members:
            _leave_out(found, recipient, "the host reads reports there")
            continue
        if host.refuses_forwards and any(map(host.recipients.leads_elsewhere, members)):
            _leave_out(found, recipient, "what looks like spam is not forwarded")
            continue
        places = tuple(dict.fromkeys(of_end(end, host, fleet) for end in members))
        readable = tuple(one for one in places if one)
        if len(readable) < len(places):
            _leave_out(found, recipient, _unreadable(members, host, fleet))
            continue
        for place in readable:
            if place in seen:
                continue
            if len(found.messages) == MOST:
                _leave_out(found, recipient, f"a run sends {MOST} to the recipients of a host")
                break
            copies = tuple(one for one in readable if one != place)
            if any(isinstance(one, HomeMailbox) for one in copies):
                _leave_out(found, recipient, "it has several ends, and a copy would stay in one")
                continue
            seen.add(place)
            found.messages.append(EndMessage(recipient, place, copies))
    return found


def forwards(host: MailSettings, fleet: Fleet) -> Iterator[EndMessage]:
    """Yield the messages that the host forwards, and that arrive only where a run can see them."""
    for recipient, members in host.recipients.ends.items():
        places = {end: of_end(end, host, fleet) for end in members}
        readable = tuple(dict.fromkeys(one for one in places.values() if one))
        away = [one for end, one in places.items() if host.recipients.leads_elsewhere(end) and one]
        if away and all(places.values()):
            copies = tuple(one for one in readable if one != away[0])
            yield EndMessage(recipient, away[0], copies)


def left_out(fleet: Fleet) -> Iterator[tuple[str, str]]:
    """Yield each domain with recipients that get no message, and a sentence that names them."""
    for host in fleet.hosts:
        for (domain, reason), recipients in ends(host, fleet).unsent.items():
            names = ", ".join(recipients[:MOST])
            more = f" and {len(recipients) - MOST} more" if len(recipients) > MOST else ""
            yield domain, f"{host.inventory_name}: no message was sent to {names}{more}: {reason}"


def _leave_out(found: HostEnds, recipient: str, reason: str) -> None:
    domain = recipient.rpartition("@")[2]
    found.unsent.setdefault((domain, reason), []).append(recipient)


def _unreadable(members: tuple[str, ...], host: MailSettings, fleet: Fleet) -> str:
    boxes = {*host.mailboxes, *host.homes} & {*members}
    if any(not of_end(one, host, fleet) for one in boxes):
        return "of a mailbox with a hash the password is not known, so nobody could read it"
    return "it leads elsewhere, where nobody could remove the message"
