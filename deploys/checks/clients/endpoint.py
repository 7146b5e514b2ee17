"""Endpoints of a mail host: its addresses on port 25, and its ports for submission."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any, Literal, TypeVar, overload

from ...mail.settings.model import MailSettings
from ...mail.settings.secret import Secret
from ..core.finding import Check, Finding
from ..core.inspection import Calls, Inspection, parallel
from ..core.target import CheckedHost, Scope
from ..core.world import World

AnyHost = TypeVar("AnyHost")
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


def smtp_endpoints(host: CheckedHost) -> tuple[Endpoint, ...]:
    """Return the endpoints of a host on port 25, one for each address."""
    return tuple(Endpoint(host.inventory_name, str(address)) for address in host.addresses)


def submission_endpoints(host: MailSettings, address: str) -> tuple[SubmissionEndpoint, ...]:
    """Return the submission ports of an address, with the first account whose password is known."""
    login, password = next(
        (
            (login, account.password)
            for login, account in host.accounts.items()
            if isinstance(account.password, Secret)
        ),
        ("", None),
    )
    ports = ((465, True), (587, False)) if host.accounts else ()
    name = host.inventory_name
    return tuple(
        SubmissionEndpoint(name, address, port, wrapped, login, password) for port, wrapped in ports
    )


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
