"""
A domain whose servers are in no inventory: where its mail goes, as the DNS says.

RFC 5321 section 5.1: mail goes where the MX records lead, and to the domain's own address if it has
none. RFC 7505: a single MX of "." means that the domain takes no mail.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from ...mail import tlsa
from ...mail.errors import MailError
from ...mail.settings.model import Fleet, MailSettings
from ...mail.settings.verification import Verification
from ..core.world import Names, UnansweredError, addresses

MOST = 20  # hosts of a domain, a bound on what a stranger's records can make us ask


def discovered(asked: Verification, names: Names) -> Fleet:
    """Return the hosts that take the mail of a domain; raise MailError if there are none."""
    if len(asked.domain) != 1:
        raise MailError(
            "verify_domain: write the one domain to look at, or give an inventory that has hosts "
            "in the group 'mail'"
        )
    domain = asked.domain[0]
    try:
        hosts = tuple(_hosts(domain, names))
    except UnansweredError as problem:
        raise MailError(f"verify_domain: {problem}") from problem
    # What is said of a whole domain is no part of anything.
    words = asked.model_copy(update={"domain": ()})
    return Fleet(hosts=hosts, verification=words, foreign=True)


def _hosts(domain: str, names: Names) -> Iterator[MailSettings]:
    exchanges = [value.split()[-1] for value in names.lookup(domain, "MX")]
    if "." in exchanges:
        raise MailError(f"verify_domain: {domain} takes no mail (null MX, RFC 7505)")
    found = False
    for exchange in sorted(exchanges)[:MOST] or [domain]:
        host = exchange.removesuffix(".").lower()
        if known := addresses(names, host):
            yield _host(host, known, domain, names)
            found = True
    if not found:
        reason = (
            f"its MX records lead to {', '.join(exchanges)}, without an address"
            if exchanges
            else "it has neither MX records nor an address, or does not exist"
        )
        raise MailError(f"verify_domain: {domain} takes no mail: {reason}")


def _host(name: str, addresses: list[str], domain: str, names: Names) -> MailSettings:
    try:
        return MailSettings.model_validate(
            {
                "inventory_name": name,
                "hostname": name,
                "addresses": addresses,
                "domains": (domain,),
                "dane": bool(names.lookup(tlsa.record_name(name), "TLSA")),
                "tls": "files",
            }
        )
    except ValidationError as problem:
        reason = problem.errors()[0]["msg"]
        raise MailError(f"verify_domain: {domain} has an MX {name!r}: {reason}") from problem
