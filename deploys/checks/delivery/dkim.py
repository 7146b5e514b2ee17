"""
What a stranger makes of our DKIM signatures (RFC 6376), by his own Authentication-Results.

A host signs each message twice, with RSA and with Ed25519 (RFC 8463). The first has to pass
everywhere; a receiver that does not know the second says nothing of it, and that is no fault.
"""

from collections.abc import Iterable, Iterator
from email.parser import BytesParser
from email.policy import default
from typing import Any

from ...mail import dkim
from ...mail.settings import dkim_keys
from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from .authentication import results_of
from .dkim_signature import signatures
from .exchange import Delivery

DKIM = Check(
    "delivery.dkim",
    "domain",
    "Does a stranger find that both signatures pass?",
    "RFC 8601 section 2.7.1",
    why="A signature that does not verify makes mail look forged, or changed on its way.",
    remedy="Let every name server answer with the key that signs, then deploy.",
)

_BEFORE = "mend delivery.arrived first"
_DNS = "let every name server answer with its record (dns.dkim), then deploy"
_SIGN = "see whether smtpd_milters names rspamd, at each port that takes it, and what rspamd says"
_WITNESS = "let the witness check DKIM and write Authentication-Results"


def verified(deliveries: Iterable[Delivery], fleet: Fleet) -> Iterator[Finding]:
    """Judge each message that a mail host sent to a witness."""
    hosts = {host.inventory_name: host for host in fleet.hosts}
    for delivery in deliveries:
        route = delivery.route
        host = hosts.get(route.host)
        if host and route.message.sender.partition("@")[2] == route.domain:
            yield from judged(delivery, host)


def judged(delivery: Delivery, host: MailSettings) -> Iterator[Finding]:
    """Judge both signatures of one message."""
    route = delivery.route
    if delivery.received is None:
        yield DKIM.unknown(route.domain, f"{route.path}: it did not arrive", _BEFORE)
        return
    message = BytesParser(policy=default).parsebytes(delivery.received.raw)
    results = results_of(message, route.message.recipient.partition("@")[2])
    tags = [one for one in signatures(message) if one.get("d", "").lower() == route.domain]
    signed = {one.get("s", "") for one in tags}
    for algorithm in dkim.ALGORITHMS:
        ours = [dkim_keys.selector(host, slot, algorithm) for slot in dkim.SLOTS]
        selector = next((one for one in ours if one in signed), None)
        saw = f"{route.path}: signature {selector or ours[0]}"
        if selector is None:
            yield DKIM.error(route.domain, f"{saw} is missing", _DNS if signed else _SIGN)
        else:
            yield _result(route.domain, saw, algorithm, _of(results, route.domain, selector))


def _result(domain: str, saw: str, algorithm: str, result: str) -> Finding:
    if result == "pass":
        return DKIM.ok(domain, f"{saw} passed")
    if not result and algorithm == "ed25519":
        fix = "nothing to do: not every receiver knows Ed25519 (RFC 8463)"
        return DKIM.info(domain, f"{saw}: the witness wrote no result of it", fix)
    if not result:
        return DKIM.unknown(domain, f"{saw}: the witness wrote no result of it", _WITNESS)
    if result == "temperror":
        fix = "let the witness resolve names, and verify again"
        return DKIM.unknown(domain, f"{saw}: {result}", fix)
    return DKIM.error(domain, f"{saw}: {result}", "let its record hold the key that signs")


def _of(results: Iterable[Any], domain: str, selector: str) -> str:
    """Return the result of one signature; a witness may leave out the selector."""
    ours = [
        one for one in results if one.method == "dkim" and str(one.header_d or "").lower() == domain
    ]
    named = [one for one in ours if one.header_s == selector]
    unnamed = [one for one in ours if not one.header_s]
    return str((named or unnamed)[0].result) if named or unnamed else ""
