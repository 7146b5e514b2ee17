"""
Settings that are right by themselves, and make no sense beside the others.

Hosts are checked against each other: a name, an address and a DKIM selector belong to one of them.
Within a host, what is named in one key has to be there by another.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from .. import names
from ..errors import MailError
from . import dkim_keys
from .accounts import password_hash
from .model import Client, MailSettings
from .web_sites import site_mistakes


def of_hosts(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield what forbids hosts to be as the inventory says, each alone and all together."""
    owners: dict[object, str] = {}
    for host in hosts:
        for claim in (host.hostname, *host.addresses):
            owner = owners.setdefault(claim, host.inventory_name)
            if owner != host.inventory_name:
                yield (
                    f"{host.inventory_name}: {claim} is claimed by {owner} too; "
                    "give each host its own mail_hostname and mail_addresses"
                )
        yield from _aliases(host)
        yield from _accounts(host)
        yield from _certificates(host)
        yield from _delegations(host)
        yield from _silence(host, hosts)
        yield from _lengths(host)
    yield from _selectors(hosts)
    yield from site_mistakes(hosts)


def _silence(host: MailSettings, hosts: Sequence[MailSettings]) -> Iterator[str]:
    sending = {name for one in hosts for name in (one.hostname, *one.domains)}
    for name in sorted(sending & set(host.silent_domains)):
        yield (
            f"{host.inventory_name}: mail_silent_domains has {name}, which sends mail: it is in "
            "mail_domains, or a mail_hostname; take it out of one of them"
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
    # A selector names one key (RFC 6376 section 3.1), and each host has keys of its own.
    for first, second in combinations(hosts, 2):
        if set(dkim_keys.selectors(first)) & set(dkim_keys.selectors(second)):
            for domain in sorted({*first.domains} & {*second.domains}):
                yield (
                    f"{second.inventory_name}: mail_dkim_selector is {second.selector_base!r} for "
                    f"{domain}, and there are keys of such a name on {first.inventory_name} too; "
                    "give each host its own"
                )


def _delegations(host: MailSettings) -> Iterator[str]:
    where = f"{host.inventory_name}: mail_dkim_cname"
    for domain in sorted({*host.dkim_cname} - {"*", *dkim_keys.signing_domains(host)}):
        yield (
            f"{where}.{domain} leads nobody anywhere; {domain} is neither in mail_domains nor the "
            "mail_hostname, so correct it or take it out"
        )


def _certificates(host: MailSettings) -> Iterator[str]:
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


def _aliases(host: MailSettings) -> Iterator[str]:
    for address in host.aliases:
        local, _, domain = address.partition("@")
        if not local or any(character.isspace() for character in address):
            yield f"{host.inventory_name}: mail_aliases.{address!r} is not an address"
        if domain and domain not in host.domains:
            yield (
                f"{host.inventory_name}: mail_aliases.{address}: {domain} is not in mail_domains; "
                "add it there or correct the address"
            )


def of_client(client: Client) -> Iterator[str]:
    """Yield what forbids a client to log in as the inventory says."""
    try:
        password = client.relay_password.resolve()
    except MailError as error:
        yield f"{client.inventory_name}: mail_relay_password: {error}"
        return
    if len(password.splitlines()) > 1:
        yield f"{client.inventory_name}: mail_relay_password spans lines; a password is one line"


def _accounts(host: MailSettings) -> Iterator[str]:
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
