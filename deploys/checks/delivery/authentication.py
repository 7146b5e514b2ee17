"""
SPF and DMARC results of a receiver, by its Authentication-Results header (RFC 8601).

Only a header with the name of the server that delivered counts, since every client can write one.
SPF (RFC 7208) is its result. DMARC (RFC 7489) needs a domain that passed SPF or DKIM, and is
aligned with the domain in the From header.
"""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import authres
import dmarc

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.world import Names, UnansweredError, World
from .exchange import Delivery
from .inspection import per_message

SPF = Check(
    "delivery.spf",
    "domain",
    "Does a receiver find that SPF passes?",
    "RFC 7208 section 8.3",
    why="A policy can be valid and still not allow the address that the mail really left from.",
    remedy="Add every address that the domain's hosts send from to its SPF policy.",
)
DMARC = Check(
    "delivery.dmarc",
    "domain",
    "Is the domain that passed SPF or DKIM the one in the From header?",
    "RFC 7489 section 3.1",
    why="Receivers believe the author's name only if SPF or DKIM passed for that very domain.",
    remedy="Sign with the domain in the From header (DKIM), and publish a DMARC policy.",
)

# RFC 8601 section 2.2: a value with colons is quoted; Exim writes smtp.remote-ip without quotes.
_BARE_IPV6 = re.compile(r"=([0-9A-Fa-f]*:[0-9A-Fa-f:.]+)")
# RFC 5321 section 4.4: the topmost Received header names the server that delivered.
_BY = re.compile(r"\bby\s+([^\s;]+)")

_WITNESS = "configure the witness to check SPF and DKIM, and to write Authentication-Results"


@per_message(SPF, DMARC, of_domain=True)
def results(delivery: Delivery, raw: bytes, _fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check the results of one message from a mail host."""
    route = delivery.route
    message = BytesParser(policy=default).parsebytes(raw)
    found = results_of(message, route.message.recipient.partition("@")[2])
    yield _spf(route.domain, route.path, found)
    yield _dmarc(route.path, _author_domain(message) or route.domain, found, world.names)


def results_of(message: EmailMessage, witness: str) -> list[Any]:
    """Return the results in the header of the server that delivered the message."""
    received = _BY.search(str(message.get("Received", "")))
    server = received[1].lower() if received else witness
    for text in message.get_all("Authentication-Results", ()):
        try:
            quoted = _BARE_IPV6.sub(r'="\1"', str(text))
            header = authres.AuthenticationResultsHeader.parse_value(quoted)
        except authres.AuthResError:
            continue
        name = str(header.authserv_id).lower()
        if name in (server, witness) or name.endswith(f".{witness}"):
            return list(header.results)
    return []


def _spf(domain: str, path: str, results: list[Any]) -> Finding:
    spf = [one for one in results if one.method == "spf"]
    result = next((one for one in spf if one.smtp_mailfrom), spf[0] if spf else None)
    if result is None:
        return SPF.unknown(domain, f"{path}: the witness wrote no SPF result", _WITNESS)
    saw = f"{path}: {result}"
    if result.result == "pass":
        return SPF.ok(domain, saw)
    if result.result == "temperror":
        return SPF.unknown(domain, saw, "fix the resolver of the witness, then verify again")
    return SPF.error(
        domain, saw, f"add every address that the hosts of {domain} send from to its SPF policy"
    )


def _dmarc(path: str, domain: str, results: list[Any], names: Names) -> Finding:
    try:
        found = _policy(domain, names)
    except (UnansweredError, dmarc.Error) as problem:
        return DMARC.unknown(domain, f"{path}: {problem}", f"correct the policy at _dmarc.{domain}")
    if found is None:
        fix = f"publish 'v=DMARC1; p=none' as TXT at _dmarc.{domain}"
        return DMARC.error(domain, f"{path}: {domain} has no DMARC policy", fix)
    verdict = dmarc.DMARC().get_result(found, auth_results=_passed(results))
    aligned = [
        method
        for method, result in (("SPF", verdict.spf), ("DKIM", verdict.dkim))
        if result is dmarc.DMARCResult.PASS
    ]
    saw = f"{path}: {' and '.join(aligned) or 'neither SPF nor DKIM'} passed for {domain}"
    if verdict.result is dmarc.DMARCResult.PASS:
        return DMARC.ok(domain, saw)
    fix = f"sign with {domain} (DKIM), or send with it in MAIL (SPF): it is in the From header"
    return DMARC.error(domain, saw, fix)


def _policy(domain: str, names: Names) -> Any:  # noqa: ANN401 - the package has no types
    """Return the policy of a domain or of the nearest domain above it that has one."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        parent = ".".join(labels[start:])
        if record := names.policy(f"_dmarc.{parent}", "v=DMARC1"):
            return dmarc.DMARC().parse_record(record, domain, parent if start else None)
    return None


def _passed(results: list[Any]) -> dmarc.AuthResults:
    passed = [one for one in results if one.result == "pass"]
    # RFC 7489 section 3.1.2: SPF counts by MAIL FROM.
    spf = [one for one in passed if one.method == "spf" and one.smtp_mailfrom]
    dkim = [one for one in passed if one.method == "dkim" and one.header_d]
    return dmarc.AuthResults(
        spf=dmarc.SPF.from_authres(spf[0]) if spf else None,
        dkim=[dmarc.DKIM.from_authres(one) for one in dkim],
    )


def _author_domain(message: EmailMessage) -> str:
    author = message["From"]
    return author.addresses[0].domain.lower() if author and author.addresses else ""
