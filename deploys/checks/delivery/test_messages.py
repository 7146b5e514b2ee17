"""
Test messages of a run: one for every path that mail takes through the fleet.

From each mail host, for each of its domains, one goes to every witness, sink and outside mailbox.
From each witness, one goes to postmaster of every domain. From this machine, one goes as an
unauthenticated client to every address of every mail host, and one through each submission port.
Each mail host also sends one to a witness and one to an unknown recipient, for their delivery
status notifications.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, product

from ...mail.paths import MAILBOXES
from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.verification import OutsideMailbox, Sink
from ..clients.endpoint import Endpoint, SubmissionEndpoint, smtp_endpoints, submission_endpoints
from ..clients.message import PROGRAM, TestMessage, new_run
from .host_commands import Mailbox

# RFC 2606 section 2: a domain that does not exist, so that no reply is possible.
_OUTSIDE_AUTHOR = "outside@verification.invalid"
_THIS_MACHINE = "outside"
Destination = Mailbox | OutsideMailbox | Sink


@dataclass(frozen=True)
class Route:
    """A test message: its origin, the domain that it proves, and its destinations.

    `unobservable` is the reason why it has no destination, if it has none.
    """

    message: TestMessage
    origin: str | Endpoint
    domain: str
    destinations: tuple[Destination, ...]
    unobservable: str = ""

    @property
    def host(self) -> str:
        """Return the inventory's name of the host that sends it, or takes it from this machine."""
        return self.origin.host if isinstance(self.origin, Endpoint) else self.origin

    @property
    def path(self) -> str:
        """Return the path as the report shows it: `mx1 -> visitor@faraway.example`."""
        if isinstance(self.origin, SubmissionEndpoint):
            account = f"{self.origin} as {self.origin.login}"
            return f"{_THIS_MACHINE} -> {account} -> {self.message.recipient}"
        if isinstance(self.origin, Endpoint):
            return f"{_THIS_MACHINE} -> {self.origin} -> {self.message.recipient}"
        return f"{self.origin} -> {self.message.recipient}"

    @property
    def places(self) -> str:
        """Return its destinations in words."""
        return " or ".join(f"{one.path} on {one.host}" for one in self.destinations)


@dataclass(frozen=True)
class _Draft:
    """A route before its message has an id; `hosts` receive for its recipient."""

    origin: str | Endpoint
    domain: str
    author: str
    sender: str
    recipient: str
    hosts: tuple[MailSettings, ...] = ()
    program: str = ""
    notify: str = ""


def routes(fleet: Fleet) -> tuple[Route, ...]:
    """Return the test messages of a new run."""
    run, numbers = new_run(), count(1)
    drafts = [*_from_hosts(fleet), *_from_witnesses(fleet)]
    drafts += [*_from_this_machine(fleet), *_from_accounts(fleet), *_for_notifications(fleet, run)]
    return tuple(
        _route(draft, f"{run}-{next(numbers)}", fleet)
        for draft in drafts
        if draft.domain in fleet.author_domains
    )


def _from_hosts(fleet: Fleet) -> Iterator[_Draft]:
    for host, address in product(fleet.hosts, _outside_recipients(fleet)):
        for domain in host.author_domains:
            postmaster = f"postmaster@{domain}"
            yield _Draft(host.inventory_name, domain, postmaster, postmaster, address)


def _test_recipients(fleet: Fleet) -> list[str]:
    """Return the addresses at servers that exist for tests: of witnesses, and of the sink."""
    sink = fleet.verification.sink
    return [witness.address for witness in fleet.witnesses] + ([sink.address] if sink else [])


def _outside_recipients(fleet: Fleet) -> list[str]:
    """Return every address outside of the fleet where the arrival of a message can be seen."""
    return [*_test_recipients(fleet), *(one.address for one in fleet.verification.mailboxes)]


def _from_witnesses(fleet: Fleet) -> Iterator[_Draft]:
    for witness, domain in product(fleet.witnesses, fleet.domains):
        yield _Draft(
            witness.inventory_name,
            domain,
            witness.address,
            witness.address,
            f"postmaster@{domain}",
            fleet.hosts_for(domain),
        )


def _from_this_machine(fleet: Fleet) -> Iterator[_Draft]:
    for host in fleet.hosts:
        for endpoint, domain in product(smtp_endpoints(host), host.domains):
            yield _Draft(endpoint, domain, _OUTSIDE_AUTHOR, "", f"postmaster@{domain}", (host,))


def _from_accounts(fleet: Fleet) -> Iterator[_Draft]:
    for host, address in product(fleet.hosts, _outside_recipients(fleet)):
        for endpoint in submission_endpoints(host, str(host.addresses[0])):
            if endpoint.password and host.author_domains:
                author = host.accounts[endpoint.login].senders[0]
                domain = author.partition("@")[2]
                yield _Draft(endpoint, domain, author, author, address, program=PROGRAM)


def _for_notifications(fleet: Fleet, run: str) -> Iterator[_Draft]:
    """Yield messages with a DSN, which arrives in the mailbox of their sender."""
    for host, recipient in product(fleet.hosts, _test_recipients(fleet)[:1]):
        unknown = f"no-such-user-{run}@{recipient.partition('@')[2]}"
        for domain in host.domains[:1]:
            sender, hosts = f"postmaster@{domain}", fleet.hosts_for(domain)
            for to, notify in ((recipient, "success"), (unknown, "failure")):
                name = host.inventory_name
                yield _Draft(name, domain, sender, sender, to, hosts, notify=notify)


def _route(draft: _Draft, id_: str, fleet: Fleet) -> Route:
    watched = draft.sender if draft.notify else draft.recipient
    found = _destinations(watched, draft.hosts, fleet)
    origin = draft.origin
    stays = not isinstance(origin, str) and {one.host for one in found} == {origin.host}
    message = TestMessage(
        id_, draft.author, draft.recipient, draft.sender, draft.program, stays, notify=draft.notify
    )
    unobservable = "" if found else f"{watched} is delivered outside of this inventory"
    return Route(message, origin, draft.domain, found, unobservable)


def _destinations(
    address: str, hosts: Iterable[MailSettings], fleet: Fleet
) -> tuple[Destination, ...]:
    """Return the destinations of an address's mail."""
    found = [_outside(fleet, address), *(_mailbox(fleet, host, address) for host in hosts)]
    return tuple(dict.fromkeys(one for one in found if one))


def _outside(fleet: Fleet, address: str) -> Destination | None:
    settings = fleet.verification
    found: dict[str, Destination] = {one.address: one for one in settings.mailboxes}
    if settings.sink:
        found[settings.sink.address] = settings.sink
    found |= {one.address: Mailbox(one.inventory_name, one.mailbox) for one in fleet.witnesses}
    return found.get(address)


def _mailbox(fleet: Fleet, host: MailSettings, address: str) -> Destination | None:
    """Follow a recipient to the first local user or witness among its ends."""
    for end in host.recipients.ends.get(address, ()):
        if "@" not in end:
            return Mailbox(host.inventory_name, f"{MAILBOXES}/{end}")
        if found := _outside(fleet, end):
            return found
    return None
