"""
DNS provider behind octoDNS: read a zone, plan and apply changes.

The fifty provider packages raise as many kinds of exceptions. Each leaves this module as a
MailError of one sentence, without secrets.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from octodns.provider.base import BaseProvider
from octodns.provider.plan import Plan
from octodns.record.change import Change
from octodns.zone import Zone

from ...mail.errors import MailError
from .refusal import explained

NO_ZONE = (
    "has no zone for it; create it there, point mail_dns at the provider that has it, or leave "
    "mail_dns out and publish the records by hand"
)


@dataclass(frozen=True, eq=False)
class Provider:
    """
    An octoDNS provider with the name in `mail_dns`; `faithful` if it writes texts as it read them.

    It refuses a record set with a TTL below `minimum_ttl`, unless it tells another minimum for the
    zone. `advice` is for an operator whose zone
    has records that the provider's class does not show.

    Most classes read a zone once and keep it. So every later reading of a zone uses `another`
    instance, if there is one: the second reading of each zone uses the second instance.
    """

    name: str
    octodns: BaseProvider
    secrets: tuple[str, ...] = field(default=(), repr=False)
    faithful: bool = True
    another: Callable[[], BaseProvider] | None = field(default=None, repr=False)
    minimum_ttl: int = 0  # seconds
    advice: str = ""
    _others: list[BaseProvider] = field(default_factory=list, init=False, repr=False)
    _readings: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    @property
    def by_hand(self) -> bool:
        """Tell whether the operator must write what is planned."""
        return bool(getattr(self.octodns, "BY_HAND", False))

    def lowest_ttl(self, zone: str) -> int:
        """Return the lowest TTL in a zone; it may be known once the zones are listed."""
        told: Mapping[str, int] = getattr(self.octodns, "minimum_ttls", {})
        return told.get(zone, self.minimum_ttl)

    def zone_names(self, subject: str) -> frozenset[str] | None:
        """Return the zones of the provider, or None if it cannot list them."""
        if not hasattr(self.octodns, "list_zones"):
            return None
        with self._one_sentence(subject):
            return frozenset(name.rstrip(".").lower() for name in self.octodns.list_zones())

    def read(self, zone: str) -> Zone:
        """Return a zone, invalid records included."""
        existing = Zone(f"{zone}.", [])
        with self._one_sentence(zone):
            found = self._reader(zone).populate(existing, target=True, lenient=True)
        if found is False:  # applying to it would make octoDNS create the zone
            raise MailError(f"{zone}: {self.name} {NO_ZONE}")
        return existing

    def plan(self, desired: Zone) -> Plan | None:
        """Read the zone again and return octoDNS's plan to make it `desired`, or None."""
        with self._one_sentence(_name(desired)):
            return self._reader(_name(desired)).plan(desired, lenient=True)

    def apply(self, plan: Plan, changes: Iterable[Change]) -> None:
        """Make these changes of a plan, and no others."""
        zone = _name(plan.desired)
        with self._one_sentence(zone):
            ours = Plan(plan.existing, plan.desired, list(changes), exists=True)
            self._instance(self._readings[zone]).apply(ours)

    def _reader(self, zone: str) -> BaseProvider:
        """Return an instance that has not read the zone yet."""
        self._readings[zone] += 1
        return self._instance(self._readings[zone])

    def _instance(self, reading: int) -> BaseProvider:
        """Return the instance of a reading, counted from 1; it is made when it is first needed."""
        if reading <= 1 or self.another is None or self.by_hand:
            return self.octodns
        while len(self._others) < reading - 1:
            self._others.append(self.another())
        return self._others[reading - 2]

    @contextmanager
    def _one_sentence(self, subject: str) -> Iterator[None]:
        try:
            yield
        except MailError as error:
            raise MailError(f"{subject}: {self.name} {error}") from None
        except Exception as error:  # noqa: BLE001 - providers share no base class of exceptions
            kind, reason = explained(error)
            # Without its cause, whose traceback would show the secrets that are masked here.
            raise kind(masked(f"{subject}: {self.name} {reason}", self.secrets)) from None


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text without secrets, in each spelling of exceptions and URLs."""
    for secret in secrets:
        for spelling in (secret, repr(secret)[1:-1], quote(secret), quote_plus(secret)):
            text = text.replace(spelling, "***")
    return text


def _name(zone: Zone) -> str:
    return str(zone.name).rstrip(".")
