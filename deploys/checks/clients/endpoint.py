"""Endpoints of a mail host: its addresses on port 25, its ports for users, and its mailboxes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any, Literal, TypeVar, overload

from ...mail.settings.model import MailSettings
from ...mail.settings.secret import Secret
from ...mail.settings.verification import OutsideMailbox
from ...mail.units import IMAPS_PORT, POP3S_PORT
from ..core.finding import Check, Finding
from ..core.inspection import Calls, Inspection, parallel
from ..core.target import CheckedHost, Scope
from ..core.world import World

AnyHost = TypeVar("AnyHost")
JUNK = "Junk"  # the folder of a mailbox for spam
FULL = ("552 5.2.2", "452 4.2.2")  # replies of our hosts for a mailbox over its quota
OF_FULL = "ask its user to delete messages, or raise the quota in mail_mailboxes"
OfEndpoint = Callable[["Endpoint", AnyHost, World], Iterable[Finding]]


@dataclass(frozen=True)
class Endpoint:
    """An address of a server, and its port; 0 stands for the port of the world, 25."""

    host: str
    address: str
    port: int = 0
    wrapped: bool = False  # in TLS from the first octet (RFC 8314 section 3.3)

    def __str__(self) -> str:
        return f"{self.host} at {self.address}" + (f" port {self.port}" if self.port else "")

    @property
    def family(self) -> str:
        """Return IPv4 or IPv6."""
        return f"IPv{ip_address(self.address).version}"


@dataclass(frozen=True)
class SubmissionEndpoint(Endpoint):
    """A port for submission, and the account for it."""

    login: str = ""
    password: Secret | None = None


class HomeMailbox(OutsideMailbox):
    """
    A mailbox of a mail host, at its addresses of which one is tried after the other.

    Its certificate is not verified here, but by a check of its own.
    """

    inventory_name: str
    at: tuple[str, ...]

    @property
    def host(self) -> str:
        """Return the host, for the report."""
        return self.inventory_name

    @property
    def path(self) -> str:
        """Return the mailbox, for the report."""
        return f"the mailbox {self.address}"

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the folders in which mail may be filed: the host judges what comes in."""
        return (self.folder, JUNK)


def literal(address: str) -> str:
    """Return an address as it stands before a port (RFC 3986 section 3.2.2)."""
    return f"[{address}]" if ":" in address else address


def smtp_endpoints(host: CheckedHost) -> tuple[Endpoint, ...]:
    """Return the endpoints of a host on port 25, one for each address."""
    return tuple(Endpoint(host.inventory_name, str(address)) for address in host.addresses)


def submission_endpoints(host: MailSettings, address: str) -> tuple[SubmissionEndpoint, ...]:
    """Return the submission ports of an address, with the first account whose password is known."""
    login, password = next(
        (
            (login, account.password)
            for login, account in host.ordinary_accounts.items()
            if isinstance(account.password, Secret)
        ),
        ("", None),
    )
    ports = ((465, True), (587, False)) if host.logins else ()
    name = host.inventory_name
    return tuple(
        SubmissionEndpoint(name, address, port, wrapped, login, password) for port, wrapped in ports
    )


def mailbox_endpoints(host: CheckedHost, address: str) -> tuple[Endpoint, ...]:
    """Return the ports of an address at which mailboxes are read, in TLS from the first octet."""
    offered = host.mailbox_services if isinstance(host, MailSettings) else ()
    wrapped = {"imaps": IMAPS_PORT, "pop3s": POP3S_PORT}
    ports = [port for service, port in wrapped.items() if service in offered]
    return tuple(Endpoint(host.inventory_name, address, port, wrapped=True) for port in ports)


def home_mailbox(host: MailSettings, address: str) -> HomeMailbox | None:
    """Return a mailbox of a host, or None without one or where only its hash is known."""
    known = host.mailboxes.get(address)
    if not known or not isinstance(known.password, Secret):
        return None
    return HomeMailbox(
        address=address,
        imap=host.hostname,
        login=address,
        password=known.password,
        inventory_name=host.inventory_name,
        at=tuple(map(str, host.addresses)),
    )


def tls_endpoints(host: CheckedHost) -> tuple[Endpoint, ...]:
    """Return port 25 of every address, and the ports for users of the first."""
    if isinstance(host, MailSettings):
        first = str(host.addresses[0])
        users = *submission_endpoints(host, first), *mailbox_endpoints(host, first)
        return (*smtp_endpoints(host), *users)
    return smtp_endpoints(host)


def certified_endpoints(host: CheckedHost) -> tuple[Endpoint, ...]:
    """Return port 25 and the ports of mailboxes, at every address."""
    mailboxes = (one for each in host.addresses for one in mailbox_endpoints(host, str(each)))
    return (*smtp_endpoints(host), *mailboxes)


def allows_old(endpoint: Endpoint, host: CheckedHost) -> bool:
    """Return whether the host's settings welcome peers with old TLS at an endpoint: port 25."""
    profile = host.tls_profile if isinstance(host, MailSettings) else "strict"
    return profile == "interoperable" and not endpoint.port


@overload
def per_endpoint(
    *checks: Check,
    anywhere: Literal[True],
    endpoints: Callable[[CheckedHost], Iterable[Endpoint]] = smtp_endpoints,
    slow: bool = False,
) -> Callable[[OfEndpoint[CheckedHost]], Inspection]: ...
@overload
def per_endpoint(
    *checks: Check,
    anywhere: Literal[False] = False,
    endpoints: Callable[[MailSettings], Iterable[Endpoint]] = smtp_endpoints,
    slow: bool = False,
) -> Callable[[OfEndpoint[MailSettings]], Inspection]: ...
def per_endpoint(
    *checks: Check,
    anywhere: bool = False,
    endpoints: Callable[[Any], Iterable[Endpoint]] = smtp_endpoints,
    slow: bool = False,
) -> Callable[[OfEndpoint[Any]], Inspection]:
    """Decorate a function of one endpoint: by default, of each address on port 25."""

    def decorate(inspect: OfEndpoint[Any]) -> Inspection:
        def calls(scope: Scope, world: World) -> Calls:
            return (
                (endpoint.host, partial(inspect, endpoint, host, world))
                for host in scope.hosts
                for endpoint in endpoints(host)
            )

        return Inspection(partial(parallel, checks, calls), checks, anywhere, slow)

    return decorate
