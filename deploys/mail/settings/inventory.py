"""
Settings from the data of an inventory, or all of its mistakes at once.

The message for an unknown key names the nearest known one. Hosts are checked against each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import MailError
from ..toolkit import VERSION
from .cross_checks import client_mistakes, host_mistakes, version_mistakes
from .model import Fleet, MailSettings, NullClient, Witness
from .renamed import HostData, contradictions, with_new_keys
from .verification import PREFIX as VERIFY
from .verification import Verification, common_values, unknown_subjects, verify_keys
from .web_sites import with_sites

PREFIX = "mail_"
RELAY = f"{PREFIX}relay"
MISSING = "is missing; it has no default"
NO_KEYS = ("inventory_name", "sites")  # fields that follow from the inventory as a whole

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
) -> tuple[Fleet, list[str]]:
    """Return the hosts whose data is valid alone, and every mistake of the inventory."""
    mistakes = list(version_mistakes({**hosts, **witnesses, **clients, **controllers}))
    if mistakes:  # others may be none in another version
        return Fleet(hosts=()), mistakes
    hosts, witnesses, clients, controllers = (
        {name: _current(name, data, mistakes) for name, data in group.items()}
        for group in (hosts, witnesses, clients, controllers)
    )
    settings = with_sites(_models(MailSettings, PREFIX, hosts, mistakes))
    witness_settings = _models(Witness, f"{PREFIX}witness_", witnesses, mistakes)
    null_clients = _models(NullClient, PREFIX, clients, mistakes)
    verification = _verification({**hosts, **witnesses, **controllers}, settings, mistakes)
    mistakes += host_mistakes(settings)
    mistakes += _role_mistakes(hosts, clients)
    for client in null_clients:
        mistakes += client_mistakes(client)
    fleet = Fleet(
        hosts=settings, witnesses=witness_settings, clients=null_clients, verification=verification
    )
    return fleet, list(dict.fromkeys(mistakes))


def verification_from(data: HostData) -> Verification:
    """Check the `verify_*` keys of a run without an inventory; raise every mistake at once."""
    mistakes: list[str] = []
    current = _current("--data", data, mistakes)
    verification = _checked_verification({"--data": current}, mistakes)
    if verification.host:
        mistakes.append("verify_host needs an inventory with hosts; write verify_domain")
    _require_none(mistakes)
    return verification


def known_keys() -> tuple[str, ...]:
    """Return every key that an inventory may hold."""
    fields = dict.fromkeys((*MailSettings.model_fields, *NullClient.model_fields))
    own = (f"{PREFIX}{field}" for field in fields)
    outside = (f"{PREFIX}witness_{field}" for field in Witness.model_fields)
    keys = (*own, *outside, *verify_keys())
    return tuple(key for key in keys if not key.endswith(NO_KEYS))


def _require_none(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise MailError("\n    ".join(dict.fromkeys(mistakes)))


def _current(name: str, data: HostData, mistakes: list[str]) -> HostData:
    """Return data with the new names of renamed keys; note contradictions and unknown keys."""
    mistakes += contradictions(name, data)
    current = with_new_keys(data)
    mistakes += _unknown_keys(name, current)
    return current


def _models(
    model: type[Model], prefix: str, group: Mapping[str, HostData], mistakes: list[str]
) -> tuple[Model, ...]:
    """Return the settings of the hosts of a group that are valid."""
    checked = (_checked(model, name, prefix, data, mistakes) for name, data in group.items())
    return tuple(settings for settings in checked if settings)


def _unknown_keys(name: str, data: HostData) -> Iterator[str]:
    for key in sorted(data):
        if key.startswith((PREFIX, VERIFY)) and key not in known_keys():
            near = get_close_matches(key, known_keys(), n=1, cutoff=0)
            hint = f"did you mean {near[0]}, or does it need a newer version?"
            yield f"{name}: {key} is not a setting of pyinfra-mail {VERSION}; {hint}"


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
        mistakes += (f"{name}: {prefix}{_sentence(detail)}" for detail in error.errors())
        return None


def _verification(
    data: Mapping[str, HostData], hosts: tuple[MailSettings, ...], mistakes: list[str]
) -> Verification:
    verification = _checked_verification(data, mistakes)
    domains = [domain for host in hosts for domain in host.domains]
    mistakes += unknown_subjects(verification, [host.inventory_name for host in hosts], domains)
    return verification


def _checked_verification(data: Mapping[str, HostData], mistakes: list[str]) -> Verification:
    values = common_values(data, mistakes)
    fields = {
        key.removeprefix(VERIFY): value for key, value in values.items() if key in verify_keys()
    }
    try:
        return Verification(**fields)
    except ValidationError as error:
        mistakes += (f"{VERIFY}{_sentence(detail)}" for detail in error.errors())
        return Verification()


def _sentence(detail: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails is not exported
    path = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] == "missing":
        return f"{path} {MISSING}"
    if detail["type"] == "value_error":
        return f"{path}: {detail['ctx']['error']}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    # A value in mail_accounts or verify_mailboxes may be a password.
    given = "a value" if path.startswith(("accounts", "mailboxes")) else repr(detail["input"])
    return f"{path}: {given} is not valid: {message}"


def _role_mistakes(hosts: Mapping[str, HostData], clients: Iterable[str]) -> Iterator[str]:
    for name in sorted({*hosts} & {*clients}):
        yield f"{name} is in the groups 'mail' and 'client'; remove it from one of them"
    for name in (name for name, data in hosts.items() if RELAY in data and name not in clients):
        yield (
            f"{name}: {RELAY} has no effect on a mail host, which delivers to the MX of each "
            "domain; write it in group_data/client.py, or remove it"
        )
