"""Mistakes in `mail_relay_domains`: two ways for a domain's mail, or a way that comes back."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from ... import directory, srs
from ..model import MailSettings
from ..values.relay_domains import RelayDomain

SMTP = 25
OTHERS = (srs.WAY, directory.WAY)
CLASSES = ("relay_domains", "relay_recipient_maps")
Owners = Mapping[str, MailSettings]


def relay_domain_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes in the relay domains of hosts, each alone and all together."""
    owners = {
        name: host for host in hosts for name in (*host.host_names, *map(str, host.addresses))
    }
    for host in hosts:
        yield from _other_ways(host)
        for domain, one in host.relay_domains.items():
            where = f"{host.inventory_name}: mail_relay_domains.{domain}"
            yield from (f"{where}: {text}" for text in _twice(host, domain))
            yield from (f"{where}: {text}" for text in _foreign(one, domain))
            yield from (f"{where}.to: {text}" for text in _server(host, domain, owners))


def _twice(host: MailSettings, domain: str) -> Iterator[str]:
    """Yield the settings with which the host has another use for a domain."""
    own = {
        "mail_domains": host.domains,
        "mail_silent_domains": host.silent_domains,
        "mail_hostname": (host.hostname,),
        "mail_bulk.bounces": (host.bulk.bounces,) if host.bulk else (),
    }
    for key, domains in own.items():
        if domain in domains:
            yield f"{domain} is in {key} too; remove it from one of them"
    above = [f".{domain.split('.', number)[-1]}" for number in range(1, domain.count(".") + 1)]
    for key in (domain, *above):
        if key in host.relays.recipients:
            yield f"mail_relay.{key} chooses the next hop too; remove one of them"


def _foreign(one: RelayDomain, domain: str) -> Iterator[str]:
    for address in one.addresses(domain):
        if address.rpartition("@")[2] != domain:
            yield f"{address} is in another domain; write the recipients of {domain} only"


def _server(host: MailSettings, domain: str, owners: Owners) -> Iterator[str]:
    """Yield what keeps a server from taking a domain's mail, as far as the inventory knows."""
    circle = _circle(host, domain, owners)
    if circle:
        yield (
            f"mail would go round, {' -> '.join((*circle, circle[0]))}; name the server where the "
            "mailboxes are"
        )
        return
    owner = _owner(host, domain, owners)
    if owner and domain not in (*owner.domains, *owner.relay_domains):
        yield (
            f"{owner.inventory_name} does not receive {domain}; add it to its mail_domains, or "
            "name another server"
        )


def _circle(host: MailSettings, domain: str, owners: Owners) -> list[str]:
    """Return the hosts through which a domain's mail comes back to a host; [] if it does not."""
    seen: list[str] = []
    at: MailSettings | None = host
    while at and at.inventory_name not in seen:
        seen.append(at.inventory_name)
        at = _owner(at, domain, owners)
    return seen if at is host else []


def _owner(host: MailSettings, domain: str, owners: Owners) -> MailSettings | None:
    """Return the host of the fleet that a host passes a domain's mail to, if it is one."""
    one = host.relay_domains.get(domain)
    if not one:
        return None
    name, port = one.server
    if port != SMTP:
        return None
    return host if _is_loopback(name) else owners.get(name)


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _other_ways(host: MailSettings) -> Iterator[str]:
    """Yield the own parameters of Postfix that replace the tables of relay domains."""
    if not host.relay_domains:
        return
    for parameter in CLASSES:
        if parameter in host.postfix_main:
            yield (
                f"{host.inventory_name}: mail_postfix_main.{parameter} and mail_relay_domains both "
                "name the domains of other servers; remove one of them"
            )
    (way,) = (one for one in host.transport_maps if one.startswith("inline:") and one not in OTHERS)
    if way not in host.postfix_value(srs.MAPS):
        yield (
            f"{host.inventory_name}: mail_postfix_main.{srs.MAPS} replaces the ways of "
            f"mail_relay_domains; begin it with {way!r}"
        )
