"""
Settings of the checks: `verify_*` keys of the inventory, or from `--data`.

One run checks all hosts, so a key has one value: in `group_data/all.py`, or the same on every host.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from ..names import mail_address
from .secret import Secret
from .types import (
    CertificateFile,
    DomainName,
    EmailAddress,
    Frozen,
    SecretReference,
)
from .values.addresses import Address
from .values.forms import Whole, Words, form

PREFIX = "verify_"


def _listed(value: object) -> object:
    """Return a list also from one text of `--data`, like `dns.*,smtp.relay`."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def receiver_of(value: object) -> str:
    """Return a mail address, the URL of a webhook or ""; raise ValueError for other values."""
    text = str(value)
    if text.startswith("https://") and text.isprintable() and " " not in text:
        return text
    with suppress(ValueError):
        return "" if value == "" else mail_address(text)
    # The value is not shown: the URL of a webhook is all that its users need.
    raise ValueError(
        "the value (masked here) is not valid; write a mail address, an https:// URL, or a "
        "reference to one like env('WEBHOOK')"
    )


def _receiver(value: object) -> Secret | str:
    return value if isinstance(value, Secret) else receiver_of(value)


def _sink(value: object) -> object:
    """Return a sink also from its address alone; "" is none."""
    return ({"address": value} if value else None) if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
DomainNames = Annotated[tuple[DomainName, ...], BeforeValidator(_listed)]
ListedAddresses = Annotated[tuple[Address, ...], BeforeValidator(_listed)]
Receiver = Annotated[
    Secret | str,
    PlainValidator(_receiver),
    Words("mail address, https:// URL or reference to a secret"),
]


class Waiver(Frozen):
    """A known finding that the operator accepts, with the reason and the last day."""

    id: str = Field(min_length=1)
    host: str = ""
    domain: str = ""
    reason: str = Field(min_length=1)
    until: date


class OutsideMailbox(Frozen):
    """A mailbox at another provider, read by IMAP over TLS (RFC 8314 section 3.2)."""

    address: EmailAddress
    imap: Annotated[
        str, form(r"[A-Za-z0-9.:-]+", "a server", "its name like 'imap.provider.example'")
    ]
    login: Annotated[str, form(r"[^\r\n]+", "a login", "it in one line")]
    password: SecretReference
    folder: Annotated[str, form(r"[ -~]+", "a folder", "its name in ASCII, like 'INBOX'")] = "INBOX"
    port: Whole = Field(default=993, ge=1, le=65535)
    ca_file: CertificateFile = ""

    @property
    def host(self) -> str:
        """Return the host, for the report."""
        return self.imap

    @property
    def path(self) -> str:
        """Return the folder, for the report."""
        return self.folder

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the folders in which a message can arrive."""
        return (self.folder,)


class Sink(Frozen):
    """An address whose mail comes to the controller, where the run opens an SMTP server.

    The domain has an MX record for this machine, or is an address literal (RFC 5321 section 4.1.3).
    """

    address: Annotated[
        str,
        form(
            r"[^@\s]+@([^@\s\[\]]+|\[(IPv6:)?[0-9A-Fa-f.:]+\])",
            "an address",
            "one like 'probe@sink.example.org' or 'probe@[203.0.113.9]'",
        ),
    ]
    listen: Annotated[
        str, form(r"[0-9A-Fa-f.:]*", "an IP address", "one of this machine, or ''")
    ] = ""
    port: Whole = Field(default=25, ge=1, le=65535)

    @property
    def name(self) -> str:
        """Return the name in the greeting."""
        domain = self.address.rpartition("@")[2]
        return "sink.verification.invalid" if domain.startswith("[") else domain

    @property
    def host(self) -> str:
        """Return the host, for the report."""
        return "this machine"

    @property
    def path(self) -> str:
        """Return the port, for the report."""
        return f"the sink at port {self.port}"


class Verification(Frozen):
    """Checks, on all hosts alike."""

    only: Annotated[Listed, Words("list of ids")] = Field(
        default=(),
        description="Ids of checks, or patterns like dns.*; none: all checks.",
        examples=['["dns.*", "smtp.relay"]'],
    )
    severity: Literal["", "error", "warning"] = Field(
        default="", description="Only checks that can be as bad as this."
    )
    host: Annotated[Listed, Words("list of host names")] = Field(
        default=(),
        description="Only these hosts of the inventory.",
        examples=['["mx1.example.org"]'],
    )
    domain: DomainNames = Field(
        default=(),
        description="Only these domains; without an inventory any domains.",
        examples=['["example.org"]'],
    )
    resolvers: ListedAddresses = Field(
        default=(),
        description="Resolvers whose answers are compared with those of the zones' own servers; "
        "none: mail_resolvers.",
        examples=['["192.0.2.53"]'],
    )
    fast: bool = Field(default=False, description="Leave test messages and scans out.")
    fail_on: Literal["error", "unknown", "warning", "info"] = Field(
        default="error", description="Least severity that fails the run."
    )
    waivers: tuple[Waiver, ...] = Field(
        default=(),
        description="Known findings, each with a reason and its last day.",
        examples=['[{"id": "smtp.tls", "reason": "it moves", "until": "2027-01-31"}]'],
    )
    blocklists: DomainNames | None = Field(
        default=None,
        description="DNS blocklists to ask; None: a few large ones.",
        examples=['["dnsbl.example.net"]'],
    )
    mailboxes: tuple[OutsideMailbox, ...] = Field(
        default=(),
        description="Mailboxes at other providers that get test messages, read by IMAP.",
        examples=[
            (
                '[{"address": "me@example.net", "imap": "imap.example.net", "login": "me", '
                '"password": env("IMAP")}]'
            )
        ],
    )
    sink: Annotated[Sink | None, BeforeValidator(_sink)] = Field(
        default=None,
        description="Address whose mail comes to the controller, where the run opens an SMTP "
        "server.",
        examples=['"probe@[203.0.113.9]"'],
    )
    bulk: Annotated[Listed, Words("list of files")] = Field(
        default=(),
        description="Files on the controller: samples of your bulk mail, as delivered.",
        examples=['["samples/newsletter.eml"]'],
    )
    list: Annotated[
        str, form(r"[^\n\0]*", "a file", "its name like 'customers.csv', or ''"), Words("file")
    ] = Field(
        default="",
        description="File on the controller with the addresses of a list, CSV or one a line: "
        "deploys/verify.py checks this list and nothing else.",
        examples=['"customers.csv"'],
    )
    notify: Receiver = Field(
        default="",
        description="Receiver of a notice when the report differs from the last one.",
        examples=['env("WEBHOOK")'],
    )
    timer: Annotated[
        str,
        form(r"[^\n]*", "a calendar event", "one line like 'daily' or '*-*-* 06:00'"),
        Words("calendar event of systemd"),
    ] = Field(
        default="",
        description='Times at which a timer on the controller runs the checks; "": no timer.',
        examples=['"daily"'],
    )
    metrics: Annotated[
        str,
        form(r"(/.*)?", "an absolute path", "the directory of the textfile collector, or ''"),
        Words("absolute path"),
    ] = Field(
        default="",
        description="Directory of node_exporter's textfile collector.",
        examples=['"/var/lib/prometheus/node-exporter"'],
    )

    @property
    def limits(self) -> tuple[str, ...]:
        """Return what limits the run to a part of the checks, in words; () for a whole run."""
        selected = (("", self.only), ("host ", self.host), ("domain ", self.domain))
        words = [f"only {what}{', '.join(names)}" for what, names in selected if names]
        severe = [f"only checks that can be as bad as {self.severity}"] if self.severity else []
        return (*words, *severe, *(["without messages and scans"] if self.fast else []))


def verify_keys() -> tuple[str, ...]:
    """Return every `verify_*` key that an inventory may hold."""
    return tuple(f"{PREFIX}{field}" for field in Verification.model_fields)


def common_values(data: Mapping[str, Mapping[str, Any]], mistakes: list[str]) -> dict[str, Any]:
    """Return the value of each key; hosts with different values are a mistake."""
    found: dict[str, tuple[str, Any]] = {}
    for name, host in data.items():
        for key in sorted(key for key in host if key.startswith(PREFIX)):
            first, value = found.setdefault(key, (name, host[key]))
            if value != host[key]:
                mistakes.append(
                    f"{name}: {key} has another value on {first}, and one run checks all hosts; "
                    "write it in group_data/all.py"
                )
    return {key: value for key, (_, value) in found.items()}


def unknown_subjects(
    verification: Verification, hosts: Collection[str], domains: Collection[str] | None
) -> Iterator[str]:
    """Yield a mistake for each host and domain that is not in the inventory, if that is known."""
    for key, wanted, known in (
        ("host", verification.host, hosts),
        ("domain", verification.domain, domains),
    ):
        for name in wanted if known is not None else ():
            if known is not None and name not in known:
                near = get_close_matches(name, known, n=1)
                fix = f"did you mean {near[0]}?" if near else f"write one of {', '.join(known)}"
                yield f"{PREFIX}{key}: {name} is not a {key} of the group 'mail'; {fix}"
