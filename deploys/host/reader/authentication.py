"""
Authentication of a message that carries reports, as rspamd of this host has found it.

Anybody can write a report, so only those of a verified sender count: SPF or DKIM passes for a
domain that is aligned with the one in the From header (RFC 9990, RFC 9989 section 4.4). Of TLS-RPT,
RFC 8460 section 3 asks for a DKIM signature.

rspamd removes every Authentication-Results header of others, and adds one of its own (RFC 8601). It
does neither for mail of the host itself, of its networks and of its accounts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import ip_address, ip_network

from authres import AuthenticationResultsHeader, AuthResError

from .archive import Unreadable
from .configuration import ReaderConfiguration

HEADER = "Authentication-Results"
_CLIENT = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]\)")
_OF_ACCOUNT = re.compile(r"\bwith (?:UTF8)?E?SMTPS?A\b|\bAuthenticated sender\b")


@dataclass(frozen=True)
class VerifiedSender:
    """The domain in the From header, and the methods that verify it: `spf`, `dkim`."""

    domain: str
    methods: frozenset[str]


def sender(message: EmailMessage, configuration: ReaderConfiguration) -> VerifiedSender:
    """Return the verified sender of a message; raise Unreadable if nothing verifies it."""
    domain = _author_domain(message)
    if why := _own(message, configuration):
        raise Unreadable(f"its sender {domain} is not verified: {why}")
    written = message.get_all(HEADER, [])
    if len(written) != 1:
        raise Unreadable(f"its sender {domain} is not verified: it has {len(written)} {HEADER}")
    passed = frozenset(_aligned(str(written[0]), domain))
    if not passed:
        raise Unreadable(f"neither SPF nor DKIM passes for its sender {domain}")
    return VerifiedSender(domain, passed)


def _author_domain(message: EmailMessage) -> str:
    authors = [one for header in message.get_all("From", []) for one in header.addresses]
    domain = authors[0].domain.lower().rstrip(".") if len(authors) == 1 else ""
    if "." not in domain:
        raise Unreadable("its From header does not have one address")
    return domain


def _own(message: EmailMessage, configuration: ReaderConfiguration) -> str:
    """Return why rspamd did not look at the message, or an empty text."""
    received = " ".join(str(message.get("Received", "")).split())
    client, by = _CLIENT.search(received), f" by {configuration.hostname} "
    if not client or by not in f"{received} ":
        return "it did not come from another host"
    if _OF_ACCOUNT.search(received):
        return "an account of this host sent it"
    address = ip_address(client[1])
    networks = map(ip_network, configuration.networks)
    return f"{address} is in mail_networks" if any(address in one for one in networks) else ""


def _aligned(header: str, domain: str) -> Iterator[str]:
    """Yield the methods that pass for a domain that is aligned with the author's."""
    try:
        results = AuthenticationResultsHeader.parse(f"{HEADER}: {header}").results
    except (AuthResError, IndexError) as problem:
        raise Unreadable(f"its {HEADER} header is not valid: {problem}") from problem
    for result in results:
        named = {(one.type, one.name): one.value for one in result.properties}
        verified = {
            "dkim": named.get(("header", "d")) or named.get(("header", "i")),
            "spf": named.get(("smtp", "mailfrom")),
        }.get(result.method)
        if result.result == "pass" and verified:
            name = verified.rpartition("@")[2].lower().rstrip(".")
            # Relaxed: one of the names is the other, or below it.
            if "." in name and (_covers(domain, name) or _covers(name, domain)):
                yield result.method


def _covers(domain: str, name: str) -> bool:
    return f".{name}".endswith(f".{domain}")
