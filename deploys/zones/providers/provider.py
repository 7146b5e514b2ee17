"""
DNS provider behind octoDNS: read a zone, plan and apply changes.

The fifty provider packages raise as many kinds of exceptions. Each leaves this module as a
MailError of one sentence, without secrets.
"""

import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from octodns.provider.base import BaseProvider
from octodns.provider.plan import Plan
from octodns.record.change import Change
from octodns.zone import Zone

from ...mail.errors import MailError

LONGEST_DETAIL = 200
# Words of most providers, which give no HTTP status; then Google's, and the two of TSIG.
REFUSED = re.compile(
    "unauthorized|forbidden|authentication.?error|refresherror"
    "|the signature we sent|the key we used",
    re.IGNORECASE,
)
NO_ZONE = (
    "has no zone for it; create it there, point mail_dns at the provider that has it, or leave "
    "mail_dns out and publish the records by hand"
)


class UnreachableError(MailError):
    """The provider does not answer at all, so no further zone is read from it."""


@dataclass(frozen=True, eq=False)
class Provider:
    """
    An octoDNS provider with the name in `mail_dns`; `faithful` if it writes texts as it read them.

    Most classes read a zone once and keep it. So every later reading of a zone uses `another`
    instance, if there is one: the second reading of each zone uses the second instance.
    """

    name: str
    octodns: BaseProvider
    secrets: tuple[str, ...] = field(default=(), repr=False)
    faithful: bool = True
    another: Callable[[], BaseProvider] | None = field(default=None, repr=False)
    _others: list[BaseProvider] = field(default_factory=list, init=False, repr=False)
    _readings: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    @property
    def by_hand(self) -> bool:
        """Tell whether the operator must write what is planned."""
        return bool(getattr(self.octodns, "BY_HAND", False))

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
            kind, reason = _explained(error)
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


def _explained(error: Exception) -> tuple[type[MailError], str]:
    chain = list(_causes(error))
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403) or REFUSED.search(f"{type(error).__name__} {error}"):
        return MailError, "refuses our credentials; correct the key or token in mail_dns"
    if status:
        return MailError, f"answers with HTTP status {status}{_detail(error)}"
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in chain):
        return UnreachableError, "does not answer in time; check that it runs and can be reached"
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else ""
            return UnreachableError, (
                f"cannot be reached ({reason or cause.strerror}); check that it runs, and that the "
                "host and port in mail_dns are right"
            )
    return MailError, f"fails with {type(error).__name__}{_first_line(str(error))}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _detail(error: Any) -> str:  # noqa: ANN401 - any HTTP library's exception
    return _first_line(str(getattr(error.response, "text", "")))


def _first_line(text: str) -> str:
    line = next(iter(text.strip().splitlines()), "")[:LONGEST_DETAIL]
    return f": {line}" if line else ""
