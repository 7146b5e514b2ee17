"""
Which test messages are sent: every way that mail takes through the fleet, once.

Out of every mail host, for each of its domains, to every witness, sink and mailbox outside; from
every witness to postmaster of every domain; from here, a stranger, to every address of every mail
host; and from here, as an account does, through each submission port to where the hosts write to.
Besides, every mail host sends a message to a witness and one to nobody, of which its postmaster has
to be told what became.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, product

from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.verification import OutsideMailbox, Sink
from ..clients.endpoint import Endpoint, SubmissionEndpoint, smtp_endpoints, submission_endpoints
from ..clients.message import PROGRAM, TestMessage, new_run
from .remote import Mailbox

# RFC 2606 section 2: a domain that nobody has, for an author that nobody should answer.
_STRANGER = "stranger@verification.invalid"
Box = Mailbox | OutsideMailbox | Sink
_HERE = "outside"


@dataclass(frozen=True)
class Errand:
    """One message: where it starts, the domain that it proves, and where it has to arrive."""

    message: TestMessage
    origin: str | Endpoint
    domain: str
    boxes: tuple[Box, ...]
    elsewhere: str = ""

    @property
    def host(self) -> str:
        """Return the inventory's name of the host that it starts from, or comes in at."""
        return self.origin.host if isinstance(self.origin, Endpoint) else self.origin

    @property
    def path(self) -> str:
        """Return the stations of the way, as the report names them."""
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


def errands(fleet: Fleet) -> tuple[Errand, ...]:
    """Return every errand of a new run."""
    run, numbers = new_run(), count(1)
    ways = [*_outward(fleet), *_inward(fleet), *_from_here(fleet), *_submitted(fleet)]
    ways += [*_told(fleet, run)]
    return tuple(
        _errand(way, f"{run}-{next(numbers)}", fleet) for way in ways if way.domain in fleet.domains
    )


def _outward(fleet: Fleet) -> Iterator[_Way]:
    for host, address in product(fleet.hosts, _outside(fleet)):
        for domain in host.domains:
            postmaster = f"postmaster@{domain}"
            yield _Way(host.inventory_name, domain, postmaster, postmaster, address)


def _receivers(fleet: Fleet) -> list[str]:
    """Return the addresses at servers that are there for tests, and may be asked for anything."""
    sink = fleet.verification.sink
    return [witness.address for witness in fleet.witnesses] + ([sink.address] if sink else [])


def _outside(fleet: Fleet) -> list[str]:
    """Return every address at which mail from our hosts is seen to arrive."""
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
            yield _Way(endpoint, domain, _STRANGER, "", f"postmaster@{domain}", (host,))


def _submitted(fleet: Fleet) -> Iterator[_Way]:
    for host, address in product(fleet.hosts, _outside(fleet)):
        for endpoint in submission_endpoints(host, str(host.addresses[0])) if host.domains else ():
            if endpoint.password:
                author = host.accounts[endpoint.login].senders[0]
                domain = author.partition("@")[2]
                yield _Way(endpoint, domain, author, author, address, program=PROGRAM)


def _told(fleet: Fleet, run: str) -> Iterator[_Way]:
    """Yield what is sent for its notice, which arrives where the sender's mail does."""
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


def _errand(way: _Way, id_: str, fleet: Fleet) -> Errand:
    seen = way.sender if way.notify else way.recipient
    places = _places(seen, way.receivers, fleet)
    stays = not isinstance(way.origin, str) and {box.host for box in places} == {way.origin.host}
    message = TestMessage(
        id_, way.author, way.recipient, way.sender, way.program, stays, notify=way.notify
    )
    elsewhere = "" if places else f"{seen} is delivered outside of this inventory"
    return Errand(message, way.origin, way.domain, places, elsewhere)


def _places(address: str, hosts: Iterable[MailSettings], fleet: Fleet) -> tuple[Box, ...]:
    """Return the mailboxes in which an address's mail can arrive, none if nobody can see it."""
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
