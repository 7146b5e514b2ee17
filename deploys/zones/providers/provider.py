"""
A DNS provider that octoDNS can speak to, as this project sees it.

It reads a zone, plans and applies changes. Whatever goes wrong in there, in any of fifty provider
packages with as many kinds of exceptions, leaves here as one sentence without a secret in it.
"""

import re
import ssl
from collections.abc import Iterable, Iterator
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
# What providers call it, most of them without the HTTP status; then Google, and TSIG's two ways.
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
    """The provider does not answer at all, so there is no use in asking for the next zone."""


@dataclass(frozen=True)
class Provider:
    """An octoDNS provider, with the name an operator knows it by; `faithful` to odd texts."""

    name: str
    octodns: BaseProvider
    secrets: tuple[str, ...] = field(default=(), repr=False)
    faithful: bool = True

    @property
    def by_hand(self) -> bool:
        """Tell whether somebody has to write what is planned, as we cannot."""
        return bool(getattr(self.octodns, "BY_HAND", False))

    def zone_names(self, subject: str) -> frozenset[str] | None:
        """Return the zones that are there, or None of a provider that cannot list them."""
        if not hasattr(self.octodns, "list_zones"):
            return None
        with self._one_sentence(subject):
            return frozenset(name.rstrip(".").lower() for name in self.octodns.list_zones())

    def read(self, zone: str) -> Zone:
        """Return a zone as it is, however odd its records."""
        existing = Zone(f"{zone}.", [])
        with self._one_sentence(zone):
            found = self.octodns.populate(existing, target=True, lenient=True)
        if found is False:  # applying to it would make octoDNS create the zone
            raise MailError(f"{zone}: {self.name} {NO_ZONE}")
        return existing

    def plan(self, desired: Zone) -> Plan | None:
        """Read the zone again and return octoDNS's plan to make it `desired`, or None."""
        with self._one_sentence(_name(desired)):
            return self.octodns.plan(desired, lenient=True)

    def apply(self, plan: Plan, changes: Iterable[Change]) -> None:
        """Make these changes of a plan, and no others."""
        with self._one_sentence(_name(plan.desired)):
            self.octodns.apply(Plan(plan.existing, plan.desired, list(changes), exists=True))

    @contextmanager
    def _one_sentence(self, subject: str) -> Iterator[None]:
        try:
            yield
        except MailError as error:
            raise MailError(f"{subject}: {self.name} {error}") from None
        except Exception as error:  # noqa: BLE001 - providers share no base class of exceptions
            kind, reason = _explained(error)
            # Without its cause: a traceback of that would show the secrets that are masked here.
            raise kind(masked(f"{subject}: {self.name} {reason}", self.secrets)) from None


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text without secrets, in any spelling that exceptions and URLs give them."""
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
        return UnreachableError, "does not answer in time; see that it runs and can be reached"
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else ""
            return UnreachableError, (
                f"cannot be reached ({reason or cause.strerror}); see that it runs, and that the "
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
