"""
Test messages of a run: one for every route that mail takes through the fleet.

Outbound: from every mail host, for each of its domains, to every witness, sink and outside mailbox.
Inbound: from every witness to postmaster of every domain, and from this machine, as an outside
sender, to every address of every mail host. Submitted: from this machine, as an account, through
each submission port to the same receivers as outbound mail. Notices: from every mail host, one to a
witness and one to an unknown recipient; its postmaster has to receive a DSN about each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, product

from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.verification import OutsideMailbox, Sink
from ..clients.endpoint import Endpoint, SubmissionEndpoint, smtp_endpoints, submission_endpoints
from ..clients.message import PROGRAM, TestMessage, new_run
from .remote import Mailbox

# RFC 2606 section 2: a domain that does not exist, for an author without a mailbox.
_OUTSIDER = "outsider@verification.invalid"
Box = Mailbox | OutsideMailbox | Sink
_HERE = "outside"


@dataclass(frozen=True)
class Route:
    """A test message, the start of its path, its domain, and the mailboxes where it may arrive."""

    message: TestMessage
    origin: str | Endpoint
    domain: str
    boxes: tuple[Box, ...]
    elsewhere: str = ""

    @property
    def host(self) -> str:
        """Return the inventory's name of the host that it starts from, or enters at."""
        return self.origin.host if isinstance(self.origin, Endpoint) else self.origin

    @property
    def path(self) -> str:
        """Return the path as the report shows it."""
        if isinstance(self.origin, SubmissionEndpoint):
            return f"{_HERE} -> {self.origin} as {self.origin.login} -> {self.message.recipient}"
        if isinstance(self.origin, Endpoint):
            return f"{_HERE} -> {self.origin} -> {self.message.recipient}"
        return f"{self.origin} -> {self.message.recipient}"


@dataclass(frozen=True)
class _Way:
    origin: str | Endpoint
    domain: str
    author: str
    sender: str
    recipient: str
    receivers: tuple[MailSettings, ...] = ()
    program: str = ""
    notify: str = ""


def routes(fleet: Fleet) -> tuple[Route, ...]:
    """Return every route of a new run."""
    run, numbers = new_run(), count(1)
    ways = [*_outward(fleet), *_inward(fleet), *_from_here(fleet), *_submitted(fleet)]
    ways += [*_notices(fleet, run)]
    return tuple(
        _route(way, f"{run}-{next(numbers)}", fleet) for way in ways if way.domain in fleet.domains
    )


def _outward(fleet: Fleet) -> Iterator[_Way]:
    for host, address in product(fleet.hosts, _outside(fleet)):
        for domain in host.domains:
            postmaster = f"postmaster@{domain}"
            yield _Way(host.inventory_name, domain, postmaster, postmaster, address)


def _receivers(fleet: Fleet) -> list[str]:
    """Return the addresses at test servers, which accept any test message."""
    sink = fleet.verification.sink
    return [witness.address for witness in fleet.witnesses] + ([sink.address] if sink else [])


def _outside(fleet: Fleet) -> list[str]:
    """Return every address where the arrival of outbound mail can be seen."""
    return [*_receivers(fleet), *(box.address for box in fleet.verification.mailboxes)]


def _inward(fleet: Fleet) -> Iterator[_Way]:
    for witness, domain in product(fleet.witnesses, fleet.domains):
        yield _Way(
            witness.inventory_name,
            domain,
            witness.address,
            witness.address,
            f"postmaster@{domain}",
            fleet.hosts_for(domain),
        )


def _from_here(fleet: Fleet) -> Iterator[_Way]:
    for host in fleet.hosts:
        for endpoint, domain in product(smtp_endpoints(host), host.domains):
            yield _Way(endpoint, domain, _OUTSIDER, "", f"postmaster@{domain}", (host,))


def _submitted(fleet: Fleet) -> Iterator[_Way]:
    for host, address in product(fleet.hosts, _outside(fleet)):
        for endpoint in submission_endpoints(host, str(host.addresses[0])) if host.domains else ():
            if endpoint.password:
                author = host.accounts[endpoint.login].senders[0]
                domain = author.partition("@")[2]
                yield _Way(endpoint, domain, author, author, address, program=PROGRAM)


def _notices(fleet: Fleet, run: str) -> Iterator[_Way]:
    """Yield the messages that cause a DSN, which arrives in the sender's mailbox."""
    for host, receiver in product(fleet.hosts, _receivers(fleet)[:1]):
        nobody = f"no-such-user-{run}@{receiver.partition('@')[2]}"
        for domain in host.domains[:1]:
            sender, receivers = f"postmaster@{domain}", fleet.hosts_for(domain)
            for recipient, notify in ((receiver, "success"), (nobody, "failure")):
                yield _Way(
                    host.inventory_name,
                    domain,
                    sender,
                    sender,
                    recipient,
                    receivers,
                    notify=notify,
                )


def _route(way: _Way, id_: str, fleet: Fleet) -> Route:
    seen = way.sender if way.notify else way.recipient
    places = _places(seen, way.receivers, fleet)
    stays = not isinstance(way.origin, str) and {box.host for box in places} == {way.origin.host}
    message = TestMessage(
        id_, way.author, way.recipient, way.sender, way.program, stays, notify=way.notify
    )
    elsewhere = "" if places else f"{seen} is delivered outside of this inventory"
    return Route(message, way.origin, way.domain, places, elsewhere)


def _places(address: str, hosts: Iterable[MailSettings], fleet: Fleet) -> tuple[Box, ...]:
    """Return the mailboxes where mail to an address may arrive; none if they cannot be read."""
    found = [_outer_box(fleet, address), *(_local_box(fleet, host, address) for host in hosts)]
    return tuple(dict.fromkeys(box for box in found if box))


def _outer_box(fleet: Fleet, address: str) -> Box | None:
    asked = fleet.verification
    boxes: dict[str, Box] = {box.address: box for box in asked.mailboxes}
    if asked.sink:
        boxes[asked.sink.address] = asked.sink
    boxes |= {
        witness.address: Mailbox(witness.inventory_name, witness.mailbox)
        for witness in fleet.witnesses
    }
    return boxes.get(address)


def _local_box(fleet: Fleet, host: MailSettings, address: str) -> Box | None:
    """Follow a recipient to the first local user or witness among its targets."""
    for target in host.recipients().get(address, ()):
        if "@" not in target:
            return Mailbox(host.inventory_name, f"/var/mail/{target}")
        if box := _outer_box(fleet, target):
            return box
    return None
