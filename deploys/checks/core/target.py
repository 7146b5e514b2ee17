"""
Targets: a domain that is in no inventory, and the servers that take its mail.

Only their DNS records are known. There are no settings, so nothing is demanded of them.
"""

from collections.abc import Mapping

from pydantic import BaseModel

from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.site import Site
from ...mail.settings.types import DomainName
from ...mail.settings.values.addresses import Address
from ...mail.settings.verification import Verification


class TargetServer(BaseModel, frozen=True):
    """A server to which MX records lead; `dane` if its name has TLSA records."""

    hostname: DomainName
    addresses: tuple[Address, ...]
    domains: tuple[DomainName, ...]
    dane: bool = False

    @property
    def inventory_name(self) -> str:
        """Return the name that findings give it."""
        return self.hostname

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return the only name by which it is known."""
        return (self.hostname,)


class TargetDomain(BaseModel, frozen=True):
    """A domain to check, with the servers that take its mail."""

    name: DomainName
    hosts: tuple[TargetServer, ...]
    verification: Verification = Verification()

    @property
    def domains(self) -> tuple[str, ...]:
        """Return the domain, as a fleet returns those of all its hosts."""
        return (self.name,)

    @property
    def author_domains(self) -> tuple[str, ...]:
        """Return the domain, which may send mail."""
        return self.domains

    def hosts_for(self, _domain: str) -> tuple[TargetServer, ...]:
        """Return the servers of the domain."""
        return self.hosts


CheckedHost = MailSettings | TargetServer
Scope = Fleet | TargetDomain


def helo_names(host: CheckedHost) -> Mapping[Address, str]:
    """Return every address by which mail leaves a host, with the name in HELO there."""
    names = dict.fromkeys(host.addresses, host.hostname)
    if isinstance(host, MailSettings) and host.bulk:
        names |= dict.fromkeys(host.bulk.addresses, host.bulk_name)
    return names


def autoconfig_sites(scope: Scope, domain: str) -> tuple[Site, ...]:
    """Return the web sites that have documents for a domain's mail programs, one per host."""
    sites = (site for host in demanding(scope, domain) for site in host.sites)
    return tuple(site for site in sites if site.domain == domain and site.autoconfig)


def publishing(scope: Scope, domain: str) -> tuple[MailSettings, ...]:
    """Return the hosts that send mail for a domain and publish its policies; none for a target."""
    hosts = scope.hosts if isinstance(scope, Fleet) else ()
    return tuple(host for host in hosts if domain in host.author_domains)


def demanding(scope: Scope, domain: str) -> tuple[MailSettings, ...]:
    """Return the hosts of a domain that have settings; none for a target."""
    return tuple(host for host in scope.hosts_for(domain) if isinstance(host, MailSettings))


def resolvers_of(scope: Scope) -> tuple[str, ...]:
    """Return the resolvers of the mail hosts, or those of the checks; none: the system's own."""
    hosts = scope.hosts if isinstance(scope, Fleet) else ()
    found = [one for host in hosts for one in host.resolvers] or scope.verification.resolvers
    return tuple(dict.fromkeys(map(str, found)))
