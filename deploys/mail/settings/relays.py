"""
Relays: servers that get the mail of a mail host in place of the MX of each domain.

`mail_relay` is one relay for all mail, or a table by sender and by recipient domain. Each relay
with its login is a transport of master.cf: TLS, certificates and password are its own, and several
accounts at one server are never confused. Recipients decide before senders, as in Postfix.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .. import paths
from ..errors import MailError
from ..names import domain_name, mail_address
from ..spf_terms import parsed
from .mistakes.sentences import HIDDEN, shown
from .types import CertificateFile, Frozen, Relay, SecretReference, relay_host
from .values.forms import Words, form

ALL, DIRECT = "*", "direct"
WARMUP = "warmup"  # bulk mail that a warm-up has no room for
SUBMISSIONS = "465"  # RFC 8314 section 3.3: TLS from the first octet
DEFAULT_TRANSPORT, RECIPIENT_MAPS = "default_transport", "transport_maps"
SENDER_MAPS = "sender_dependent_default_transport_maps"
# Parameters by which Postfix finds the next hop of mail to other hosts.
NEXT_HOPS = (
    *(DEFAULT_TRANSPORT, RECIPIENT_MAPS, SENDER_MAPS, "relayhost"),
    "sender_dependent_relayhost_maps",
)


def _terms(value: object) -> tuple[str, ...]:
    """Return mechanisms of SPF that permit senders, from a text or a list."""
    given = value.split() if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise ValueError(_not_spf(value))  # noqa: TRY004 - pydantic hides a TypeError
    for text in map(str, given):
        try:
            term = parsed(text)
        except MailError as error:
            raise ValueError(f"{error}") from None
        if term.qualifier != "+" or term.name == "all":
            raise ValueError(_not_spf(text))
    return tuple(map(str, given))


def _not_spf(value: object) -> str:
    return (
        f"{shown(value)} is not a mechanism that permits a relay; "
        "write one like 'include:spf.relay.example'"
    )


def _subject(value: object) -> str:
    """Return a key of the table: all mail, a sender, a sender domain or a recipient domain."""
    text = str(value)
    if text in (ALL, WARMUP):
        return text
    try:
        if "@" in text.lstrip("@"):
            return mail_address(text).lower()
        mark = text[:1] if text[:1] in ("@", ".") else ""
        return f"{mark}{domain_name(text.removeprefix(mark))}"
    except ValueError:
        raise ValueError(
            f"{shown(value)} names no mail; write '*' for all, '@example.org' or "
            "'anna@example.org' for a sender, 'example.net' or '.example.net' for recipients"
        ) from None


def _server(value: object) -> object:
    """Return a relay also from its name and port alone; None stands for the MX of each domain."""
    if isinstance(value, str):
        return None if value == DIRECT else {"host": relay_host(value)}
    if value is None or isinstance(value, Mapping):
        return value
    raise ValueError(
        f"{HIDDEN} is not a relay; write one like 'smtp.example.org:587', 'direct', or a "
        "dictionary with 'host', 'login' and 'password'"
    )


def _table(value: object) -> object:
    if isinstance(value, Mapping):
        return value
    return {ALL: _server(value)} if value else {}


Login = Annotated[str, form(r"[^\s:]*", "a login", "it without spaces and colons")]
RelayTls = Literal["secure", "encrypt", "may"]
SpfTerms = Annotated[tuple[str, ...], BeforeValidator(_terms), Words("mechanisms of SPF")]


class RelayServer(Frozen):
    """A server that relays, with the account there, TLS, and its part of SPF policies."""

    host: Relay
    login: Login = ""
    password: SecretReference | None = Field(default=None, repr=False)
    tls: RelayTls = "secure"
    ca: CertificateFile = Field(default="", repr=False)
    spf: SpfTerms = ()

    @property
    def name(self) -> str:
        """Return the name of the server."""
        return self.host.partition(":")[0]

    @property
    def wrapped(self) -> bool:
        """Tell whether TLS begins with the first octet."""
        return self.host.endswith(f":{SUBMISSIONS}")


RelayTable = Annotated[
    Mapping[
        Annotated[str, BeforeValidator(_subject)],
        Annotated[RelayServer | None, BeforeValidator(_server)],
    ],
    BeforeValidator(_table),
    Words("name:port, or dictionary from senders and recipients to relays"),
]


def next_hop(host: str) -> str:
    """Return a relay as Postfix writes it; the brackets mean that no MX record is looked up."""
    name, _, port = host.partition(":")
    return f"[{name}]:{port}"


@dataclass(frozen=True)
class Relays:
    """The relays of a host by sender and recipient; None stands for the MX of each domain."""

    table: Mapping[str, RelayServer | None]

    @cached_property
    def transports(self) -> Mapping[str, RelayServer]:
        """The relays by the name of their transport in master.cf."""
        servers = dict.fromkeys(_plain(one) for one in self.table.values() if one)
        return {f"relay{number}": one for number, one in enumerate(servers, 1)}

    @property
    def with_login(self) -> Mapping[str, RelayServer]:
        """The relays with a password, by transport."""
        return {name: one for name, one in self.transports.items() if one.password}

    @property
    def keys(self) -> Mapping[str, str]:
        """The first key of the table with each relay, by transport."""
        found = {_plain(one): key for key, one in reversed([*self.table.items()]) if one}
        return {name: found[one] for name, one in self.transports.items()}

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of main.cf that choose a relay."""
        of_all = {DEFAULT_TRANSPORT: self._way(ALL)} if self.table.get(ALL) else {}
        senders = {SENDER_MAPS: f"lmdb:{paths.RELAY_SENDERS}"} if self.senders else {}
        recipients = {RECIPIENT_MAPS: f"lmdb:{paths.RELAY_RECIPIENTS}"} if self.recipients else {}
        return {**of_all, **senders, **recipients}

    @property
    def services(self) -> Mapping[str, str]:
        """The services of master.cf, one for each relay."""
        return {
            f"{name}/unix": " ".join(("- - y - - smtp", *_options(name, one)))
            for name, one in self.transports.items()
        }

    @property
    def senders(self) -> Mapping[str, str]:
        """The transport of each sender and sender domain."""
        return {key: self._way(key) for key in self.table if "@" in key}

    @property
    def recipients(self) -> Mapping[str, str]:
        """The transport of each recipient domain, in the syntax of transport(5)."""
        keys = (key for key in self.table if key not in (ALL, WARMUP) and "@" not in key)
        return {key: self._way(key) if self.table[key] else "smtp:" for key in keys}

    @property
    def warmup(self) -> str:
        """The transport of bulk mail that a warm-up has no room for; "" without one."""
        return self._way(WARMUP) if self.table.get(WARMUP) else ""

    @property
    def everything(self) -> bool:
        """Tell whether all mail to other hosts goes through relays."""
        return bool(self.table.get(ALL)) and all(self.table.values())

    def of_domain(self, domain: str) -> Iterator[RelayServer]:
        """Yield the relays that may get mail from a sender domain."""
        for key, one in self.table.items():
            if one and ("@" not in key or key.rpartition("@")[2] == domain):
                yield one

    def of(self, key: str) -> RelayServer | None:
        """Return the relay of a key; one that the table does not have gets that of all mail."""
        return self.table.get(key, self.table.get(ALL))

    def _way(self, key: str) -> str:
        server = self.table[key]
        if not server:
            return "smtp"
        plain = _plain(server)
        name = next(name for name, one in self.transports.items() if one == plain)
        return f"{name}:{next_hop(server.host)}"


def _plain(server: RelayServer) -> RelayServer:
    """Return a relay without what concerns the DNS alone."""
    return server.model_copy(update={"spf": ()})


def _options(name: str, server: RelayServer) -> Iterator[str]:
    """Yield the options of a relay's transport: TLS, certificates and login."""
    yield "-o syslog_name=postfix/$service_name"
    # Its level holds, not the policy that a domain publishes, and not that of mail to an MX.
    yield f"-o smtp_tls_security_level={server.tls} -o smtp_tls_policy_maps="
    yield "-o smtp_tls_mandatory_protocols=>=TLSv1.2"
    if server.wrapped:
        yield "-o smtp_tls_wrappermode=yes"
    if server.ca:
        yield f"-o smtp_tls_CAfile={paths.relay_ca(name)}"
    if server.password:
        yield "-o smtp_sasl_auth_enable=yes"
        yield f"-o smtp_sasl_password_maps=lmdb:{paths.relay_password(name)}"
        # Under TLS the server expects a plain password.
        yield "-o smtp_sasl_tls_security_options=noanonymous"
