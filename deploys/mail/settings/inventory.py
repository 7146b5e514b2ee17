"""
Settings from the data of an inventory, or all of its mistakes at once.

Each mistake is one sentence, told once for all hosts that have it. The message for an unknown key
names the nearest key of the host's role. Hosts are checked against each other.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from ..errors import MailError
from ..names import is_address
from ..report_uris import mail_address, mailto
from .consequences.acceptance import unaccepted
from .fleet.hand_over import with_hand_over
from .fleet.web_sites import with_sites
from .mistakes.cross_checks import (
    client_mistakes,
    host_mistakes,
    password_mistakes,
    version_mistakes,
)
from .mistakes.keys import HostData, contradictions, meant, unknown_keys, with_new_keys
from .mistakes.recipients import recipient_mistakes
from .mistakes.relay_domains import relay_domain_mistakes
from .mistakes.relays import relay_mistakes
from .mistakes.sentences import sentences
from .model import Fleet, MailSettings, NullClient, Witness
from .verification import PREFIX as VERIFY
from .verification import Verification, common_values, unknown_subjects, verify_keys

PREFIX, WITNESS = "mail_", "mail_witness_"
SSH_ADDRESS = "ssh_hostname"  # pyinfra's key; without it the name of the host is used
# Fields that follow from the inventory as a whole.
NO_KEYS = (
    *("inventory_name", "sites", "fleet_names", "fleet_addresses"),
    *("report_addresses", "reported_domains"),
    *("primaries", "homes", "home_aliases", "givers", "takers"),
    *("verified_takers", "largest_taken"),
)

Model = TypeVar("Model", MailSettings, NullClient, Witness)


def fleet_from(
    hosts: Mapping[str, HostData],
    witnesses: Mapping[str, HostData],
    clients: Mapping[str, HostData] = MappingProxyType({}),
    controllers: Mapping[str, HostData] = MappingProxyType({}),
) -> Fleet:
    """Check the data of every host and return the fleet; raise every mistake at once."""
    fleet, mistakes = checked_fleet(hosts, witnesses, clients, controllers)
    _require_none(mistakes)
    return fleet


def checked_fleet(
    hosts: Mapping[str, HostData],
    witnesses: Mapping[str, HostData],
    clients: Mapping[str, HostData],
    controllers: Mapping[str, HostData],
    *,
    secrets: bool = True,
) -> tuple[Fleet, list[str]]:
    """
    Return the hosts whose data is valid alone, and every mistake of the inventory.

    Without `secrets` the references to passwords are not read.
    """
    mistakes = list(version_mistakes({**hosts, **witnesses, **clients, **controllers}))
    if mistakes:  # others may be none in another version
        return Fleet(hosts=()), mistakes
    groups = tuple(
        {name: _current(name, data, mistakes) for name, data in group.items()}
        for group in (hosts, witnesses, clients, controllers)
    )
    hosts, witnesses, clients, controllers = groups
    meant = _unknown_keys(groups, mistakes)
    settings = _with_reports(
        _named(
            with_sites(with_hand_over(_models(MailSettings, PREFIX, hosts, meant, mistakes))),
            witnesses,
        )
    )
    witness_settings = _models(Witness, WITNESS, witnesses, meant, mistakes)
    null_clients = _models(NullClient, PREFIX, clients, meant, mistakes)
    whole = len(settings) == len(hosts)
    verification = _verification(
        {**hosts, **witnesses, **controllers}, hosts, settings if whole else None, mistakes
    )
    mistakes += host_mistakes(settings)
    mistakes += relay_mistakes(settings)
    mistakes += relay_domain_mistakes(settings)
    mistakes += _role_mistakes(hosts, clients)
    if whole:
        mistakes += recipient_mistakes(settings, null_clients)
    mistakes += client_mistakes(settings, null_clients)
    mistakes += unaccepted((*settings, *null_clients))
    if secrets:
        mistakes += password_mistakes(settings, null_clients)
    fleet = Fleet(
        hosts=settings, witnesses=witness_settings, clients=null_clients, verification=verification
    )
    names = [name for group in groups for name in group]
    return fleet, list(_together(mistakes, names))


def verification_from(data: HostData) -> Verification:
    """Check the `verify_*` keys of a run without an inventory; raise every mistake at once."""
    mistakes: list[str] = []
    current = _current("--data", data, mistakes)
    _unknown_keys(({}, {}, {}, {"--data": current}), mistakes)
    verification = _checked_verification({"--data": current}, mistakes)
    if verification.host:
        mistakes.append("verify_host needs an inventory with hosts; write verify_domain")
    _require_none(_together(mistakes, ["--data"]))
    return verification


def known_keys() -> tuple[str, ...]:
    """Return every key that an inventory may hold."""
    return tuple(dict.fromkeys(key for keys in _role_keys() for key in keys))


def _role_keys() -> tuple[Collection[str], ...]:
    """Return the keys of a mail host, a witness, a client and a controller."""
    models = ((MailSettings, PREFIX), (Witness, WITNESS), (NullClient, PREFIX))
    own = (
        [f"{prefix}{field}" for field in model.model_fields if field not in NO_KEYS]
        for model, prefix in models
    )
    return (*((*keys, *verify_keys()) for keys in own), verify_keys())


def _require_none(mistakes: Iterable[str]) -> None:
    sentences = "\n    ".join(mistakes)
    if sentences:
        raise MailError(sentences)


def _together(mistakes: Iterable[str], names: Collection[str]) -> Iterator[str]:
    """Yield each mistake once: one of several hosts names all of them."""
    hosts: dict[str, list[str]] = {}
    for mistake in dict.fromkeys(mistakes):
        name, _, rest = mistake.partition(": ")
        known = name in names
        hosts.setdefault(rest if known else mistake, []).extend([name] if known else [])
    for rest, found in hosts.items():
        yield f"{', '.join(found)}: {rest}" if found else rest


def _current(name: str, data: HostData, mistakes: list[str]) -> HostData:
    """Return data with the new names of renamed keys, and note contradictions."""
    mistakes += contradictions(name, data)
    return with_new_keys(data)


def _unknown_keys(groups: Sequence[Mapping[str, HostData]], mistakes: list[str]) -> set[str]:
    """Note the keys that are not settings; return the settings that they probably mean."""
    wrong: dict[str, list[tuple[str, str]]] = {}
    for group, own in zip(groups, _role_keys(), strict=True):
        for name, data in group.items():
            for key in sorted(data):
                near = meant(key, own, known_keys())
                if near is not None:
                    wrong.setdefault(key, []).append((name, near))
    mistakes += unknown_keys(wrong)
    return {near for found in wrong.values() for _, near in found}


def _models(
    model: type[Model],
    prefix: str,
    group: Mapping[str, HostData],
    meant: Collection[str],
    mistakes: list[str],
) -> tuple[Model, ...]:
    """Return the settings of the hosts of a group that are valid."""
    checked = []
    for name, data in group.items():
        found: list[str] = []
        checked.append(_checked(model, name, prefix, data, found))
        # A misspelt key is told already, so its setting is not missing too.
        absent = tuple(f"{name}: {key} is missing" for key in meant)
        mistakes += (one for one in found if not (absent and one.startswith(absent)))
    return tuple(settings for settings in checked if settings)


def _with_reports(hosts: Sequence[MailSettings]) -> tuple[MailSettings, ...]:
    """Return the hosts, each with the addresses for reports, and the domains they are about."""
    uris = (uri for host in hosts for uri in (*map(mailto, host.dmarc_reports), *host.tls_rpt))
    known = {
        "report_addresses": tuple(dict.fromkeys(filter(None, map(mail_address, uris)))),
        "reported_domains": tuple(dict.fromkeys(one for h in hosts for one in h.author_domains)),
    }
    return tuple(host.model_copy(update=known) for host in hosts)


def _named(
    hosts: Sequence[MailSettings], witnesses: Mapping[str, HostData]
) -> tuple[MailSettings, ...]:
    """Return hosts that know the names and addresses of all mail hosts, and of the witnesses."""
    streams = (one for host in hosts if host.bulk for one in host.bulk.addresses)
    own = (one for host in hosts for one in host.addresses)
    reached = (str(data.get(SSH_ADDRESS, name)) for name, data in witnesses.items())
    known = {
        "fleet_names": tuple(name for host in hosts for name in host.host_names),
        "fleet_addresses": tuple(
            dict.fromkeys((*own, *streams, *map(ip_address, filter(is_address, reached))))
        ),
    }
    return tuple(host.model_copy(update=known) for host in hosts)


def _checked(
    model: type[Model], name: str, prefix: str, data: HostData, mistakes: list[str]
) -> Model | None:
    fields = {
        key.removeprefix(prefix): value
        for key, value in data.items()
        if key.startswith(prefix) and key.removeprefix(prefix) in model.model_fields
    }
    try:
        return model(inventory_name=name, **fields)
    except ValidationError as error:
        mistakes += (f"{name}: {one}" for one in sentences(prefix, error))
        return None


def _verification(
    data: Mapping[str, HostData],
    names: Collection[str],
    hosts: Sequence[MailSettings] | None,
    mistakes: list[str],
) -> Verification:
    """Return the settings of the checks; without `hosts` their domains are not known."""
    verification = _checked_verification(data, mistakes)
    domains = None if hosts is None else [one for host in hosts for one in host.author_domains]
    mistakes += unknown_subjects(verification, names, domains)
    return verification


def _checked_verification(data: Mapping[str, HostData], mistakes: list[str]) -> Verification:
    values = common_values(data, mistakes)
    fields = {
        key.removeprefix(VERIFY): value for key, value in values.items() if key in verify_keys()
    }
    try:
        return Verification(**fields)
    except ValidationError as error:
        mistakes += sentences(VERIFY, error)
        return Verification()


def _role_mistakes(hosts: Mapping[str, HostData], clients: Iterable[str]) -> Iterator[str]:
    for name in sorted({*hosts} & {*clients}):
        yield f"{name} is in the groups 'mail' and 'client'; remove it from one of them"
