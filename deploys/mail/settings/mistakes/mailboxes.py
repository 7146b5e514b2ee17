"""Mistakes in `mail_mailboxes`: addresses with another use, and mailboxes with two homes."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from ... import paths, srs
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
    yield from _directory(host)
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


def _directory(host: MailSettings) -> Iterator[str]:
    """Yield what mail_directory lacks, and the own parameters that replace its tables."""
    if not host.directory:
        return
    where = f"{host.inventory_name}: mail_"
    if not host.mailboxes:
        example = f"probe@{next(iter(host.domains), 'example.org')}"
        yield (
            f"{where}directory needs a mailbox of the inventory, with which the preflight and the "
            f"proof test the host; add one to mail_mailboxes, like '{example}'"
        )
    for name, table in host.directory_maps.items():
        if table not in host.postfix_value(name):
            yield (
                f"{where}postfix_main.{name} replaces the table with which mail_directory is "
                f"asked; end it with '{table}'"
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
    for home, other in permutations(hosts, 2):
        shared = {*home.domains} & {*other.domains}
        if home.directory and shared:
            yield (
                f"{home.inventory_name}: mail_directory has mailboxes of {min(shared)}, and "
                f"{other.inventory_name} would not know them; remove {min(shared)} from "
                f"mail_domains of {other.inventory_name}, as a mailbox has one home"
            )
        if shared & home.mailbox_domains:
            yield from _two_homes(home, other)
            yield from _limits(home, other)
    for host in hosts:
        yield from _other_ways(host)


def _two_homes(home: MailSettings, other: MailSettings) -> Iterator[str]:
    """Yield the addresses of mailboxes at home that another host has a use of its own for."""
    theirs = set(other.mailbox_addresses)
    where = f"{other.inventory_name}: mail_"
    for box, mailbox in home.mailboxes.items():
        for address in (box, *mailbox.aliases):
            at_home = f"{address} is in mail_mailboxes of {home.inventory_name}"
            name, _, domain = address.partition("@")
            if domain not in other.domains:
                continue
            if address in theirs:
                yield (
                    f"{where}mailboxes: {at_home} too, and a mailbox has one home; remove it from "
                    "one of them"
                )
            elif address in other.aliases or (address == box and name in other.aliases):
                yield f"{where}aliases: {at_home}; remove it here"


def _limits(home: MailSettings, other: MailSettings) -> Iterator[str]:
    """Yield the settings with which a host takes mail that the home of its mailbox refuses."""
    where = f"{other.inventory_name}: mail_"
    why = f"{home.inventory_name}, which has mailboxes of its domains"
    if other.subaddress and not home.subaddress:
        yield f"{where}subaddress is True, and False on {why}; write the same on both"
    largest = other.message_size_limit
    if not other.primaries and largest > home.message_size_limit:
        yield (
            f"{where}message_size_limit is {largest}, and {home.message_size_limit} on {why}; "
            "write the same on both"
        )


def _other_ways(host: MailSettings) -> Iterator[str]:
    """Yield the own parameters of Postfix with which mail is not handed over."""
    wanted = {srs.MAPS: f"lmdb:{paths.HAND_OVER}"} if host.handed_over else {}
    wanted |= {"relay_recipient_maps": f"lmdb:{paths.RELAY_DOMAINS}"} if host.primaries else {}
    for parameter, table in wanted.items():
        if table not in host.postfix_value(parameter):
            yield (
                f"{host.inventory_name}: mail_postfix_main.{parameter} replaces the table with "
                f"which mail goes to the other hosts of a domain; begin it with {table}"
            )
