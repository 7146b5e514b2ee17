"""Inspections of the test messages: the functions that make the checks of their delivery."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import World
from .exchange import Delivery

Deliveries = Sequence[Delivery]
OfAll = Callable[[Deliveries, Fleet, World], Iterable[Finding]]
OfOne = Callable[[Delivery, bytes, Fleet, World], Iterable[Finding]]


@dataclass(frozen=True)
class MessageInspection:
    """
    A function that makes one or several checks of all test messages.

    Messages that are sent for their delivery status notification are left out, unless `dsn`.
    """

    run: OfAll
    checks: tuple[Check, ...]
    dsn: bool = False

    def __call__(self, deliveries: Deliveries, fleet: Fleet, world: World) -> Iterable[Finding]:
        """Return the findings of the messages that the checks are about."""
        mail = [one for one in deliveries if self.dsn or not one.route.message.notify]
        return self.run(mail, fleet, world)


def of_messages(*checks: Check, dsn: bool = False) -> Callable[[OfAll], MessageInspection]:
    """Decorate a function of all messages."""
    return lambda run: MessageInspection(run, checks, dsn)


def per_message(*checks: Check, of_domain: bool = False) -> Callable[[OfOne], MessageInspection]:
    """
    Decorate a function of one message that arrived, and its bytes.

    The checks of a message that did not arrive are unknown. Messages of which only the arrival is
    checked are left out.

    + of_domain: only messages that are sent in the name of the domain that they prove
    """

    def decorate(inspect: OfOne) -> MessageInspection:
        def run(deliveries: Deliveries, fleet: Fleet, world: World) -> Iterator[Finding]:
            for one in deliveries:
                route = one.route
                own = route.message.sender.partition("@")[2] == route.domain
                if route.only_arrival or (of_domain and not own):
                    continue
                if one.received:
                    yield from inspect(one, one.received.raw, fleet, world)
                else:
                    yield from (check.unknown(route.domain, *lost(route.path)) for check in checks)

        return MessageInspection(run, checks)

    return decorate


def lost(path: str) -> tuple[str, str]:
    """Return what is seen of a message that did not arrive, and what to do."""
    return f"{path}: the message did not arrive", "fix delivery.arrived first"


def hosts_without(deliveries: Deliveries, fleet: Fleet) -> Iterator[MailSettings]:
    """Yield the mail hosts to which none of the messages belongs."""
    seen = {one.route.host for one in deliveries}
    return (host for host in fleet.hosts if host.inventory_name not in seen)
