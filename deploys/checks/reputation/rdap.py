"""
How long a domain has been known, and for how long it is registered, by RDAP (RFC 9083).

New domains are what spam comes from, so receivers trust them little. The registries' servers are
found by way of rdap.org, which answers with a redirect to the right one.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import UnansweredError, World
from . import is_reserved

AGE = Check(
    "reputation.age",
    "domain",
    "Is the domain more than a month old, and registered for another?",
    "RFC 9083 section 4.5",
    why="Receivers distrust new domains; one that is not renewed ends, and others may take it.",
    remedy="Send little from a new domain, and more by and by; renew one that ends.",
    worst=Severity.WARNING,
)
_START = "https://rdap.org/domain/{}"
_HOPS = 3
_DAYS = 30
_FOUND, _NOT_FOUND = 200, 404


@per_domain(AGE, anywhere=True)
def registrations(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Look up the registration of a domain."""
    if is_reserved(domain):
        return [AGE.ok(domain, f"{domain}: a reserved name, which no registry knows")]
    fix = "ask from a machine that reaches https://rdap.org and the registry's own server"
    labels = domain.split(".")
    names = [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]
    try:
        for name in names:
            if text := _registration(name, world):
                return list(judged(domain, text, datetime.fromtimestamp(world.clock(), UTC)))
    except UnansweredError as problem:
        return [AGE.unknown(domain, str(problem), fix)]
    return [AGE.unknown(domain, f"rdap.org knows no registration of {domain}", fix)]


def _registration(name: str, world: World) -> str:
    """Return what a registry says of a name, nothing if it has none; raise UnansweredError."""
    url = _START.format(name)
    for _ in range(_HOPS):
        page = world.web.get(url, world.timeout)
        if page.status == _FOUND:
            return page.text
        if page.status == _NOT_FOUND:
            return ""
        if not page.location.startswith("https://"):
            raise UnansweredError(f"{url} answered with status {page.status}")
        url = page.location
    raise UnansweredError(f"{_START.format(name)} leads from one server to the next")


def judged(domain: str, text: str, now: datetime) -> Iterator[Finding]:
    """Judge the dates in a registry's answer."""
    try:
        events = {one["eventAction"]: _date(one["eventDate"]) for one in json.loads(text)["events"]}
        since = events["registration"]
    except (ValueError, KeyError, TypeError, RecursionError):
        saw = f"the registry of {domain} does not tell since when it is registered"
        yield AGE.unknown(domain, saw, "ask your registrar")
        return
    until = events.get("expiration")
    age = (now - since).days
    saw = f"{domain}: registered since {since:%Y-%m-%d}"
    if age < _DAYS:
        yield AGE.warning(domain, f"{saw}, {age} days", "send little at first, more each day")
    if until and (until - now).days < _DAYS:
        yield AGE.warning(domain, f"{domain}: registered until {until:%Y-%m-%d}", "renew it")
    elif age >= _DAYS:
        yield AGE.ok(domain, saw)


def _date(text: str) -> datetime:
    date = datetime.fromisoformat(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
