"""
From the data of an inventory to settings, or to every mistake in it at once.

An unknown key is answered with the nearest known one; hosts are checked against each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import MailError
from .cross_checks import of_client, of_hosts
from .model import Client, Fleet, MailSettings, Witness
from .renamed import contradictions, with_new_keys
from .verification import PREFIX as VERIFY
from .verification import Verification, agreed, strangers, verify_keys
from .web_sites import with_sites

PREFIX = "mail_"
NO_KEYS = ("inventory_name", "sites")  # fields that follow from the inventory as a whole

Model = TypeVar("Model", MailSettings, Client, Witness)
HostData = Mapping[str, Any]


def fleet_from(
    hosts: Mapping[str, HostData],
    witnesses: Mapping[str, HostData],
    clients: Mapping[str, HostData] = MappingProxyType({}),
    controllers: Mapping[str, HostData] = MappingProxyType({}),
) -> Fleet:
    """Check the data of every host and return the fleet; raise every mistake at once."""
    mistakes: list[str] = []
    for name, data in ({**hosts, **witnesses, **clients, **controllers}).items():
        mistakes += contradictions(name, data)
    hosts, witnesses, clients, controllers = (
        {name: with_new_keys(data) for name, data in group.items()}
        for group in (hosts, witnesses, clients, controllers)
    )
    for name, data in ({**hosts, **witnesses, **clients, **controllers}).items():
        mistakes += _unknown_keys(name, data)
    mail = [_checked(MailSettings, name, PREFIX, data, mistakes) for name, data in hosts.items()]
    seen = [
        _checked(Witness, name, f"{PREFIX}witness_", data, mistakes)
        for name, data in witnesses.items()
    ]
    null = [_checked(Client, name, PREFIX, data, mistakes) for name, data in clients.items()]
    settings = with_sites([host for host in mail if host])
    verification = _verification({**hosts, **witnesses, **controllers}, settings, mistakes)
    mistakes += of_hosts(settings)
    mistakes += _role_mistakes(hosts, clients)
    for client in filter(None, null):
        mistakes += of_client(client)
    if mistakes:
        raise MailError("\n    ".join(mistakes))
    return Fleet(
        hosts=settings,
        witnesses=tuple(witness for witness in seen if witness),
        clients=tuple(client for client in null if client),
        verification=verification,
    )


def words_alone(data: HostData) -> Verification:
    """Check what is asked of servers that are in no inventory; raise every mistake at once."""
    mistakes = list(contradictions("--data", data))
    data = with_new_keys(data)
    mistakes += _unknown_keys("--data", data)
    asked = _words({"--data": data}, mistakes)
    if asked.host:
        mistakes.append("verify_host: there is no inventory with hosts; write verify_domain")
    if mistakes:
        raise MailError("\n    ".join(mistakes))
    return asked


def known_keys() -> tuple[str, ...]:
    """Return every key of this project that an inventory may hold."""
    fields = dict.fromkeys((*MailSettings.model_fields, *Client.model_fields))
    own = (f"{PREFIX}{field}" for field in fields)
    outside = (f"{PREFIX}witness_{field}" for field in Witness.model_fields)
    keys = (*own, *outside, *verify_keys())
    return tuple(key for key in keys if not key.endswith(NO_KEYS))


def _unknown_keys(name: str, data: HostData) -> Iterator[str]:
    for key in sorted(data):
        if key.startswith((PREFIX, VERIFY)) and key not in known_keys():
            near = get_close_matches(key, known_keys(), n=1, cutoff=0)
            yield f"{name}: {key} is not a key; did you mean {near[0]}?"


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
    asked = _words(data, mistakes)
    domains = [domain for host in hosts for domain in host.domains]
    mistakes += strangers(asked, [host.inventory_name for host in hosts], domains)
    return asked


def _words(data: Mapping[str, HostData], mistakes: list[str]) -> Verification:
    words = agreed(data, mistakes)
    fields = {
        key.removeprefix(VERIFY): value for key, value in words.items() if key in verify_keys()
    }
    try:
        return Verification(**fields)
    except ValidationError as error:
        mistakes += (f"{VERIFY}{_sentence(detail)}" for detail in error.errors())
        return Verification()


def _sentence(detail: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails is not exported
    path = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] == "missing":
        return f"{path} is missing; it has no default"
    if detail["type"] == "value_error":
        return f"{path}: {detail['ctx']['error']}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    # Whatever stands in mail_accounts or verify_mailboxes may be a password.
    given = "a value" if path.startswith(("accounts", "mailboxes")) else repr(detail["input"])
    return f"{path}: {given} was given, but {message}"


def _role_mistakes(hosts: Iterable[str], clients: Iterable[str]) -> Iterator[str]:
    for name in sorted({*hosts} & {*clients}):
        yield f"{name}: it is in the groups 'mail' and 'client'; take it out of one of them"
