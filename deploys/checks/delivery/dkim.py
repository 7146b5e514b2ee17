"""
DKIM results (RFC 6376) of a receiver, by its Authentication-Results header.

A host signs each message with RSA and with Ed25519 (RFC 8463). RSA has to pass at every receiver;
a receiver that does not know Ed25519 writes no result for it, which is no fault. A signature
without a result of the receiver is verified here, over the bytes that arrived.
"""

from collections.abc import Callable, Iterable, Iterator
from email.parser import BytesParser
from email.policy import default
from functools import partial
from typing import Any

from ...mail import dkim
from ...mail.settings import dkim_keys
from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import Names, UnansweredError, World
from .authentication import results_of
from .dkim_signature import failure, signatures
from .exchange import Delivery
from .inspection import per_message
from .integrity import unescaped
from .test_messages import Route

DKIM = Check(
    "delivery.dkim",
    "domain",
    "Does a receiver find that both DKIM signatures pass?",
    "RFC 8601 section 2.7.1",
    why="A signature that does not verify makes mail look forged, or changed on its path.",
    remedy="Publish the key that signs at every name server, then deploy.",
)

_DNS = "publish its record at every name server (dns.dkim), then deploy"
_PUBLISH = "publish the key that signs in its record"
_SIGN = "see if smtpd_milters names rspamd at each port that takes mail, and the log of rspamd"
_WITNESS = "configure the witness to check DKIM and to write Authentication-Results"


@per_message(DKIM, of_domain=True)
def results(delivery: Delivery, raw: bytes, fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check both signatures of one message from a mail host."""
    host = next((one for one in fleet.hosts if one.inventory_name == delivery.route.host), None)
    if host:
        yield from _of_host(delivery.route, raw, host, world.names)


def _of_host(route: Route, raw: bytes, host: MailSettings, names: Names) -> Iterator[Finding]:
    message = BytesParser(policy=default).parsebytes(raw)
    witnessed = results_of(message, route.message.recipient.partition("@")[2])
    signed = {
        one.get("s", ""): index
        for index, one in enumerate(signatures(message))
        if one.get("d", "").lower() == route.domain
    }
    for algorithm in dkim.ALGORITHMS:
        selectors = [dkim_keys.selector(host, slot, algorithm) for slot in dkim.SLOTS]
        selector = next((one for one in selectors if one in signed), None)
        saw = f"{route.path}: signature {selector or selectors[0]}"
        if selector is None:
            yield DKIM.error(route.domain, f"{saw} is missing", _DNS if signed else _SIGN)
        else:
            result = _of(witnessed, route.domain, selector)
            if result in ("", "temperror"):
                yield _own_result(
                    route.domain, saw, partial(failure, unescaped(raw), signed[selector], names)
                )
            elif result == "pass":
                yield DKIM.ok(route.domain, f"{saw} passed")
            else:
                yield DKIM.error(route.domain, f"{saw}: {result}", _PUBLISH)


def _own_result(domain: str, saw: str, verify: Callable[[], str]) -> Finding:
    """Return our own result of a signature, as the witness wrote none."""
    saw = f"{saw}: the witness wrote no result for it"
    try:
        reason = verify()
    except UnansweredError as problem:
        return DKIM.unknown(domain, f"{saw}, and it cannot be verified here: {problem}", _WITNESS)
    if reason:
        return DKIM.error(domain, f"{saw}; verified here, it fails: {reason}", _PUBLISH)
    return DKIM.ok(domain, f"{saw}; verified here, it passes")


def _of(results: Iterable[Any], domain: str, selector: str) -> str:
    """Return the result of one signature; a witness may leave out the selector."""
    of_domain = [
        one for one in results if one.method == "dkim" and str(one.header_d or "").lower() == domain
    ]
    named = [one for one in of_domain if one.header_s == selector]
    unnamed = [one for one in of_domain if not one.header_s]
    return str((named or unnamed)[0].result) if named or unnamed else ""
