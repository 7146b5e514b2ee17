"""
From the data of an inventory to settings, or to every mistake in it at once.

An unknown key is answered with the nearest known one; hosts are checked against each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from deploys.mail import dkim
from deploys.mail.accounts import password_hash
from deploys.mail.errors import MailError
from deploys.mail.settings import Client, Fleet, MailSettings, Witness
from deploys.mail.siting import LONGEST_NAME, site_mistakes, with_sites
from deploys.mail.verification import PREFIX as VERIFY
from deploys.mail.verification import Verification, agreed, strangers, verify_keys

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
        mistakes += _unknown_keys(name, data)
    mail = [_checked(MailSettings, name, PREFIX, data, mistakes) for name, data in hosts.items()]
    seen = [
        _checked(Witness, name, f"{PREFIX}witness_", data, mistakes)
        for name, data in witnesses.items()
    ]
    null = [_checked(Client, name, PREFIX, data, mistakes) for name, data in clients.items()]
    settings = with_sites([host for host in mail if host])
    verification = _verification({**hosts, **witnesses, **controllers}, settings, mistakes)
    mistakes += _conflicts(settings)
    mistakes += _role_mistakes(hosts, clients)
    for client in filter(None, null):
        mistakes += _password_mistakes(client)
    if mistakes:
        raise MailError("\n    ".join(mistakes))
    return Fleet(
        hosts=settings,
        witnesses=tuple(witness for witness in seen if witness),
        clients=tuple(client for client in null if client),
        verification=verification,
    )


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
    words = agreed(data, mistakes)
    fields = {
        key.removeprefix(VERIFY): value for key, value in words.items() if key in verify_keys()
    }
    try:
        asked = Verification(**fields)
    except ValidationError as error:
        mistakes += (f"{VERIFY}{_sentence(detail)}" for detail in error.errors())
        return Verification()
    domains = [domain for host in hosts for domain in host.domains]
    mistakes += strangers(asked, [host.inventory_name for host in hosts], domains)
    return asked


def _sentence(detail: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails is not exported
    path = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] == "missing":
        return f"{path} is missing; it has no default"
    if detail["type"] == "value_error":
        return f"{path}: {detail['ctx']['error']}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    # Whatever stands in mail_accounts may be a password.
    given = "a value" if path.startswith("accounts") else repr(detail["input"])
    return f"{path}: {given} was given, but {message}"


def _conflicts(hosts: tuple[MailSettings, ...]) -> Iterator[str]:
    owners: dict[object, str] = {}
    for host in hosts:
        for claim in (host.hostname, *host.addresses):
            owner = owners.setdefault(claim, host.inventory_name)
            if owner != host.inventory_name:
                yield (
                    f"{host.inventory_name}: {claim} is claimed by {owner} too; "
                    "give each host its own mail_hostname and mail_addresses"
                )
        yield from _alias_mistakes(host)
        yield from _account_mistakes(host)
        yield from _certificate_mistakes(host)
        yield from _delegation_mistakes(host)
        yield from _silence_mistakes(host, hosts)
        yield from _length_mistakes(host)
    yield from _selector_conflicts(hosts)
    yield from site_mistakes(hosts)


def _silence_mistakes(host: MailSettings, hosts: tuple[MailSettings, ...]) -> Iterator[str]:
    sending = {name for one in hosts for name in (one.hostname, *one.domains)}
    for name in sorted(sending & set(host.silent_domains)):
        yield (
            f"{host.inventory_name}: mail_silent_domains has {name}, which sends mail: it is in "
            "mail_domains, or a mail_hostname; take it out of one of them"
        )


def _length_mistakes(host: MailSettings) -> Iterator[str]:
    selector = max(dkim.selectors(host), key=len)
    longest = {domain: dkim.home(host, selector, domain) for domain in dkim.signing_domains(host)}
    longest |= {name: f"*._domainkey.{name}" for name in host.silent_domains}
    for domain, name in longest.items():
        if len(name) > LONGEST_NAME:
            yield (
                f"{host.inventory_name}: {domain} is too long for mail: its DKIM key would be at a "
                f"name of {len(name)} octets, where {LONGEST_NAME} are allowed; use a domain of at "
                f"most {len(domain) - len(name) + LONGEST_NAME} octets"
            )


def _selector_conflicts(hosts: tuple[MailSettings, ...]) -> Iterator[str]:
    # A selector names one key (RFC 6376 section 3.1), and each host has keys of its own.
    for first, second in combinations(hosts, 2):
        if set(dkim.selectors(first)) & set(dkim.selectors(second)):
            for domain in sorted({*first.domains} & {*second.domains}):
                yield (
                    f"{second.inventory_name}: mail_dkim_selector is {second.selector_base!r} for "
                    f"{domain}, and there are keys of such a name on {first.inventory_name} too; "
                    "give each host its own"
                )


def _delegation_mistakes(host: MailSettings) -> Iterator[str]:
    where = f"{host.inventory_name}: mail_dkim_cname"
    for domain in sorted({*host.dkim_cname} - {"*", *dkim.signing_domains(host)}):
        yield (
            f"{where}.{domain} leads nobody anywhere; {domain} is neither in mail_domains nor the "
            "mail_hostname, so correct it or take it out"
        )


def _certificate_mistakes(host: MailSettings) -> Iterator[str]:
    given = set(host.tls_files)
    wanted = {*host.host_names, *host.site_names} if host.tls == "files" else set()
    before = {site.policy_name for site in host.sites}  # a policy is taken back where it was
    for name in sorted(wanted - given):
        yield (
            f"{host.inventory_name}: mail_tls_files.{name} is missing; mail_tls is 'files', so "
            "name the files of its key and of its certificate there"
        )
    if host.tls_rotate and not host.dane:
        yield (
            f"{host.inventory_name}: mail_tls_rotate takes the keys that come next, and without "
            "mail_dane a host has none; set mail_dane = True"
        )
    if host.tls_rotate and host.tls == "files":
        yield (
            f"{host.inventory_name}: mail_tls_rotate takes keys that the host makes, and mail_tls "
            "is 'files'; put the new pair in place of your files instead"
        )
    for name in sorted(given - wanted - before):
        yield (
            f"{host.inventory_name}: mail_tls_files.{name} serves nothing; it needs mail_tls = "
            "'files' and the name in mail_tls_names, or take it out"
        )


def _alias_mistakes(host: MailSettings) -> Iterator[str]:
    for address in host.aliases:
        local, _, domain = address.partition("@")
        if not local or any(character.isspace() for character in address):
            yield f"{host.inventory_name}: mail_aliases.{address!r} is not an address"
        if domain and domain not in host.domains:
            yield (
                f"{host.inventory_name}: mail_aliases.{address}: {domain} is not in mail_domains; "
                "add it there or correct the address"
            )


def _role_mistakes(hosts: Iterable[str], clients: Iterable[str]) -> Iterator[str]:
    for name in sorted({*hosts} & {*clients}):
        yield f"{name}: it is in the groups 'mail' and 'client'; take it out of one of them"


def _password_mistakes(client: Client) -> Iterator[str]:
    try:
        password = client.relay_password.resolve()
    except MailError as error:
        yield f"{client.inventory_name}: mail_relay_password: {error}"
        return
    if len(password.splitlines()) > 1:
        yield f"{client.inventory_name}: mail_relay_password spans lines; a password is one line"


def _account_mistakes(host: MailSettings) -> Iterator[str]:
    deliverable = {address.lower() for address in host.recipients()}
    for login, account in host.accounts.items():
        try:
            password_hash(account.password, login, host.hostname)
        except MailError as error:
            yield f"{host.inventory_name}: mail_accounts.{login}.password: {error}"
        for address in dict.fromkeys((login, *account.senders)):
            where = f"{host.inventory_name}: mail_accounts.{login}: {address}"
            domain = address.partition("@")[2]
            if domain in host.domains and address not in deliverable:
                yield (
                    f"{where} cannot receive, but bounces come back to it; "
                    f"add '{address}' to mail_aliases"
                )
            elif domain not in host.domains and address in account.senders:
                yield (
                    f"{where} may not be a sender, as {domain} is not in mail_domains; "
                    "add it there or correct the address"
                )
