"""
Services of a host, in the order in which they start.

A service is one module and one line here. Its packages, units and ports, and whether a host needs
it, are a row of `mail/units`, from which the checks learn them too.
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, runtime_checkable

from ...mail import units
from ...mail.settings.model import HostSettings, MailSettings, NullClient
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
    """Interface of a service's module."""

    NAME: str

    def query(self, settings: Settings_contra) -> Query:
        """Return the state of the service that a plan needs."""

    def service(self, settings: Settings_contra, inputs: PlanInput) -> Service:
        """Return the desired service."""


@runtime_checkable
class Overridable(Protocol):
    """Interface of a service with files into which settings of the operator are merged."""

    def overrides(self, settings: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - of its kind of host
        """Yield the inventory's key and the name of each own setting."""


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
OF_CLIENTS: tuple[ServiceModule[NullClient], ...] = (null_client,)


def queries(settings: HostSettings) -> list[Query]:
    """Return the queries for every service, needed or from an earlier run."""
    return [module.query(settings) for module in _modules(settings)]


def services(settings: HostSettings, inputs: PlanInput) -> tuple[Service, ...]:
    """Return the desired services of a host, in starting order."""
    wanted = _wanted(settings, inputs)
    adjusted = _with_sites(settings, inputs)
    return tuple(
        module.service(adjusted, inputs) for module in _modules(settings) if module.NAME in wanted
    )


def obsolete(settings: HostSettings, inputs: PlanInput) -> dict[str, str]:
    """Return the units that earlier runs set up and that a host no longer needs, by service."""
    wanted, found = _wanted(settings, inputs), inputs.existing
    unwanted = {
        query.name: query.units[-1]
        for query in queries(settings)
        if query.name not in wanted and found.services[query.name].owned
    }
    return {**found.others, **unwanted}


def own_settings_in(settings: HostSettings, refusal: str) -> str:
    """Return the operator's own settings that a refusal names; all of them if it names none."""
    wanted = {row.name for row in units.services(settings) if row.wanted}
    modules = [module for module in _modules(settings) if module.NAME in wanted]
    overridable = (module for module in modules if isinstance(module, Overridable))
    own = [pair for module in overridable for pair in module.overrides(settings)]
    named = [pair for pair in own if pair[1].split("/")[0] in refusal] or own
    return ", ".join(f"{key}[{name!r}]" for key, name in named)


def _wanted(settings: HostSettings, inputs: PlanInput) -> set[str]:
    """Return the names of the services that a host needs."""
    wanted = {row.name for row in units.services(settings) if row.wanted}
    # RFC 8461 section 8.3: a policy that was served before is taken back by serving `none`.
    return wanted | ({nginx.NAME} if inputs.policies.sites else set())


def _with_sites(settings: HostSettings, inputs: PlanInput) -> HostSettings:
    """Return the settings with the web sites that the evidence allows the host to serve."""
    if not isinstance(settings, MailSettings):
        return settings
    return settings.model_copy(update={"sites": inputs.policies.sites})


def _modules(settings: HostSettings) -> tuple[ServiceModule[Any], ...]:
    return OF_CLIENTS if isinstance(settings, NullClient) else SERVICES
