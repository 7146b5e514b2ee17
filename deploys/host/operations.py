"""
Operations of a mail host or null client: prepared, certified, configured, certificates served.

Each compares the existing with the desired state, and yields at most one command. As with every
operation of pyinfra, `--dry` prints the changes, `--diff` their lines, and `--json` has both.
"""

from collections.abc import Collection, Iterable
from itertools import chain

from pyinfra import host, state
from pyinfra.api.command import FunctionCommand
from pyinfra.api.operation import operation

from ..mail.records import HostFacts
from ..mail.settings.model import HostSettings, MailSettings
from ..run.remote import Commands
from .model.lookup import RecordLookup, TlsaLookup
from .model.plan import certification, configuration, departure, preparation
from .model.state import Existing
from .preconditions import obstacles
from .services import registry
from .services.plan_input import plan_input
from .tls import dane
from .transport.commands import command, fail
from .transport.facts import existing_state
from .transport.output import show, warn
from .transport.payloads import (
    apply_request,
    certify_request,
    existing_request,
    planned_service,
    prepare_request,
    rotate_request,
)


@operation()
def host_prepared(settings: HostSettings) -> Commands:
    """
    Packages, keys and certificates exist; no service is configured or started.

    + settings: the host's settings

    Fails if another program listens on a port of the services, if somebody else has configured one
    of them, if the system is not supported, and if the package manager fails.
    """
    existing = _existing(settings)
    sentences = obstacles(existing, settings)
    if sentences:
        yield from _failed(sentences)
    elif existing:
        desired = registry.services(settings, plan_input(settings, existing))
        changes = list(preparation(desired, existing))
        if not changes:
            host.noop("all packages, keys and certificates exist")
            return
        show(changes)
        yield command(prepare_request(settings, desired, changes), settings)


@operation()
def host_certified(settings: HostSettings, tlsa: TlsaLookup) -> Commands:
    """
    Every name has a certificate of the CA in the settings, if there is one.

    + settings: the host's settings
    + tlsa: lookup of TLSA records on every authoritative server

    Does not fail if the CA does: the current certificate stays in use, and the run says so. It also
    says if a new certificate waits until senders accept its key.
    """
    yield from _certified(settings, tlsa, ("issue", "rotate", "take"))


@operation()
def certificates_served(settings: HostSettings, tlsa: TlsaLookup) -> Commands:
    """
    Issued certificates are served if senders accept their keys; published keys are noted.

    + settings: the host's settings
    + tlsa: lookup of TLSA records on every authoritative server

    Does not fail if a certificate must wait: the run prints the time until which it waits.
    """
    yield from _certified(settings, tlsa, ("take",))


@operation()
def host_configured(settings: HostSettings, txt: RecordLookup) -> Commands:
    """
    Every service has its files and tables, and has loaded them.

    + settings: the host's settings
    + txt: lookup of TXT records on every authoritative server

    Fails if the services' own tools, the preflight or the probe of the live ports refuse the new
    set. Then the previous set stays in use, or is restored.
    """
    existing = _existing(settings)
    if existing and not obstacles(existing, settings):
        inputs = plan_input(settings, existing, txt)
        warn(inputs.waiting)
        desired = registry.services(settings, inputs)
        obsolete = registry.obsolete(settings, inputs)
        plans = [list(configuration(service, existing)) for service in desired]
        changes = [*chain(*plans), *map(departure, obsolete.values())]
        rotation = inputs.dkim.rotation
        if not (changes or rotation.changes):
            host.noop("the configuration is as desired, and loaded")
            return
        show([*changes, *rotation.changes])
        if not changes:
            yield command(rotate_request(settings, rotation.request), settings)
            return
        services = [
            planned_service(service, existing, changed=bool(plan))
            for service, plan in zip(desired, plans, strict=True)
        ]
        yield command(apply_request(settings, services, obsolete, rotation.request), settings)


def _certified(settings: HostSettings, tlsa: TlsaLookup, verbs: Collection[str]) -> Commands:
    existing = _existing(settings)
    if existing and not obstacles(existing, settings):
        desired = registry.services(settings, plan_input(settings, existing))
        due = [one for one in certification(desired, existing) if one.verb in verbs]
        announcement = dane.announcement(settings, existing, tlsa)
        if not due and not announcement.changes:
            warn(dane.waiting(existing))
            host.noop("no certificate changes")
            return
        show([*due, *announcement.changes])
        request = certify_request(settings, desired, due, announcement.request)
        yield command(request, settings)


def host_facts(settings: MailSettings) -> HostFacts:
    """Return the facts of a host that its records depend on."""
    member = state.inventory.get_host(settings.inventory_name)
    existing = existing_state(member, existing_request(settings), settings.timeout)
    if not existing:
        return HostFacts()
    inputs = plan_input(settings, existing)
    # A plan announces the policies that the host will serve.
    policies = inputs.policies.served if state.is_executing else inputs.policies.desired
    return HostFacts(
        dkim=inputs.dkim.records,
        policies={domain: str(policy) for domain, policy in policies.items()},
        tlsa=dane.key_digests(settings, existing),
        acme_account=existing.acme_account,
    )


def _existing(settings: HostSettings) -> Existing | None:
    return existing_state(host, existing_request(settings), settings.timeout)


def _failed(sentences: Iterable[str]) -> Commands:
    """Fail this host: immediately while planning, by a failing command while executing."""
    if state.is_executing:
        yield FunctionCommand(fail, tuple(sentences), {})
        return
    fail(state, host, *sentences)
    state.fail_hosts({host})
