"""Consequences at a null client: it takes mail of its own programs, and sends it to one server."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from ...postfix import items
from ..model import NullClient
from .consequence import Choice, Consequence, main_key, value


def client_only(host: NullClient) -> Iterator[Consequence]:
    """Yield what makes more of a null client than a host that sends its own mail."""
    interfaces = items(value(host, "inet_interfaces"))
    others = [one for one in interfaces if not _loopback(one)]
    if others and any(not _private(one) for one in others):
        key = main_key(host, "inet_interfaces")
        yield Consequence(key, "listen for other hosts", "write loopback-only")
    if value(host, "mydestination"):
        key, why = main_key(host, "mydestination"), "because a null client has no mailboxes"
        yield Consequence(key, "bounce mail of its users", "remove it", why, Choice.NEVER)
    for parameter, words, fix in (
        ("relayhost", "send mail to every server by itself", "name the server in mail_relay"),
        ("smtp_sasl_password_maps", "send no password", "remove it"),
        ("sender_canonical_maps", "use senders that its login may not use", "remove it"),
        ("recipient_canonical_maps", "bounce mail for its users", "remove it"),
    ):
        if not value(host, parameter):
            yield Consequence(main_key(host, parameter), words, fix, choice=Choice.NEVER)
    if value(host, "smtp_sasl_auth_enable") != "yes":
        key = main_key(host, "smtp_sasl_auth_enable")
        why = "and the server would refuse its mail"
        yield Consequence(key, "not log in", "remove it", why, Choice.NEVER)


def _loopback(interface: str) -> bool:
    if interface in ("loopback-only", "localhost"):
        return True
    address = _address(interface)
    return bool(address and address.is_loopback)


def _private(interface: str) -> bool:
    address = _address(interface)
    return bool(address and address.is_private)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None
