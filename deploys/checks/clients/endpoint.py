"""Endpoints of a mail host: its addresses on port 25, and its ports for submission."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.secret import Secret
from ..core.finding import Check, Finding
from ..core.inspection import Inspection, completed, together
from ..core.world import World


@dataclass(frozen=True)
class Endpoint:
    """One address of one mail host; a port where it is not the one that strangers use."""

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
    """A port for submission, and the account that is tried there."""

    login: str = ""
    password: Secret | None = None


def smtp_endpoints(host: MailSettings) -> tuple[Endpoint, ...]:
    """Return every address of a host."""
    return tuple(Endpoint(host.inventory_name, str(address)) for address in host.addresses)


def submission_endpoints(host: MailSettings, address: str) -> tuple[SubmissionEndpoint, ...]:
    """Return the submission ports of an address, with the first account whose secret is known."""
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


OfEndpoint = Callable[[Endpoint, MailSettings, World], Iterable[Finding]]


def per_endpoint(
    *checks: Check,
    endpoints: Callable[[MailSettings], Iterable[Endpoint]] = smtp_endpoints,
    anywhere: bool = False,
    slow: bool = False,
) -> Callable[[OfEndpoint], Inspection]:
    """Decorate a function of one endpoint: every address on port 25, or what `endpoints` names."""

    def decorate(inspect: OfEndpoint) -> Inspection:
        def run(fleet: Fleet, world: World) -> Iterator[Finding]:
            return together(
                partial(completed, checks, one.host, partial(inspect, one, host, world))
                for host in fleet.hosts
                for one in endpoints(host)
            )

        return Inspection(run, checks, anywhere, slow)

    return decorate
