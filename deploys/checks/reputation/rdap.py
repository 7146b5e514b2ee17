"""
Age and expiry of a domain's registration, by RDAP (RFC 9083).

Much spam comes from new domains, so receivers trust them little. The server of a registry is found
by rdap.org, which answers with a redirect.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import UnansweredError, World
from . import is_reserved

AGE = Check(
    "reputation.age",
    "domain",
    "Is the domain older than 30 days, and registered for 30 more?",
    "RFC 9083 section 4.5",
    why="Receivers distrust new domains; a domain that expires can be registered by others.",
    remedy="Send little from a new domain at first, then more each day; renew one that expires.",
    worst=Severity.WARNING,
    when_unknown="verify from a machine that reaches https://rdap.org and the registry's server",
)
_START = "https://rdap.org/domain/{}"
_HOPS = 3
_DAYS = 30


@per_domain(AGE, anywhere=True, sending=True)
def registrations(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Look up the registration of a domain."""
    if is_reserved(domain):
        saw = f"{domain}: a reserved name, which cannot be registered"
        return [AGE.not_applicable(domain, saw)]
    labels = domain.split(".")
    names = (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))
    text = next(filter(None, (_registration(name, world) for name in names)), "")
    if not text:
        return [AGE.not_checked(domain, f"rdap.org knows no registration of {domain}")]
    return age(domain, text, datetime.fromtimestamp(world.clock(), UTC))


def _registration(name: str, world: World) -> str:
    """Return the registry's answer, nothing for an unknown name; raise UnansweredError."""
    url = _START.format(name)
    for _ in range(_HOPS):
        page = world.web.get(url, world.timeout)
        if page.status == HTTPStatus.OK:
            return page.text
        if page.status == HTTPStatus.NOT_FOUND:
            return ""
        if not page.location.startswith("https://"):
            raise UnansweredError(f"{url} answered with status {page.status}")
        url = page.location
    raise UnansweredError(f"{_START.format(name)} redirects more than 3 times")


def age(domain: str, text: str, now: datetime) -> Iterator[Finding]:
    """Check the dates in the answer of a registry."""
    try:
        events = {one["eventAction"]: _date(one["eventDate"]) for one in json.loads(text)["events"]}
        since = events["registration"]
    except (ValueError, KeyError, TypeError, RecursionError):
        saw = f"the registry of {domain} does not tell the date of its registration"
        yield AGE.unknown(domain, saw, "ask your registrar for the date")
        return
    until = events.get("expiration")
    days = (now - since).days
    saw = f"{domain}: registered since {since:%Y-%m-%d}"
    if days < _DAYS:
        yield AGE.warning(domain, f"{saw}, {days} days", "send little at first, more each day")
    if until and (until - now).days < _DAYS:
        yield AGE.warning(domain, f"{domain}: registered until {until:%Y-%m-%d}", "renew it")
    elif days >= _DAYS:
        yield AGE.ok(domain, saw)


def _date(text: str) -> datetime:
    date = datetime.fromisoformat(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
