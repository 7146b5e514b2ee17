"""
The three operations of a mail host: prepared, certified, and configured.

Each asks what exists, compares, and either says so or sends one command. They answer to pyinfra as
every operation does: `--dry` shows the changes, `--diff` the files' lines, `--json` carries both.
"""

from collections.abc import Collection, Generator
from itertools import chain

from pyinfra import host, state
from pyinfra.api.command import FunctionCommand
from pyinfra.api.operation import operation

from ..mail.records import HostFacts
from ..mail.settings.model import HostSettings, MailSettings
from .model.lookup import RecordLookup, TlsaLookup
from .model.plan import certification, configuration, departure, preparation
from .model.state import Existing
from .preconditions import obstacle
from .services import registry
from .services.plan_input import plan_input
from .tls import dane
from .transport.commands import command, fail
from .transport.facts import existing_on
from .transport.output import say, show
from .transport.payloads import (
    apply_request,
    certify_request,
    existing_request,
    planned,
    prepare_request,
    rotate_request,
)

Commands = Generator[FunctionCommand, None, None]


@operation()
def host_prepared(settings: HostSettings) -> Commands:
    """
    Packages, keys and certificates are there; nothing is configured or started by this.

    + settings: the host's settings

    Fails where another mail server holds port 25, where the system is not supported, and where
    the package manager does.
    """
    existing = _existing(settings)
    sentence = obstacle(existing, settings)
    if sentence:
        yield from _refused(sentence)
    elif existing:
        desired = registry.services(settings, plan_input(settings, existing))
        changes = list(preparation(desired, existing))
        if not changes:
            host.noop("packages and certificates are there")
            return
        show(changes)
        yield command(prepare_request(settings, desired, changes), settings)


@operation()
def host_certified(settings: HostSettings, tlsa: TlsaLookup) -> Commands:
    """
    Every name has a certificate of the authority that the settings name, if they name one.

    + settings: the host's settings
    + tlsa: lookup of TLSA records on every authoritative server

    Never fails for the authority's sake: the host serves with what it has, and the run says so. It
    says so too where a new certificate waits until senders know its key.
    """
    yield from _certified(settings, tlsa, ("issue", "rotate", "take"))


@operation()
def certificates_served(settings: HostSettings, tlsa: TlsaLookup) -> Commands:
    """
    What was issued is served, as far as senders know its keys, and what they know is noted.

    + settings: the host's settings
    + tlsa: lookup of TLSA records on every authoritative server

    Never fails for the sake of a certificate that has to wait: the run says until when.
    """
    yield from _certified(settings, tlsa, ("take",))


@operation()
def host_configured(settings: HostSettings, txt: RecordLookup) -> Commands:
    """
    Every service has its files and tables, and runs what they say.

    + settings: the host's settings
    + txt: lookup of TXT records on every authoritative server

    Fails where the new set is refused by the services' own tools, by the rehearsal or by the probe
    of the live ports; what was live before is then still live, or live again.
    """
    existing = _existing(settings)
    if existing and not obstacle(existing, settings):
        given = plan_input(settings, existing, txt)
        say(given.waiting)
        desired = registry.services(settings, given)
        left = registry.leaving(settings, given)
        plans = [list(configuration(service, existing)) for service in desired]
        changes = [*chain(*plans), *map(departure, left.values())]
        rotation = given.dkim.rotation
        if not (changes or rotation.changes):
            host.noop("every file is in place and loaded")
            return
        show([*changes, *rotation.changes])
        if not changes:
            yield command(rotate_request(settings, rotation.request), settings)
            return
        services = [
            planned(service, existing, changed=bool(plan))
            for service, plan in zip(desired, plans, strict=True)
        ]
        yield command(apply_request(settings, services, left, rotation.request), settings)


def _certified(settings: HostSettings, tlsa: TlsaLookup, verbs: Collection[str]) -> Commands:
    existing = _existing(settings)
    if existing and not obstacle(existing, settings):
        desired = registry.services(settings, plan_input(settings, existing))
        due = [one for one in certification(desired, existing) if one.verb in verbs]
        announcement = dane.announcement(settings, existing, tlsa)
        if not due and not announcement.changes:
            say(dane.waiting(existing))
            host.noop("no certificate is due")
            return
        show([*due, *announcement.changes])
        request = certify_request(settings, desired, due, announcement.request)
        yield command(request, settings)


def host_facts(settings: MailSettings) -> HostFacts:
    """Return what a host tells of itself that records have to say; it is asked only once."""
    member = state.inventory.get_host(settings.inventory_name)
    existing = existing_on(member, existing_request(settings), settings.timeout)
    if not existing:
        return HostFacts()
    given = plan_input(settings, existing)
    # A plan announces the policies that the host will have begun to serve.
    policies = given.policies.served if state.is_executing else given.policies.desired
    return HostFacts(
        dkim=given.dkim.records,
        policies={domain: str(policy) for domain, policy in policies.items()},
        tlsa=dane.keys(settings, existing),
        acme_account=existing.acme_account,
    )


def _existing(settings: HostSettings) -> Existing | None:
    return existing_on(host, existing_request(settings), settings.timeout)


def _refused(sentence: str) -> Commands:
    """Fail this host, now while planning or as a command that fails while executing."""
    if state.is_executing:
        yield FunctionCommand(fail, (sentence,), {})
        return
    fail(state, host, sentence)
    state.fail_hosts({host})
