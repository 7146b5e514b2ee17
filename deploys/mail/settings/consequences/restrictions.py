"""Relay restrictions of main.cf and of each smtpd service: lists that let all clients relay."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...postfix import items
from ...postfix_services import options, program
from ..model import HostSettings
from .consequence import MASTER, Choice, Consequence, main_key, value
from .networks import wide_networks

RELAY, RECIPIENT = "smtpd_relay_restrictions", "smtpd_recipient_restrictions"
# RFC 5321 section 7.5: each of these ends a list for recipients elsewhere.
GUARDS = {"reject_unauth_destination", "defer_unauth_destination", "reject", "defer"}
PERMITS = {"permit", "ok", "permit_naked_ip_address", "permit_tls_all_clientcerts"}
# What the client itself claims.
CLAIMS = ("check_sender_", "check_helo_", "check_reverse_client_hostname_")
ADDRESSES = ("check_client_access", "check_ccert_access")
FIX = "write reject_unauth_destination before it"
OPEN_MAPS = re.compile(r"(^|[\s,:])static:")
DOMAINS = ("relay_domains", "mydestination", "virtual_alias_domains", "virtual_mailbox_domains")
ELSEWHERE = "elsewhere.invalid"


@dataclass(frozen=True)
class _Door:
    """A restriction that lets clients relay before a guard ends the list."""

    name: str
    table: str = ""

    @property
    def text(self) -> str:
        return f"{self.name} {self.table}".strip()


def open_relays(host: HostSettings) -> Iterator[Consequence]:
    """Yield the doors of each smtpd service; both lists must let a client through."""
    told = set()
    for service, fields in host.postfix_services.items():
        if program(fields) != "smtpd":
            continue
        own = options(fields)
        lists = {name: own.get(name, host.postfix_value(name)) for name in (RELAY, RECIPIENT)}
        doors = {
            name: list(_doors(host.postfix_expanded(text)))
            for name, text in lists.items()
            if text or name == RELAY
        }
        name = RELAY if RELAY not in own or doors[RELAY] else RECIPIENT
        key = f"{MASTER}.{service}" if name in own else main_key(host, name)
        if all(doors.values()):
            for one in _consequences(key, doors):
                if one not in told:
                    told.add(one)
                    yield one


def _consequences(key: str, doors: dict[str, list[_Door]]) -> Iterator[Consequence]:
    for door in doors[RELAY]:
        if not door.name or door.name in PERMITS:
            why = f"because of {door.name!r}" if door.name else "because no restriction ends it"
            fix = f"end {RELAY} with reject_unauth_destination"
            yield Consequence(key, "relay for everybody", fix, why, Choice.NEVER)
        elif door.name in ADDRESSES:
            yield from wide_networks(key, door.table, "relay for")
        elif _claims_ok(door.table):
            words, why = f"relay by {door.text}", "which every client can claim"
            yield Consequence(key, words, FIX, why, Choice.NEVER)
        else:
            yield Consequence(key, f"relay by {door.text}", FIX, "which every client can claim")


def _doors(text: str) -> Iterator[_Door]:
    """Yield the doors before the guard; one without a name if there is no guard."""
    found = items(text)
    for number, word in enumerate(found):
        name, table = word.lower(), found[number + 1] if number + 1 < len(found) else ""
        if name in GUARDS:
            return
        if name in PERMITS:
            yield _Door(name)
        elif name.startswith((*CLAIMS, *ADDRESSES)) and _may_permit(table):
            yield _Door(name, table)
    yield _Door("")


def _may_permit(table: str) -> bool:
    """Tell if a table can answer OK; the content of a file is not known here."""
    return "{" not in table or _claims_ok(table)


def _claims_ok(table: str) -> bool:
    return bool(re.search(r"\{.*[=\s](ok|permit\w*|\d+)\s*[,}]", table, re.IGNORECASE | re.DOTALL))


def received(host: HostSettings) -> Iterator[Consequence]:
    """Yield parameters by which the domains of all others are received, and so relayed."""
    for parameter in DOMAINS:
        domains = value(host, parameter) if parameter in host.postfix_main else ""
        if OPEN_MAPS.search(domains) or any(map(_matches_all, items(domains))):
            yield Consequence(
                main_key(host, parameter),
                "relay for everybody",
                "name your own domains",
                "because every domain is one of it",
                Choice.NEVER,
            )
    if value(host, "allow_untrusted_routing") == "yes":
        yield Consequence(
            main_key(host, "allow_untrusted_routing"),
            "relay for recipients like user%example.net@example.org",
            "remove it",
        )


def _matches_all(table: str) -> bool:
    """Tell if a pattern within a regexp or pcre table matches a foreign domain."""
    if not table.startswith(("regexp:{", "pcre:{")):
        return False
    for pattern in re.findall(r"\{\s*/(.*?)/[a-z]*\s", table):
        try:
            if re.search(pattern, ELSEWHERE):
                return True
        except re.error:
            continue  # Postfix tells
    return False
