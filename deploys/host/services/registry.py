"""
Every service of a host, in the order in which they start.

A service is a module that says whether a host needs it (`wanted`), what to ask about it (`query`),
what it shall be (`service`), and which of the operator's own settings it holds (`overrides`).
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from ...mail.settings.model import Client, HostSettings, MailSettings
from ..model.desired import Query, Service
from . import (
    dovecot,
    fail2ban,
    mta_sts_resolver,
    nginx,
    null_client,
    postfix,
    redis,
    rspamd,
    unbound,
)
from .plan_input import PlanInput

Settings_contra = TypeVar("Settings_contra", bound=HostSettings, contravariant=True)


class ServiceModule(Protocol[Settings_contra]):
    """What a module of this room offers to be a service."""

    NAME: str

    def wanted(self, settings: Settings_contra) -> bool:
        """Return whether a host needs it."""

    def query(self, settings: Settings_contra) -> Query:
        """Return what to ask a host about it."""

    def service(self, settings: Settings_contra, given: PlanInput) -> Service:
        """Return what it shall be on a host."""

    def overrides(self, settings: Settings_contra) -> Iterator[tuple[str, str]]:
        """Yield the operator's own settings in it: the inventory's key, and the setting's name."""


SERVICES: tuple[ServiceModule[MailSettings], ...] = (
    unbound,
    redis,
    rspamd,
    dovecot,
    mta_sts_resolver,
    postfix,
    fail2ban,
    nginx,
)
OF_CLIENTS: tuple[ServiceModule[Client], ...] = (null_client,)


def queries(settings: HostSettings) -> list[Query]:
    """Return what to ask about every service, those that an earlier run may have left too."""
    return [module.query(settings) for module in _modules(settings)]


def services(settings: HostSettings, given: PlanInput) -> tuple[Service, ...]:
    """Return what a host shall run, in starting order."""
    own = _standing(settings, given)
    return tuple(module.service(own, given) for module in _wanted(own))


def leaving(settings: HostSettings, given: PlanInput) -> dict[str, str]:
    """Return the units that earlier runs set up and a host needs no more, by service."""
    wanted = {module.NAME for module in _wanted(_standing(settings, given))}
    unwanted = {
        query.name: query.units[-1]
        for query in queries(settings)
        if query.name not in wanted and given.existing.services[query.name].owned
    }
    return {**given.existing.others, **unwanted}


def suspects(settings: HostSettings, why: str) -> str:
    """Return which of the operator's own settings a refusal speaks of; all, where it names none."""
    own = [pair for module in _wanted(settings) for pair in module.overrides(settings)]
    named = [pair for pair in own if pair[1].split("/")[0] in why] or own
    return ", ".join(f"{key}[{name!r}]" for key, name in named)


def _standing(settings: HostSettings, given: PlanInput) -> HostSettings:
    """Return the settings with the web sites that the host has to serve by the evidence."""
    if not isinstance(settings, MailSettings):
        return settings
    return settings.model_copy(update={"sites": given.policies.sites})


def _wanted(settings: HostSettings) -> list[ServiceModule[Any]]:
    return [module for module in _modules(settings) if module.wanted(settings)]


def _modules(settings: HostSettings) -> tuple[ServiceModule[Any], ...]:
    return OF_CLIENTS if isinstance(settings, Client) else SERVICES
