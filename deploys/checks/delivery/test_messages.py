"""
Test messages of a run: one for every path that mail takes through the fleet.

From each mail host, for each of its domains, one goes to every witness, sink and outside mailbox.
From each witness, one goes to postmaster of every domain. From this machine, one goes as an
unauthenticated client to every address of every mail host, one through each submission port, and
one to each mailbox where recipients of a host end. A host that judges gets one that looks like
spam, to a mailbox. Each mail host forwards one, if an alias of it leads elsewhere, and each bulk
stream sends one to the postmaster of its host. From each null
client, one goes to the reader of root's mail. Each mail host also sends one to a witness and one to
an unknown recipient, for their delivery status notifications.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice, product

from ...mail.settings.model import Fleet, MailSettings
from ..clients.addresses import any_recipient
from ..clients.endpoint import (
    Endpoint,
    SubmissionEndpoint,
    home_mailbox,
    smtp_endpoints,
    submission_endpoints,
)
from ..clients.message import PROGRAM, TestMessage, new_run
from .destinations import Destination, destinations
from .ends import ends, forwards

# RFC 2606 section 2: a domain that does not exist, so that no reply is possible.
_OUTSIDE_AUTHOR = "outside@verification.invalid"
_THIS_MACHINE = "outside"


@dataclass(frozen=True)
class Route:
    """A test message: its origin, the domain that it proves, and its destinations.

    It arrives at `copies` as well. Of some messages `only_arrival` is checked; one is `forwarded`
    by its host, and one is a `sample` of spam. `unobservable` is the reason why it has no
    destination, if it has none.
    """

    message: TestMessage
    origin: str | Endpoint
    domain: str
    destinations: tuple[Destination, ...]
    unobservable: str = ""
    copies: tuple[Destination, ...] = ()
    only_arrival: bool = False
    forwarded: bool = False
    sample: bool = False

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
    """
    A route before its message has an id; `hosts` receive for its recipient.

    `end` and `copies` are the destinations of a message for one end. The host encodes `overlong`
    lines before it signs.
    """

    origin: str | Endpoint
    domain: str
    author: str
    sender: str
    recipient: str
    hosts: tuple[MailSettings, ...] = ()
    program: str = ""
    notify: str = ""
    overlong: bool = False
    only_arrival: bool = False
    end: Destination | None = None
    copies: tuple[Destination, ...] = ()
    forwarded: bool = False
    bulk: bool = False
    sample: bool = False


def routes(fleet: Fleet) -> tuple[Route, ...]:
    """Return the test messages of a new run."""
    run, numbers = new_run(), count(1)
    drafts = [*_from_hosts(fleet), *_from_witnesses(fleet)]
    drafts += [*_from_this_machine(fleet), *_from_accounts(fleet), *_for_ends(fleet)]
    drafts += [*_samples(fleet)]
    drafts += [*_forwarded(fleet), *_from_streams(fleet), *_from_clients(fleet)]
    drafts += [*_for_notifications(fleet, run)]
    chosen = fleet.verification.domain
    return tuple(
        _route(draft, f"{run}-{next(numbers)}", fleet)
        for draft in drafts
        if draft.domain in (chosen or (*fleet.author_domains, *_client_domains(fleet)))
    )


def _from_hosts(fleet: Fleet) -> Iterator[_Draft]:
    for host, address in product(fleet.hosts, _outside_recipients(fleet)):
        for domain in host.author_domains:
            author, name = f"postmaster@{domain}", host.inventory_name
            yield _Draft(name, domain, author, author, address, overlong=host.encode)


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
            primary = fleet.hosts_for(domain) if domain in host.primaries else (host,)
            yield _Draft(endpoint, domain, _OUTSIDE_AUTHOR, "", f"postmaster@{domain}", primary)


def _from_accounts(fleet: Fleet) -> Iterator[_Draft]:
    for host, address in product(fleet.hosts, _outside_recipients(fleet)):
        for endpoint in submission_endpoints(host, str(host.addresses[0])):
            if endpoint.password and host.author_domains:
                author = host.logins[endpoint.login].senders[0]
                domain = author.partition("@")[2]
                draft = _Draft(endpoint, domain, author, author, address, program=PROGRAM)
                yield replace(draft, overlong=host.encode)


def _for_ends(fleet: Fleet) -> Iterator[_Draft]:
    for host in fleet.hosts:
        endpoint = smtp_endpoints(host)[0]
        for one in ends(host, fleet).messages:
            domain = one.recipient.partition("@")[2]
            to = any_recipient(one.recipient)
            draft = _Draft(endpoint, domain, _OUTSIDE_AUTHOR, "", to, only_arrival=True)
            yield replace(draft, end=one.destination, copies=one.copies)


def _samples(fleet: Fleet) -> Iterator[_Draft]:
    """Yield a message that looks like spam, to one mailbox of each host that judges."""
    for host in fleet.hosts:
        boxes = (home_mailbox(host, one) for one in host.mailboxes if host.judgement)
        for box in islice(filter(None, boxes), 1):
            domain = box.address.partition("@")[2]
            endpoint = smtp_endpoints(host)[0]
            draft = _Draft(endpoint, domain, _OUTSIDE_AUTHOR, "", box.address, only_arrival=True)
            yield replace(draft, end=box, sample=True)


def _forwarded(fleet: Fleet) -> Iterator[_Draft]:
    """Yield a message of an outside sender through an alias of each host that leads elsewhere."""
    for host in fleet.hosts:
        for one in islice(forwards(host, fleet), 1):
            sender, to = _outside_recipients(fleet)[0], any_recipient(one.recipient)
            domain = to.partition("@")[2]
            name, author = host.inventory_name, f"postmaster@{domain}"
            draft = _Draft(name, domain, author, sender, to, forwarded=True)
            yield replace(draft, end=one.destination, copies=one.copies)


def _from_streams(fleet: Fleet) -> Iterator[_Draft]:
    """Yield a message of each bulk stream, which counts for no receiver and leaves no mail host."""
    for host in fleet.hosts:
        for domain in host.domains[:1] if host.bulk else ():
            author, to = min(host.bulk_senders), f"postmaster@{domain}"
            if destinations(to, (host,), fleet):
                draft = _Draft(host.inventory_name, domain, author, author, to, (host,))
                yield replace(draft, only_arrival=True, bulk=True)


def _from_clients(fleet: Fleet) -> Iterator[_Draft]:
    """Yield a message for the reader of root's mail, or else for an address that can be seen."""
    for client in fleet.clients:
        login, root = client.relay_login, client.root
        hosts = fleet.hosts_for(root.partition("@")[2])
        seen = destinations(root, hosts, fleet)
        to = root if seen else next(iter(_outside_recipients(fleet)), root)
        domain = login.partition("@")[2]
        name = client.inventory_name
        yield _Draft(name, domain, login, login, to, hosts if seen else (), only_arrival=True)


def _client_domains(fleet: Fleet) -> Iterator[str]:
    return (client.relay_login.partition("@")[2] for client in fleet.clients)


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
    found = (draft.end,) if draft.end else destinations(watched, draft.hosts, fleet)
    origin = draft.origin
    stays = not isinstance(origin, str) and {one.host for one in found} == {origin.host}
    message = TestMessage(
        id_,
        draft.author,
        draft.recipient,
        draft.sender,
        draft.program,
        international=stays,
        overlong=draft.overlong,
        notify=draft.notify,
        bulk=draft.bulk,
        marked=draft.sample,
    )
    unobservable = "" if found else f"{watched} is delivered outside of this inventory"
    return Route(
        message,
        origin,
        draft.domain,
        destinations=found,
        unobservable=unobservable,
        copies=draft.copies,
        only_arrival=draft.only_arrival,
        forwarded=draft.forwarded,
        sample=draft.sample,
    )
