"""
Relay domains: domains of another server, whose mail a host takes and passes on.

The host knows the recipients, from a list or by asking that server (ADDRESS_VERIFICATION_README),
and refuses all others at RCPT.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from ...names import domain_name, is_local_part, mail_address
from ..mistakes.sentences import shown
from ..types import DomainName, Frozen
from .addresses import server_address
from .forms import Words, distinct, several

VERIFY = "verify"
REQUIRED = "postmaster"  # RFC 5321 section 4.5.1
_HOST = re.compile(r"\[([^\[\]\s]+)\](?::(\d{1,5}))?")
_ADDRESS = re.compile(r"[\d.]+|.*:.*")
_RIGHT = "write one in brackets like '[10.0.0.7]:25' or '[mail.example.net]:25'"


def _server(value: object) -> str:
    """Return a server as Postfix writes a next hop; the brackets mean that no MX is looked up."""
    found = _HOST.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{shown(value)} is not a server; {_RIGHT}")
    host, port = found[1], int(found[2] or 25)
    name = server_address(host) if _ADDRESS.fullmatch(host) else domain_name(host)
    if not 0 < port < 1 << 16:
        raise ValueError(f"{shown(value)} has no port; {_RIGHT}")
    return f"[{name}]:{port}"


def _recipient(value: object) -> str:
    text = str(value).lower()
    if isinstance(value, str) and is_local_part(text) and "*" not in text:
        return text
    if "@" in text and "*" not in text:
        return mail_address(text)
    raise ValueError(
        f"{shown(value)} is not a recipient; write one like 'anna' or 'anna@example.net', or "
        "'verify' in place of the list"
    )


def _recipients(value: object) -> object:
    if value == VERIFY:
        return ()
    if not value:
        raise ValueError(f"there is no recipient; write at least one, or {VERIFY!r}")
    return several(value)


class RelayDomain(Frozen):
    """The server that a domain's mail goes to, and its recipients; none if the server is asked."""

    to: Annotated[str, BeforeValidator(_server)]
    recipients: Annotated[
        tuple[Annotated[str, BeforeValidator(_recipient)], ...],
        BeforeValidator(_recipients),
        distinct,
    ]

    @property
    def asked(self) -> bool:
        """Tell whether the server is asked for each recipient."""
        return not self.recipients

    @property
    def address(self) -> bool:
        """Tell whether the server is named by its address."""
        return bool(_ADDRESS.fullmatch(self.server[0]))

    @property
    def server(self) -> tuple[str, int]:
        """Return the name or the address of the server, and its port."""
        host, _, port = self.to[1:].rpartition("]:")
        return host, int(port)

    def addresses(self, domain: str) -> tuple[str, ...]:
        """Return every recipient of the domain; none if the server is asked."""
        names = () if self.asked else (REQUIRED, *self.recipients)
        return tuple(dict.fromkeys(one if "@" in one else f"{one}@{domain}" for one in names))


RelayDomains = Annotated[
    Mapping[DomainName, RelayDomain],
    Words("dictionary from domain names to servers with recipients"),
]


def lookups(domains: Mapping[str, RelayDomain]) -> Mapping[str, str]:
    """Return the table of recipients; a domain whose server is asked has all addresses."""
    return {
        address: "OK"
        for domain, one in domains.items()
        for address in one.addresses(domain) or (f"@{domain}",)
    }
