"""
Discovery of a target: the servers that take a domain's mail, from the DNS.

RFC 5321 section 5.1: mail goes to the targets of the MX records, or to the domain's own address if
it has none. RFC 7505: a single MX of "." means that the domain receives no mail.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from ...dns.answer import exchange
from ...mail import tlsa
from ...mail.errors import MailError
from ...mail.settings.verification import Verification
from ..core.target import TargetDomain, TargetServer
from ..core.world import Names, UnansweredError, addresses

MOST = 20  # servers of a domain, a bound on the queries that foreign records can cause


def discovered(settings: Verification, names: Names) -> TargetDomain:
    """Return the domain of `verify_domain` and its servers; raise MailError without a server."""
    if len(settings.domain) != 1:
        raise MailError(
            "verify_domain: write exactly one domain, or give an inventory that has hosts in the "
            "group 'mail'"
        )
    domain = settings.domain[0]
    try:
        servers = tuple(_servers(domain, names))
    except UnansweredError as problem:
        raise MailError(f"verify_domain: {problem}") from problem
    # The domain is the whole scope here, and no part of another.
    verification = settings.model_copy(update={"domain": ()})
    return TargetDomain(name=domain, hosts=servers, verification=verification)


def _servers(domain: str, names: Names) -> Iterator[TargetServer]:
    exchanges = [*map(exchange, names.lookup(domain, "MX"))]
    if "" in exchanges:
        raise MailError(f"verify_domain: {domain} receives no mail (null MX, RFC 7505)")
    found = False
    for host in exchanges[:MOST] or [domain]:
        if known := addresses(names, host):
            yield _server(host, known, domain, names)
            found = True
    if not found:
        reason = (
            f"its MX records lead to {', '.join(exchanges)}, without an address"
            if exchanges
            else "it has neither MX records nor an address, or does not exist"
        )
        raise MailError(f"verify_domain: {domain} receives no mail: {reason}")


def _server(name: str, addresses: list[str], domain: str, names: Names) -> TargetServer:
    dane = bool(names.lookup(tlsa.record_name(name), "TLSA"))
    values = {"hostname": name, "addresses": addresses, "domains": (domain,), "dane": dane}
    try:
        return TargetServer.model_validate(values)
    except ValidationError as problem:
        reason = problem.errors()[0]["msg"]
        raise MailError(f"verify_domain: {domain} has an MX {name!r}: {reason}") from problem
