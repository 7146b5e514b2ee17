"""Addresses in published records at which the host would not listen, or that it would not use."""

from collections.abc import Iterator

from ...postfix import items
from ..model import MailSettings
from .consequence import Consequence, main_key, value

FAMILIES = {4: "ipv4", 6: "ipv6"}


def listening(host: MailSettings) -> Iterator[Consequence]:
    """Yield each published address at which Postfix would not listen."""
    interfaces = {one.strip("[]").lower() for one in items(value(host, "inet_interfaces"))}
    protocols = {one.lower() for one in items(value(host, "inet_protocols"))}
    for address in host.addresses:
        spoken = bool({"all", FAMILIES[address.version]} & protocols)
        if not spoken:
            parameter = "inet_protocols"
        elif not ({"all", host.hostname, str(address)} & interfaces or _named(interfaces)):
            parameter = "inet_interfaces"
        else:
            continue
        yield Consequence(
            main_key(host, parameter),
            f"not listen on {address}",
            "listen there too, or take the address out of mail_addresses",
            "which its records name",
        )


def _named(interfaces: set[str]) -> bool:
    """Tell if there is a name whose addresses only the host knows."""
    known = {"loopback-only", "localhost"}
    return any(one not in known and not set(one) <= set("0123456789abcdef.:") for one in interfaces)


def leaving(host: MailSettings) -> Iterator[Consequence]:
    """Yield each address that mail would leave by and that no record names."""
    for parameter in ("smtp_bind_address", "smtp_bind_address6"):
        source = value(host, parameter)
        if source and source not in map(str, host.addresses):
            yield Consequence(
                main_key(host, parameter),
                f"send from {source}",
                "name an address of mail_addresses",
                "which is not in mail_addresses, so SPF fails",
            )
