"""Map of the servers: each domain, the hosts that its MX records name, and their addresses."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, Severity
from ..core.report import MailHost, Report


@dataclass(frozen=True)
class AddressNode:
    """An address of a host, and the worst severity of what was seen there."""

    address: str
    severity: Severity


@dataclass(frozen=True)
class HostNode:
    """A host of a domain; `named` tells whether every name server has an MX record of it."""

    name: str
    hostname: str
    named: bool | None
    severity: Severity
    addresses: tuple[AddressNode, ...]


@dataclass(frozen=True)
class DomainNode:
    """A domain, and the worst severity of its records."""

    domain: str
    severity: Severity
    hosts: tuple[HostNode, ...]


def server_map(report: Report) -> list[DomainNode]:
    """Return the domains of a report's hosts, each with its hosts."""
    domains = dict.fromkeys(domain for host in report.hosts for domain in host.domains)
    return [_domain(domain, report) for domain in domains]


def _domain(domain: str, report: Report) -> DomainNode:
    about = [one for one in report.findings if (one.about, one.subject) == ("domain", domain)]
    records = [one for one in about if one.id.startswith("dns.")]
    hosts = tuple(_host(host, about, report) for host in report.hosts if domain in host.domains)
    return DomainNode(domain, _worst(records), hosts)


def _host(host: MailHost, of_domain: Iterable[Finding], report: Report) -> HostNode:
    own = [one for one in report.findings if (one.about, one.subject) == ("host", host.name)]
    return HostNode(
        host.name,
        host.hostname,
        _named(host.hostname, of_domain),
        _worst(one for one in own if one.id.startswith(("host.", "run."))),
        tuple(AddressNode(one, _of_address(host.name, one, own)) for one in host.addresses),
    )


def _named(hostname: str, of_domain: Iterable[Finding]) -> bool | None:
    seen = [one.record for one in of_domain if one.id == "dns.mx" and one.record]
    targets = [{value.split()[-1].rstrip(".").lower() for value in one.found} for one in seen]
    return all(hostname in names for names in targets) if targets else None


def _of_address(name: str, address: str, own: Iterable[Finding]) -> Severity:
    place = f"{name} at {address}"
    return _worst(one for one in own if f"{one.saw} ".find(f"{place} ") >= 0)


def _worst(findings: Iterable[Finding]) -> Severity:
    severities = [one.severity for one in findings if one.applies]
    return min(severities, key=WORST_FIRST.index, default=Severity.OK)
