"""
Services of a host, in the order in which they start.

A service is one module and one line here. Its packages, units and ports, and whether a host needs
it, are a row of `mail/units`, from which the checks learn them too.
"""

import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Protocol, TypeVar, runtime_checkable

from ...mail import units
from ...mail.settings.model import HostSettings, MailSettings, NullClient
from ..model.desired import File, Query, Service
from ..tls import certificates
from . import (
    bulk_handler,
    dovecot,
    fail2ban,
    mta_sts_resolver,
    nginx,
    null_client,
    postfix,
    postfix_bulk,
    postsrsd,
    receivers,
    redis,
    reports,
    rspamd,
    tls_reports,
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
    postsrsd,
    bulk_handler,
    receivers,
    tls_reports,
    postfix_bulk,  # before the instance that hands over to it
    reports,
    postfix,
    fail2ban,
    nginx,
)
RELAY = "mail_relay"
SHORTEST = 5  # letters of a value that a refusal quotes
OF_CLIENTS: tuple[ServiceModule[NullClient], ...] = (null_client,)


def challenge_hook(settings: HostSettings) -> tuple[File, ...]:
    """Return the hook that certbot needs before its files stand on the host."""
    return certificates.hook_files(settings) if isinstance(settings, MailSettings) else ()


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
        if query.name not in wanted
        and found.services[query.name].owned
        and not found.services[query.name].queued
    }
    return {**found.others, **unwanted}


def kept(inputs: PlanInput) -> Iterator[str]:
    """Yield a sentence for services that are no longer needed, and that mail still waits for."""
    found = inputs.existing.services
    for count in sorted({one.queued for one in found.values() if one.queued}):
        names = sorted((name for name, one in found.items() if one.queued == count), reverse=True)
        yield (
            f"{' with '.join(names)} is no longer needed, and stays until its queue is empty; "
            f"messages in it: {count}"
        )


def notices(settings: HostSettings, inputs: PlanInput) -> Iterator[str]:
    """Yield what the operator has to know of the services, changed or not."""
    yield from kept(inputs)
    if isinstance(settings, MailSettings):
        yield from rspamd.notices(settings, inputs.existing)


def own_settings_in(settings: HostSettings, refusal: str) -> str:
    """
    Return the operator's own settings that a refusal is about, or "" if it is about none.

    It names them or quotes their values, or it names the service that does not start with them;
    of one setting it needs to do neither. A refusal about a relay names its key itself.
    """
    if f": {RELAY}" in refusal:
        return ""
    wanted = {row.name for row in units.services(settings) if row.wanted}
    modules = [module for module in _modules(settings) if module.NAME in wanted]
    overridable = [module for module in modules if isinstance(module, Overridable)]
    own = [(module, *pair) for module in overridable for pair in module.overrides(settings)]
    load = refusal.startswith("load:")
    named = (
        [one for one in own if _mentions(refusal, one[2])]
        or [one for one in own if _quotes(refusal, settings, *one[1:])]
        or [one for one in own if load and one[0].NAME in refusal]
        or (own if len(own) == 1 else [])
    )
    return ", ".join(f"{key}[{name!r}]" for _, key, name in named)


def _mentions(refusal: str, name: str) -> bool:
    """Tell whether a text has a name; that of a service in master.cf is written in two ways."""
    forms = (name, name.replace("/", " "), name.partition("/")[0] if "/" in name else name)
    return any(re.search(rf"(?<![\w/.-]){re.escape(one)}(?![\w/-])", refusal) for one in forms)


def _quotes(refusal: str, settings: HostSettings, key: str, name: str) -> bool:
    """Tell whether a text has a word of the value of an own setting."""
    value = attrgetter(key.removeprefix("mail_"))(settings).get(name)
    words = re.split(r"[\s,={}]+", value) if isinstance(value, str) else ()
    long = (word for word in words if len(word) >= SHORTEST)
    return any(re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", refusal) for word in long)


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
