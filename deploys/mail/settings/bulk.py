"""
Bulk stream: the accounts, domain and addresses of mail to many recipients.

Its mail passes a second Postfix instance, so that it never delays ordinary mail. The hosts whose
`bounces` are the same are one stream, and share its secret. Its mail keeps within the limits of
receiver groups, and a new address of it within the plan of its warm-up.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from .. import postfix, shaping
from .accounts import MailAddress
from .types import (
    DomainName,
    Frozen,
    PostfixName,
    PostfixValue,
    Rate,
    SecretReference,
    WebAddress,
)
from .values.addresses import Address, HostAddress
from .values.forms import Many, Whole, Words, form

QUEUE_DAYS = 2
# Parameters of mail_postfix_main that say how mail leaves the host.
SENDING = "smtp_"
ALSO_SENDING = ("relayhost", "sender_dependent_relayhost_maps", "inet_protocols")
OF_OWN_ADDRESSES = ("smtp_bind_address", "smtp_bind_address6", "smtp_helo_name")
# A table of transports would win over these.
RELAYED = {
    *("relayhost", "sender_dependent_relayhost_maps"),
    *("default_transport", "sender_dependent_default_transport_maps"),
}


HeaderField = Annotated[
    str,
    form(
        r"([A-Za-z][A-Za-z0-9-]*(: ?[!-~]([ -~]*[!-~])?)?)?",
        "a header field",
        "its name, like 'List-Id', or its name and value, like 'X-Stream: bulk'",
    ),
    Words("header field"),
]


class BulkWebhook(Frozen):
    """Address that hears of the stream's events, and the secret that signs the requests."""

    url: WebAddress
    secret: SecretReference


class Bulk(Frozen):
    """
    Accounts, envelope domain and secret of a bulk stream, and the addresses it sends from.

    Its handler of bounces suppresses a recipient after `soft_bounces` in `soft_days`, and with
    `digests` keeps no addresses. A `database` is the URL of a PostgreSQL that all its hosts share.
    With `one_click` a web site of the host unsubscribes recipients (RFC 8058). What other accounts
    submit with a `header` is mail of the stream too.
    """

    accounts: Annotated[Many[MailAddress], Field(min_length=1)] = ()
    header: HeaderField = ""
    bounces: DomainName
    secret: SecretReference
    addresses: Many[HostAddress] = ()
    queue_days: Whole = Field(default=QUEUE_DAYS, ge=1, le=30)
    postfix_main: Mapping[PostfixName, PostfixValue] = {}
    soft_bounces: Whole = Field(default=5, ge=2, le=1000)
    soft_days: Whole = Field(default=30, ge=1, le=90)
    digests: bool = False
    one_click: bool = True
    webhook: BulkWebhook | None = None
    database: SecretReference | None = None

    @property
    def header_name(self) -> str:
        """Return the name of the header field that chooses mail; "" without one."""
        return self.header.partition(":")[0]

    @property
    def header_value(self) -> str:
        """Return the value that the field must have; "" for any."""
        return self.header.partition(":")[2].strip()

    @property
    def removed_headers(self) -> tuple[str, ...]:
        """Return the names of the header fields that no message of the stream leaves with."""
        own = (self.header_name,) if self.header_name.lower().startswith("x-") else ()
        return (postfix.BULK_MARK, *own) if self.header else ()


GroupName = Annotated[
    str,
    form(r"[a-z][a-z0-9_]*", "the name of a group", "small letters and digits like 'google'"),
    Words("name"),
]
MxName = Annotated[
    str,
    form(
        r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)+",
        "an MX host",
        "a name like 'mx.example.net', or '.example.net' for every name below it",
    ),
    Words("MX host"),
]
Count = Annotated[Whole, Field(ge=1, le=1000)]


class ReceiverLimits(Frozen):
    """Members and limits of a group; None: as the group has it by default."""

    domains: Many[DomainName] | None = None
    mx: Many[MxName] | None = None
    concurrency: Count | None = None
    recipients: Count | None = None
    rate: Rate | None = None
    messages_per_connection: Count | None = None


def receiver_groups(own: Mapping[str, ReceiverLimits | None]) -> tuple[shaping.Group, ...]:
    """Return all groups of receivers, those of the inventory and the defaults."""
    given = {
        name: None if limits is None else limits.model_dump(exclude_none=True)
        for name, limits in own.items()
    }
    return shaping.groups(given)


def _kept(own: Mapping[str, ReceiverLimits | None]) -> Mapping[str, ReceiverLimits | None]:
    for mistake in shaping.mistakes(receiver_groups(own)):
        raise ValueError(mistake)
    return own


Shaping = Annotated[Mapping[GroupName, ReceiverLimits | None], AfterValidator(_kept)]

# The way of bulk mail that a plan has no room for.
Rest = Literal["address", "host", "relay", "wait"]


def _growing(figures: tuple[int, ...]) -> tuple[int, ...]:
    for number, (one, following) in enumerate(pairwise(figures), 2):
        if following < one:
            raise ValueError(
                f"the plan shrinks on its day {number}, from {one} to {following} messages; write "
                "figures that grow"
            )
    return figures


def _several(value: object) -> object:
    """Return a list also from one plan."""
    return [value] if isinstance(value, Mapping) else value


class AddressWarmup(Frozen):
    """
    A new address of the stream, and its plan from a date on: messages a day and receiver group.

    A group pauses above `deferred` or `bounced`, in percent of the attempts of a day.
    """

    address: HostAddress
    start: date
    plan: Annotated[
        tuple[Annotated[Whole, Field(ge=1)], ...], Field(min_length=1), AfterValidator(_growing)
    ]
    rest: Rest = "address"
    deferred: Whole = Field(default=30, ge=1, le=100)
    bounced: Whole = Field(default=5, ge=1, le=100)


Warmups = Annotated[
    Many[AddressWarmup],
    BeforeValidator(_several),
    Words("dictionary with address, start, plan, rest, deferred and bounced, or list of such"),
]


def warm(addresses: Iterable[Address], plans: Iterable[AddressWarmup]) -> tuple[Address, ...]:
    """Return the addresses of a stream that are in no warm-up."""
    new = {one.address for one in plans}
    return tuple(one for one in addresses if one not in new)
