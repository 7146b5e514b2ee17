"""
Hand-over of mail between the mail hosts of a domain.

A backup MX of a domain has a higher preference than another of its hosts, and no mailboxes of it.
It knows the recipients, and keeps mail for the primaries: the hosts that are no backup MX. A
mailbox has one home; other hosts that receive its domain hand its mail over to that host.
"""

from collections.abc import Iterable, Iterator, Sequence

from ...caa import ISSUERS
from ..model import MailSettings

PREFERENCE = 10  # one for all hosts: senders spread over equals (RFC 5321 section 5.1)


def preference(host: MailSettings, domain: str) -> int:
    """Return the preference of a host's MX record of a domain."""
    own = host.mx_preference(domain)
    return PREFERENCE if own is None else own


def with_hand_over(hosts: Sequence[MailSettings]) -> tuple[MailSettings, ...]:
    """Return the hosts, each with what the others of its domains do for it, and it for them."""
    primaries = {host.inventory_name: _primaries(host, hosts) for host in hosts}
    takers = {
        host.inventory_name: tuple(_takers(host, hosts, primaries[host.inventory_name]))
        for host in hosts
    }
    return tuple(
        host.model_copy(
            update={
                "primaries": {
                    domain: tuple(one.hostname for one in found)
                    for domain, found in primaries[host.inventory_name].items()
                },
                "homes": dict(_homes(host, hosts)),
                "home_aliases": dict(_home_aliases(host, hosts)),
                "givers": tuple(_givers(host, hosts, takers)),
                "takers": tuple(
                    str(address) for one in takers[host.inventory_name] for address in one.addresses
                ),
                "verified_takers": tuple(
                    one.hostname for one in takers[host.inventory_name] if _is_verified(one)
                ),
                "largest_taken": _largest(primaries[host.inventory_name].values()),
            }
        )
        for host in hosts
    )


def homes_of(domain: str, hosts: Iterable[MailSettings]) -> tuple[MailSettings, ...]:
    """Return the hosts with mailboxes of a domain."""
    return tuple(host for host in hosts if domain in host.mailbox_domains)


def _primaries(
    host: MailSettings, hosts: Sequence[MailSettings]
) -> dict[str, tuple[MailSettings, ...]]:
    """Return the primaries of each domain that a host is a backup MX of, the first ones first."""
    found = {}
    for domain in host.domains:
        serving = [one for one in hosts if domain in one.domains]
        if _is_backup(host, domain, serving):
            first = [one for one in serving if not _is_backup(one, domain, serving)]
            found[domain] = tuple(sorted(first, key=lambda one: preference(one, domain)))
    return found


def _is_backup(host: MailSettings, domain: str, serving: Iterable[MailSettings]) -> bool:
    own = preference(host, domain)
    return domain not in host.mailbox_domains and any(
        preference(one, domain) < own for one in serving
    )


def _elsewhere(host: MailSettings, hosts: Sequence[MailSettings]) -> Iterator[MailSettings]:
    """Yield the other hosts with mailboxes of the domains that a host receives."""
    for one in hosts:
        if one.inventory_name != host.inventory_name and one.mailbox_domains & {*host.domains}:
            yield one


def _homes(host: MailSettings, hosts: Sequence[MailSettings]) -> Iterator[tuple[str, str]]:
    for home in _elsewhere(host, hosts):
        for address in home.mailboxes:
            if address.rpartition("@")[2] in host.domains:
                yield address, home.hostname


def _home_aliases(
    host: MailSettings, hosts: Sequence[MailSettings]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for home in _elsewhere(host, hosts):
        for address, one in home.mailboxes.items():
            for alias in one.aliases:
                if alias.rpartition("@")[2] in host.domains:
                    yield alias, (address,)


def _takers(
    host: MailSettings,
    hosts: Sequence[MailSettings],
    primaries: dict[str, tuple[MailSettings, ...]],
) -> Iterator[MailSettings]:
    """Yield the hosts that a host hands mail over to."""
    found = {one.inventory_name for group in primaries.values() for one in group}
    found |= {one.inventory_name for one in _elsewhere(host, hosts)}
    yield from (one for one in hosts if one.inventory_name in found)


def _givers(
    host: MailSettings, hosts: Sequence[MailSettings], takers: dict[str, tuple[MailSettings, ...]]
) -> Iterator[str]:
    """Yield the addresses of the hosts that hand mail over to a host."""
    for one in hosts:
        if any(taker is host for taker in takers[one.inventory_name]):
            yield from map(str, one.addresses)


def _is_verified(host: MailSettings) -> bool:
    """Tell whether every system trusts the certificates of a host."""
    return host.tls == "acme" and host.acme_directory in ISSUERS


def _largest(groups: Iterable[Sequence[MailSettings]]) -> int:
    """Return the largest message that all primaries take; 0 if there is no limit."""
    return min((one.largest_message for group in groups for one in group), default=0)
