"""
Every mistake in an inventory that this machine can know, without any host.

A deploy needs its own part of an inventory: an unset key of a DNS provider stops no deploy that
leaves the zones alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from pyinfra import host
from pyinfra.api.inventory import Inventory

from ..host.inventory import (
    MAIL,
    checked,
    data_of,
    data_value,
    fleet_of,
    require_none,
    secrets_tried,
)
from ..host.services import tls_reports
from ..mail.errors import MailError
from ..mail.settings.model import Fleet
from ..mail.settings.secret import secret_mistakes
from ..run import exit_status
from ..run.command_line import refusal
from ..run.state import per_run

Parts = frozenset[str]
Request = TypeVar("Request")

HOSTS, ZONES, CHECKS = "hosts", "zones", "checks"
PARTS: Mapping[str, Parts] = {
    "certificates": frozenset({ZONES}),
    "check": frozenset({HOSTS, ZONES, CHECKS}),
    "hosts": frozenset({HOSTS}),
    "site": frozenset({HOSTS, ZONES, CHECKS}),
    "suppression": frozenset(),
    "timer": frozenset({CHECKS}),
    "verify": frozenset({CHECKS}),
    "warmup": frozenset(),
    "zone": frozenset({ZONES}),
}
# The settings resolve these references of a host themselves, if its other settings are valid.
RESOLVED = ("mail_accounts", "mail_relay", "mail_relay_password")


@dataclass
class EarlyCheck:
    """The check of a run before its connections: if it passed, and if the run ends with it."""

    passed: bool = False
    ended: bool = False


def fleet_for(deploy: str, inventory: Inventory) -> Fleet:
    """Return the checked settings that a deploy needs; raise one error with all mistakes."""
    found = mistakes(inventory, PARTS[deploy])
    if exit_status.is_asked(inventory) and not per_run(inventory.state, EarlyCheck).passed:
        found = (*found, exit_status.NEEDS_CONFIG)
    require_none(found)
    return fleet_of(inventory)


def requested(read: Callable[[Callable[[str], str]], Request]) -> Request:
    """Return what the `--data` of a run asks for; end the run with the sentence of a mistake."""
    try:
        return read(lambda name: data_value(host, name))
    except MailError as mistake:
        raise refusal(f"nothing was changed:\n    {mistake}") from mistake


@cache
def mistakes(inventory: Inventory, parts: Parts) -> tuple[str, ...]:
    """Return every mistake that concerns these parts of an inventory."""
    fleet, found = checked(inventory)
    tried = secrets_tried(inventory)
    return tuple(
        dict.fromkeys(
            (
                *found,
                *(_secrets(inventory, fleet, parts) if tried else ()),
                *(_packages(fleet) if HOSTS in parts else ()),
                *(_zones(inventory, fleet, tried=tried) if ZONES in parts else ()),
                *(_checks(fleet) if CHECKS in parts else ()),
            )
        )
    )


def _secrets(inventory: Inventory, fleet: Fleet, parts: Parts) -> Iterator[str]:
    valid = {one.inventory_name for one in (*fleet.hosts, *fleet.clients)}

    def wanted(name: str, key: str) -> bool:
        if key.startswith("verify_"):
            return CHECKS in parts
        return key != "mail_dns" and not (key in RESOLVED and name in valid)

    return secret_mistakes(data_of(inventory), wanted)


def _packages(fleet: Fleet) -> Iterator[str]:
    """Yield the mistake of a package that hosts need, and that this machine does not have."""
    hosts = [one.inventory_name for one in fleet.hosts if "tls" in one.send_reports]
    if hosts and not tls_reports.is_installed():
        yield (
            f"{', '.join(hosts)}: mail_send_reports has 'tls', which needs "
            f"{tls_reports.PACKAGE} on this machine; run pip install 'pyinfra-mail[tlsrpt]', or in "
            "a clone scripts/setup --with tlsrpt"
        )


def _zones(inventory: Inventory, fleet: Fleet, *, tried: bool) -> Iterator[str]:
    hosts = data_of(inventory, MAIL)
    if not any(data.get("mail_dns") for data in hosts.values()):
        return
    # Both load octoDNS, which an inventory without a provider does not need.
    from ..zones.providers.configuration import provider_mistakes  # noqa: PLC0415
    from ..zones.run import choices  # noqa: PLC0415

    yield from provider_mistakes(hosts, secrets=tried)
    try:
        choices(fleet)
    except MailError as error:
        yield str(error)


def _checks(fleet: Fleet) -> Iterator[str]:
    from ..checks.mistakes import verification_mistakes  # noqa: PLC0415 - it loads every check

    return verification_mistakes(fleet.verification)
