"""Mistakes in `mail_mailboxes`: addresses with another use, and mailboxes with two homes."""

from collections.abc import Iterator, Sequence

from ..model import MailSettings

NEEDING = ("managesieve", "pop3", "imap_starttls")  # keys that only mailboxes use


def mailbox_mistakes(host: MailSettings) -> Iterator[str]:
    """Yield the mistakes in the mailboxes of a host."""
    for key in () if host.mailboxes else NEEDING:
        if getattr(host, key):
            yield (
                f"{host.inventory_name}: mail_{key} has no effect without mail_mailboxes; add one, "
                f"or remove mail_{key}"
            )
    owners: dict[str, str] = {}
    for address, mailbox in host.mailboxes.items():
        where = f"{host.inventory_name}: mail_mailboxes.{address}"
        if address in host.accounts:
            yield (
                f"{where} is in mail_accounts too; remove it there, as a mailbox may send with its "
                "own login"
            )
        for one in (address, *mailbox.aliases):
            if one.rpartition("@")[2] not in host.domains:
                yield (
                    f"{where}: {one} is not in a domain of mail_domains; add the domain, or "
                    "correct the address"
                )
            yield from (f"{where}: {problem}" for problem in _other_use(host, one))
        for alias in mailbox.aliases:
            owner = owners.setdefault(alias, address)
            if alias in host.mailboxes:
                yield f"{where}.aliases: {alias} is a mailbox; remove it from one of the two"
            elif owner != address:
                yield (
                    f"{where}.aliases: {alias} is an alias of {owner} too; write it in "
                    "mail_aliases with both as its targets"
                )


def _other_use(host: MailSettings, address: str) -> Iterator[str]:
    """Yield the alias that has the same address, its own or by a name that counts everywhere."""
    name = address.partition("@")[0]
    if address in host.aliases:
        yield f"{address} is in mail_aliases too; remove it from one of them"
    elif name in host.aliases and address in host.mailboxes:
        yield (
            f"{name} in mail_aliases counts for every domain, and {address} is a mailbox; write "
            "the alias for each other domain, or remove it"
        )


def home_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes of hosts that receive mail for a domain with mailboxes on another host."""
    for host in hosts:
        for other in (one for one in hosts if one is not host):
            for domain in sorted(host.mailbox_domains & {*other.domains}):
                yield (
                    f"{other.inventory_name}: mail_domains has {domain}, whose mailboxes are on "
                    f"{host.inventory_name}, and mail for them would not get there; remove it from "
                    "mail_domains here"
                )
