"""Transports and next hops: services that do not exist, mail that is discarded, and loops."""

import re
from collections.abc import Iterator

from ...postfix import items
from ...postfix_services import program
from ..model import HostSettings, MailSettings
from .consequence import MASTER, Choice, Consequence, main_key, value

TRANSPORTS = (
    *("local_transport", "virtual_transport", "relay_transport", "default_transport"),
    *("mailbox_transport", "fallback_transport", "content_filter"),
)
TRANSPORT_TABLES = ("transport_maps", "sender_dependent_default_transport_maps")
HOPS = ("relayhost", "smtp_fallback_relay")
HOP_TABLES = ("sender_dependent_relayhost_maps",)
CONTENT_CHECKS = ("header_checks", "mime_header_checks", "nested_header_checks", "body_checks")
LOCALHOST = {"localhost", "127.0.0.1", "::1"}
PORTS = {"", "25", "smtp"}
DISCARD = re.compile(r"(\{.*[\s=]|static:\{?\s*)discard\b", re.IGNORECASE | re.DOTALL)
INLINE = re.compile(r"^(?:proxy:)?(?:inline|texthash):\{(.*)\}$", re.DOTALL)


def transports(host: HostSettings) -> Iterator[Consequence]:
    """Yield the transports that do not exist, and those that discard mail."""
    for parameter in TRANSPORTS:
        yield from _transport(host, parameter, value(host, parameter))
    for parameter in TRANSPORT_TABLES:
        for entry in _entries(value(host, parameter)):
            yield from _transport(host, parameter, entry)
    for service in ("smtp/unix", "relay/unix", "local/unix", "virtual/unix", "lmtp/unix"):
        if program(host.postfix_services.get(service, "")) == "discard":
            key, words = f"{MASTER}.{service}", f"discard mail by {service}"
            yield Consequence(key, words, "name the program that delivers", choice=Choice.NEVER)
    waiting = {*items(value(host, "defer_transports"))} & {"smtp", "relay", "local", "virtual"}
    for name in sorted(waiting):
        key, words = main_key(host, "defer_transports"), f"keep all mail for {name} in the queue"
        yield Consequence(key, words, "remove it from the list")


def _transport(host: HostSettings, parameter: str, text: str) -> Iterator[Consequence]:
    name = text.partition(":")[0].strip()
    key = main_key(host, parameter)
    if not name or "$" in name:
        return
    if name == "discard":
        choice = Choice.OPEN if parameter in TRANSPORT_TABLES else Choice.NEVER
        yield Consequence(
            key, f"discard mail by {parameter}", "name a transport that delivers", choice=choice
        )
    elif parameter in host.postfix_main and f"{name}/unix" not in host.postfix_services:
        yield Consequence(
            key,
            f"keep mail for the transport {name} in the queue",
            f"correct the name, or add {name}/unix to {MASTER}",
            "because master.cf has no such service",
            Choice.NEVER,
        )


def hops(host: HostSettings) -> Iterator[Consequence]:
    """Yield the next hops that are the host itself, or that cannot exist."""
    for parameter in HOPS:
        for hop in items(value(host, parameter)):
            yield from _hop(host, parameter, hop)
    for parameter in HOP_TABLES:
        for hop in _entries(value(host, parameter)):
            yield from _hop(host, parameter, hop)
    # Those of mail_relay are among the mistakes of relays.
    for parameter in (one for one in (*TRANSPORTS, *TRANSPORT_TABLES) if one in host.postfix_main):
        text = value(host, parameter)
        for entry in _entries(text) if parameter in TRANSPORT_TABLES else [text]:
            transport, _, hop = entry.partition(":")
            if program(host.postfix_services.get(f"{transport}/unix", "")) == "smtp" and hop:
                yield from _hop(host, parameter, hop)


def _hop(host: HostSettings, parameter: str, hop: str) -> Iterator[Consequence]:
    name, port = split_hop(hop)
    key = main_key(host, parameter, "mail_relay" if parameter == "relayhost" else "")
    bare = not hop.startswith("[")
    if port in PORTS and (name in LOCALHOST | _own_names(host) or (bare and _receives(host, name))):
        words, why = f"send mail to itself by {parameter}", f"because {hop} is this host"
        yield Consequence(key, words, "name another server, or remove it", why, Choice.NEVER)
    elif name.endswith(".invalid"):  # RFC 2606
        words, why = f"keep mail for {hop} in the queue", "because that name does not exist"
        yield Consequence(key, words, "name a server that exists", why, Choice.NEVER)


def split_hop(hop: str) -> tuple[str, str]:
    """Return the name or address of a next hop, in lower case, and its port or ""."""
    found = re.fullmatch(r"\[(?:ipv6:)?([^\]]*)\](?::(\S+))?", hop, re.IGNORECASE)
    name, port = found.groups() if found else (*hop.partition(":")[::2],)
    return name.lower(), (port or "").lower()


def _own_names(host: HostSettings) -> set[str]:
    if isinstance(host, MailSettings):
        return {*host.host_names, *map(str, host.addresses)}
    return {host.hostname}


def _receives(host: HostSettings, domain: str) -> bool:
    """Tell if the MX of a domain is this host; without brackets a next hop is a domain."""
    return isinstance(host, MailSettings) and domain in host.domains


def _entries(tables: str) -> Iterator[str]:
    """Yield the values of tables that stand in the parameter itself."""
    for table in items(tables):
        if table.startswith("static:"):
            yield table.removeprefix("static:").strip("{}")
        elif found := INLINE.match(table):
            pairs = re.findall(r"\{\s*([^{}]*?)\s*\}|([^\s,={}]+\s*=\s*[^\s,{}]+)", found[1])
            for grouped, plain in pairs:
                yield (grouped or plain).partition("=")[2].strip()


def content_checks(host: HostSettings) -> Iterator[Consequence]:
    """Yield the tables of content that discard mail."""
    for parameter in CONTENT_CHECKS:
        if DISCARD.search(value(host, parameter)):
            key = main_key(host, parameter)
            fix = "write REJECT, whose sender hears about it"
            yield Consequence(key, f"discard mail by {parameter}", fix, "after it was accepted")
