"""
Settings that are valid alone and contradict each other.

A name, an address and a DKIM selector belong to one host of a fleet. Within a host, a domain in one
key must be in another key too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ... import names, toolkit
from ...errors import MailError
from .. import dkim_keys
from ..fleet.web_sites import site_mistakes
from ..model import MailSettings, NullClient
from ..secret import Secret, reason_of
from .acme import certificate_mistakes, key_mistakes, shared_mistakes
from .bulk import bulk_mistakes, secret_mistakes, stream_mistakes
from .filter import filter_mistakes
from .keys import HostData
from .mailboxes import home_mistakes, mailbox_mistakes
from .relays import relay_key
from .secrets import plain_secrets
from .sent_reports import sent_report_mistakes
from .warmup import warmup_mistakes

NAMED = 3  # recipients that a sentence names


def version_mistakes(hosts: Mapping[str, HostData]) -> Iterator[str]:
    """Yield a mistake for each `mail_requires` that this toolkit's version does not match."""
    wanted = defaultdict(list)
    for name, data in hosts.items():
        wanted[str(data.get("mail_requires", ""))].append(name)
    for versions, of in wanted.items():
        if not _matches(versions):
            install = f"run pip install 'pyinfra-mail{versions}'"
            yield (
                f"{', '.join(of)}: mail_requires is {versions!r}, but {toolkit.FOLDER} has version "
                f"{toolkit.VERSION}; {'update this clone' if toolkit.IN_CLONE else install}"
            )


def _matches(versions: str) -> bool:
    try:
        return SpecifierSet(versions).contains(toolkit.VERSION, prereleases=True)
    except InvalidSpecifier:
        return True  # another mistake


def host_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes of hosts, each alone and all together."""
    owners: dict[object, str] = {}
    for host in hosts:
        bulk = host.bulk.addresses if host.bulk else ()
        for claim in (host.hostname, *host.addresses, *bulk):
            owner = owners.setdefault(claim, host.inventory_name)
            if owner != host.inventory_name:
                yield (
                    f"{host.inventory_name}: {claim} is claimed by {owner} too; "
                    "give each host its own mail_hostname and mail_addresses"
                )
        yield from plain_secrets(f"{host.inventory_name}: mail_dns", host.dns or {})
        yield from _accounts(host)
        yield from certificate_mistakes(host)
        yield from _delegations(host)
        yield from _silent_domains(host, hosts)
        yield from _sending_domains(host)
        yield from _preferences(host)
        yield from _lengths(host)
        yield from bulk_mistakes(host)
        yield from sent_report_mistakes(host)
        yield from warmup_mistakes(host)
        yield from mailbox_mistakes(host)
        yield from _block_lists(host)
        yield from filter_mistakes(host)
    yield from _selectors(hosts)
    yield from _recipients(hosts)
    yield from home_mistakes(hosts)
    yield from site_mistakes(hosts)
    yield from stream_mistakes(hosts)
    yield from shared_mistakes(hosts)


def _block_lists(host: MailSettings) -> Iterator[str]:
    if host.postscreen_dnsbl and not host.postscreen:
        yield (
            f"{host.inventory_name}: mail_postscreen_dnsbl has no effect without postscreen; write "
            "mail_postscreen = True, or remove it"
        )


def _silent_domains(host: MailSettings, hosts: Sequence[MailSettings]) -> Iterator[str]:
    sending = {name for one in hosts for name in (one.hostname, *one.author_domains)}
    for name in sorted(sending & set(host.silent_domains)):
        yield (
            f"{host.inventory_name}: mail_silent_domains has {name}, which sends mail: it is in "
            "mail_domains or mail_sending_domains, or a mail_hostname; remove it from one of them"
        )


def _sending_domains(host: MailSettings) -> Iterator[str]:
    for name in sorted({*host.domains} & {*host.sending_domains}):
        yield (
            f"{host.inventory_name}: {name} is in mail_domains, so the host receives its mail, and "
            "in mail_sending_domains, so others receive it; remove it from one of them"
        )


def _preferences(host: MailSettings) -> Iterator[str]:
    bounces = (host.bulk.bounces,) if host.bulk else ()
    for domain in sorted({*host.mx} - {"*", *host.domains, *bounces}):
        yield (
            f"{host.inventory_name}: mail_mx.{domain} has no effect: {domain} is not in "
            "mail_domains; correct or remove it"
        )


def _lengths(host: MailSettings) -> Iterator[str]:
    selector = max(dkim_keys.selectors(host), key=len)
    longest = {
        domain: dkim_keys.txt_name(host, selector, domain)
        for domain in dkim_keys.signing_domains(host)
    }
    longest |= {name: f"*._domainkey.{name}" for name in host.silent_domains}
    for domain, name in longest.items():
        if len(name) > names.LONGEST:
            yield (
                f"{host.inventory_name}: {domain} is too long for mail: its DKIM key would be at a "
                f"name of {len(name)} octets, and {names.LONGEST} are allowed; use a domain of at "
                f"most {len(domain) - len(name) + names.LONGEST} octets"
            )


def _selectors(hosts: Sequence[MailSettings]) -> Iterator[str]:
    # A selector names one key (RFC 6376 section 3.1), and each host has its own keys.
    for first, second in combinations(hosts, 2):
        if set(dkim_keys.selectors(first)) & set(dkim_keys.selectors(second)):
            shared = sorted({*first.author_domains} & {*second.author_domains})
            if shared:
                yield (
                    f"{second.inventory_name}: mail_dkim_selector {second.selector_base!r} for "
                    f"{', '.join(shared)} names keys of {first.inventory_name} too; give each host "
                    "its own selector"
                )


def _delegations(host: MailSettings) -> Iterator[str]:
    where = f"{host.inventory_name}: mail_dkim_cname"
    for domain in sorted({*host.dkim_cname} - {"*", *dkim_keys.signing_domains(host)}):
        yield (
            f"{where}.{domain} has no effect: {domain} is neither in mail_domains nor in "
            "mail_sending_domains nor the mail_hostname; correct or remove it"
        )


def _recipients(hosts: Sequence[MailSettings]) -> Iterator[str]:
    # Every MX of a domain gets a part of its mail, and refuses recipients that it does not know.
    known: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(dict)
    for host in hosts:
        for domain in host.domains:
            known[domain][host.inventory_name, "mail_aliases"] = set()
        boxes = {*host.mailbox_addresses, *host.homes, *host.home_aliases}
        for address in {*host.every_recipient.targets} - boxes:
            of_domain = known[address.rpartition("@")[2]]
            of_domain[host.inventory_name, "mail_aliases"].add(address)
        for domain, one in host.relay_domains.items():
            if not one.asked:
                key = f"mail_relay_domains.{domain}"
                known[domain][host.inventory_name, key] = {*one.addresses(domain)}
    for domain, of_host in sorted(known.items()):
        every = set().union(*of_host.values())
        for (name, key), own in of_host.items():
            if lacking := sorted(every - own):
                others = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
                yield (
                    f"{name}: {key} has no {', '.join(lacking[:NAMED])}{others}, which "
                    f"another MX of {domain} has, so a part of that mail would be refused; write "
                    "the same recipients for every MX of a domain, in group_data/mail.py"
                )


def password_mistakes(
    hosts: Sequence[MailSettings], clients: Sequence[NullClient]
) -> Iterator[str]:
    """Yield the mistakes in the passwords of accounts and clients, whose references are read."""
    for host in hosts:
        yield from (f"{host.inventory_name}: {one}" for one in secret_mistakes(host.bulk))
        yield from (f"{host.inventory_name}: {one}" for one in key_mistakes(host.acme_dns))
        if host.directory:
            where = f"{host.inventory_name}: mail_directory.password"
            yield from _of_line(where, host.directory.password)
            yield from _with_space(where, host.directory.password)
        for login, account in host.logins.items():
            try:
                if isinstance(account.password, Secret):
                    account.password.resolve()
            except MailError as error:
                key = "mail_mailboxes" if login in host.mailboxes else "mail_accounts"
                yield f"{host.inventory_name}: {key}.{login}.password: {error}"
        for key, relay in host.relays.table.items():
            if relay and relay.password:
                where = f"{host.inventory_name}: {relay_key(host, key, 'password')}"
                yield from _of_line(where, relay.password)
    for client in clients:
        yield from _of_line(f"{client.inventory_name}: mail_relay_password", client.relay_password)


def _of_line(where: str, reference: Secret) -> Iterator[str]:
    """Yield the mistake in a password that is a line of a file."""
    try:
        password = reference.resolve()
    except MailError as error:
        yield f"{where}: {error}"
    else:
        if len(password.splitlines()) > 1:
            yield f"{where} has several lines; write one line"


def _with_space(where: str, reference: Secret) -> Iterator[str]:
    """Yield the mistake in a password that Postfix would read without its spaces."""
    if not reason_of(reference) and (password := reference.resolve()) != password.strip():
        yield f"{where} begins or ends with a space; choose another password"


def client_mistakes(hosts: Sequence[MailSettings], clients: Sequence[NullClient]) -> Iterator[str]:
    """Yield a mistake for each client that could not trust the certificate of its relay."""
    for client, host in product(clients, hosts):
        relay = client.relay.partition(":")[0]
        if relay in host.host_names and host.tls == "self-signed" and not client.relay_ca:
            yield (
                f"{client.inventory_name}: mail_relay: the certificate of {relay} is self-signed, "
                f"so the client would keep all its mail; set mail_tls = 'acme' or 'files' for "
                f"{host.inventory_name}, or name a file with the certificate in mail_relay_ca"
            )


def _accounts(host: MailSettings) -> Iterator[str]:
    asked = bool(host.directory)  # it may be there
    for login, account in host.accounts.items():
        for address in dict.fromkeys((login, *account.senders)):
            where = f"{host.inventory_name}: mail_accounts.{login}: {address}"
            domain = address.partition("@")[2]
            if domain in host.domains and not (asked or host.every_recipient.entry(address)):
                yield (
                    f"{where} is not a recipient, and bounces come back to it; "
                    f"add '{address}' to mail_aliases"
                )
            elif domain not in host.author_domains and address in account.senders:
                yield (
                    f"{where} cannot be a sender: {domain} is not in mail_domains; "
                    "add it, write it in mail_sending_domains if others receive its mail, or "
                    "correct the address"
                )
