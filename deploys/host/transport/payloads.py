"""What a host is asked for: requests to the agent, made of services and of what changes in them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from itertools import chain
from typing import Any

from ...mail.settings.model import HostSettings
from ..model.desired import Certificate, Service
from ..model.plan import HostChange
from ..model.state import Existing
from ..services import registry


def asking(settings: HostSettings) -> dict[str, Any]:
    """Return what to ask about every service of a host."""
    return {"queries": [asdict(query) for query in registry.queries(settings)]}


def preparing(
    settings: HostSettings, desired: Iterable[Service], changes: Iterable[HostChange]
) -> dict[str, Any]:
    """Return the packages, certificates and keys that a plan wants."""
    wanted = {change.subject for change in changes}
    packages = chain(*(service.query.packages for service in desired))
    return asking(settings) | {
        "packages": [name for name in dict.fromkeys(packages) if name in wanted],
        "masked": [unit for service in desired for unit in service.masked],
        "preseed": "".join(service.preseed for service in desired),
        "certificates": _those(desired, wanted, lambda one: one.path),
        "next": _those(desired, wanted, lambda one: one.next),
        "keys": [asdict(key) for s in desired for key in s.keys if key.path in wanted],
    }


def certifying(
    settings: HostSettings,
    desired: Iterable[Service],
    changes: Iterable[HostChange],
    announced: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the certificates that a plan wants, by what is to be done, and what is to be noted."""
    issued, taken, rotated = (
        {change.subject for change in changes if change.verb == verb}
        for verb in ("issue", "take", "rotate")
    )
    return asking(settings) | {
        "announced": list(announced),
        "issue": _those(desired, issued, lambda one: one.path),
        "take": _those(desired, taken, lambda one: one.path),
        "rotate": _those(desired, rotated, lambda one: one.next),
    }


def _those(
    desired: Iterable[Service], wanted: Collection[str], by: Callable[[Certificate], str]
) -> list[dict[str, Any]]:
    return [asdict(one) for service in desired for one in service.certificates if by(one) in wanted]


def described(service: Service, existing: Existing, *, changed: bool) -> dict[str, Any]:
    """Return a service as the agent applies it, with what it may find there before."""
    found = existing.services[service.query.name].files
    expected = {
        file.path: now.sha256 if (now := found.get(file.path)) else None for file in service.set
    }
    return {
        **asdict(service),
        **asdict(service.query),
        "files": [asdict(file) for file in service.set],
        "tables": [asdict(table) for table in service.tables],
        "expected": expected,
        "changed": changed,
    }
