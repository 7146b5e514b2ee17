"""Inspection of the reports that others send: each host is asked once for its sums."""

from collections.abc import Iterator

from ...mail.report_store import ReportSums
from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet
from ..core.world import UnansweredError, World
from .dmarc import DMARC, mail_in_our_name
from .reader import READER, reader
from .sums import host_sums
from .tls import TLS, tls_with_our_hosts

_OF_DOMAINS = {DMARC: mail_in_our_name, TLS: tls_with_our_hosts}


@per_fleet(READER, DMARC, TLS)
def reports(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check the readers, then the mail and the TLS that their reports are about."""
    sums = host_sums(fleet, world)
    for host in fleet.hosts:
        yield _of_reader(host.inventory_name, sums.get(host.inventory_name), world)
    known = [one for one in sums.values() if not isinstance(one, UnansweredError)]
    silent = [one for one in sums.values() if isinstance(one, UnansweredError)]
    for check, findings in _OF_DOMAINS.items():
        for domain in fleet.author_domains:
            if not sums:
                yield _not_read(check, domain)
            elif silent:
                yield check.not_checked(domain, silent[0])
            else:
                yield findings(domain, fleet, known, world.clock())


def _of_reader(name: str, sums: ReportSums | UnansweredError | None, world: World) -> Finding:
    if sums is None:
        return READER.not_applicable(name, f"{name}: no address for reports leads to this host")
    if isinstance(sums, UnansweredError):
        return READER.not_checked(name, sums)
    return reader(name, sums, world.clock())


def _not_read(check: Check, domain: str) -> Finding:
    return check.not_applicable(domain, f"{domain}: no host reads reports")
