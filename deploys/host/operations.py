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
from .model.desired import Query, Service
from .model.lookup import RecordLookup, TlsaLookup, no_lookup
from .model.plan import (
    HostChange,
    certification,
    configuration,
    departure,
    preparation,
    renewal,
)
from .model.state import Existing
from .preconditions import obstacles
from .services import registry
from .services.plan_input import plan_input
from .tls import acme, dane
from .transport.commands import command, fail
from .transport.facts import existing_state
from .transport.output import show, warn
from .transport.payloads import (
    apply_request,
    certify_request,
    challenge_request,
    existing_request,
    planned_service,
    prepare_request,
    rotate_request,
)

NOT_RENEWED = (
    "not every certificate that is due was renewed, for the reason above; the current one stays in "
    "use, and the next run tries again"
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
def challenges_begun(settings: MailSettings) -> Commands:
    """
    Orders of certificates by DNS-01 have begun; the host knows the records that they wait for.

    + settings: the host's settings

    Does not fail if the CA does: the run says so.
    """
    existing = _existing(settings)
    if existing and not obstacles(existing, settings):
        desired = registry.services(settings, plan_input(settings, existing))
        yield from _begun(settings, desired, certification(desired, existing))


@operation()
def renewals_begun(settings: MailSettings) -> Commands:
    """
    Orders have begun for the certificates that are due again by DNS-01, and for no others.

    + settings: the host's settings
    """
    if not settings.proves_by_dns:
        host.noop("its certificates do not come by DNS-01")
        return
    existing, queries = _existing(settings), registry.queries(settings)
    if existing:
        yield from _begun(settings, queries, renewal(queries, existing))
    else:
        yield from _failed(obstacles(existing, settings))


@operation()
def certificates_renewed(settings: MailSettings, txt: RecordLookup) -> Commands:
    """
    The certificates whose orders have begun are issued and served; nothing else changes.

    + settings: the host's settings
    + txt: lookup of TXT records on every authoritative server

    Does not fail if the CA does: `renewals_complete` follows once the records are removed.
    """
    existing, queries = _existing(settings), registry.queries(settings)
    if existing:
        unproven = acme.unproven(settings, existing, txt)
        warn(unproven.values())
        due = [one for one in renewal(queries, existing) if one.subject not in unproven]
        if due:
            show(due)
            yield command(certify_request(settings, queries, due, ()), settings)
        else:
            host.noop("no certificate is due")


@operation()
def renewals_complete(settings: MailSettings) -> Commands:
    """
    Every certificate that was due is renewed.

    + settings: the host's settings

    Fails otherwise, because nobody watches an unattended run.
    """
    existing = _existing(settings)
    if state.is_executing and existing and _unfinished(existing):
        yield from _failed((NOT_RENEWED,))
    else:
        host.noop("no renewal is left")


@operation()
def host_certified(settings: HostSettings, txt: RecordLookup, tlsa: TlsaLookup) -> Commands:
    """
    Every name has a certificate of the CA in the settings, if there is one.

    + settings: the host's settings
    + txt: lookup of TXT records on every authoritative server
    + tlsa: lookup of TLSA records on every authoritative server

    Does not fail if the CA does: the current certificate stays in use, and the run says so. It also
    says if a new certificate waits until senders accept its key.
    """
    yield from _certified(settings, tlsa, ("issue", "rotate", "take"), txt)


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
        warn((*inputs.waiting, *registry.notices(settings, inputs)), planned=inputs.dkim.lost)
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


def _certified(
    settings: HostSettings,
    tlsa: TlsaLookup,
    verbs: Collection[str],
    txt: RecordLookup = no_lookup,
) -> Commands:
    existing = _existing(settings)
    if existing and not obstacles(existing, settings):
        desired = registry.services(settings, plan_input(settings, existing))
        unproven = acme.unproven(settings, existing, txt)
        warn(unproven.values())
        changes = certification(desired, existing)
        due = [one for one in changes if one.verb in verbs and one.subject not in unproven]
        announcement = dane.announcement(settings, existing, tlsa)
        if not due and not announcement.changes:
            warn(dane.waiting(existing))
            host.noop("no certificate changes")
            return
        show([*due, *announcement.changes])
        request = certify_request(settings, desired, due, announcement.request)
        yield command(request, settings)


def _begun(
    settings: MailSettings, parts: Collection[Service | Query], changes: Iterable[HostChange]
) -> Commands:
    issued = {one.subject for one in changes if one.verb == "issue"}
    request = challenge_request(settings, parts, issued)
    if request.certificates:
        show(HostChange("order", one.name, "by DNS-01") for one in request.certificates)
        yield command(request, settings)
    else:
        host.noop("no certificate needs a record in the DNS")


def _unfinished(existing: Existing) -> bool:
    """Tell whether an order waits, or the last command has told of a failure."""
    waiting = dane.waiting(existing)
    return bool(existing.challenges) or any(note not in waiting for note in existing.notes)


def challenge_facts(settings: MailSettings) -> HostFacts:
    """Return the values alone that orders of a host wait for in the DNS."""
    existing = _state_of(settings)
    return HostFacts(challenges=existing.challenges) if existing else HostFacts()


def host_facts(settings: MailSettings) -> HostFacts:
    """Return the facts of a host that its records depend on."""
    existing = _state_of(settings)
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
        challenges=existing.challenges,
        reports=existing.reports,
        clock=existing.clock,
    )


def _state_of(settings: MailSettings) -> Existing | None:
    member = state.inventory.get_host(settings.inventory_name)
    return existing_state(member, existing_request(settings), settings.timeout)


def _existing(settings: HostSettings) -> Existing | None:
    return existing_state(host, existing_request(settings), settings.timeout)


def _failed(sentences: Iterable[str]) -> Commands:
    """Fail this host: immediately while planning, by a failing command while executing."""
    if state.is_executing:
        yield FunctionCommand(fail, tuple(sentences), {})
        return
    fail(state, host, *sentences)
    state.fail_hosts({host})
