"""
What the bytes that arrived prove by themselves, whatever the witness made of them.

DKIM signatures (RFC 6376) and ARC sets (RFC 8617) are verified by dkimpy with the keys that the DNS
has now, and SPF (RFC 7208) is evaluated by pyspf for the client that the topmost Received names.
"""

from collections.abc import Iterable, Iterator
from email.parser import BytesHeaderParser
from email.policy import compat32

import dkim

from ..clients.spf_evaluation import evaluated
from ..core.finding import Check, Finding
from ..core.world import Names, UnansweredError
from .dkim_signature import LONGEST, NEVER, failure, keys, signatures
from .exchange import Delivery
from .integrity import unescaped
from .received import received_headers

SIGNATURE = Check(
    "delivery.signature",
    "domain",
    "Does each DKIM signature verify over the bytes that arrived, with the key in the DNS?",
    "RFC 6376 section 6.1, RFC 8463",
    why="It is what every receiver computes; a witness may be of another mind, or not look.",
    remedy="Let the DNS have the key that signs, and nothing change a message once it is signed.",
)
SPF = Check(
    "delivery.spf_evaluated",
    "domain",
    "Does SPF pass for the address that the message came from?",
    "RFC 7208 section 4",
    why="Of all addresses that a policy allows, only the one that was used counts.",
    remedy="Let the domain's SPF policy allow every address that its hosts send from.",
)
ARC = Check(
    "delivery.arc",
    "domain",
    "If a server on the way sealed the message by ARC, does the chain verify?",
    "RFC 8617 section 5.2",
    why="A broken chain is worth less than none: it says that somebody changed the message.",
    remedy="Let the server that seals do so last, after all that changes the message.",
)

_BEFORE = "mend delivery.arrived first"
_RESOLVE = "see that the resolver answers, and verify again"


def proved(deliveries: Iterable[Delivery], names: Names) -> Iterator[Finding]:
    """Judge each message that bears the name of the domain that it proves."""
    for delivery in deliveries:
        route = delivery.route
        if route.message.sender.partition("@")[2] != route.domain:
            continue
        if delivery.received is None:
            for check in (SIGNATURE, SPF, ARC):
                yield check.unknown(route.domain, f"{route.path}: it did not arrive", _BEFORE)
            continue
        raw = unescaped(delivery.received.raw)
        yield from _signatures(route.domain, route.path, raw, names)
        yield _spf(route.domain, route.path, raw, names)
        yield _arc(route.domain, route.path, raw, names)


def _signatures(domain: str, path: str, raw: bytes, names: Names) -> Iterator[Finding]:
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    signed = signatures(headers)
    if not any(one.get("d", "").lower() == domain for one in signed):
        fix = "let the host sign what it sends, with the keys that dns.dkim asks for"
        yield SIGNATURE.error(domain, f"{path}: no signature of {domain}", fix)
    for index, one in enumerate(signed):
        name = f"{one.get('s')}._domainkey.{one.get('d')}"
        saw = f"{path}: {name} ({one.get('a')})"
        try:
            reason = failure(raw, index, names)
        except UnansweredError as problem:
            yield SIGNATURE.unknown(domain, f"{saw}: {problem}", _RESOLVE)
            continue
        if not reason:
            yield SIGNATURE.ok(domain, f"{saw} verifies")
        elif one.get("d", "").lower() == domain:
            fix = f"let {name} hold the key that signs, and nothing change a signed message"
            yield SIGNATURE.error(domain, f"{saw} does not verify: {reason}", fix)
        else:
            fix = "nothing to do: it is another domain's"
            yield SIGNATURE.info(domain, f"{saw} does not verify: {reason}", fix)


def _spf(domain: str, path: str, raw: bytes, names: Names) -> Finding:
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    hop = next((one for one in received_headers(raw) if one.between_hosts), None)
    if hop is None:
        saw = f"{path}: no Received says which address it came from"
        return SPF.unknown(domain, saw, "let the last server write where a message came from")
    envelope = str(headers.get("Return-Path", domain)).strip(" <>\r\n").rpartition("@")[2].lower()
    found = evaluated(hop.address, envelope, hop.client, names.lookup)
    saw = f"{path}: {found.result} for {hop.address} and {envelope or hop.client}"
    saw += f" ({found.decided})" if found.decided else ""
    if found.result == "pass":
        return SPF.ok(domain, saw)
    if found.result == "temperror":
        return SPF.unknown(domain, saw, _RESOLVE)
    return SPF.error(domain, saw, f"let the SPF policy of {envelope} allow {hop.address}")


def _arc(domain: str, path: str, raw: bytes, names: Names) -> Finding:
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    sets = len(headers.get_all("ARC-Seal", ()))
    if not sets:
        return ARC.ok(domain, f"{path}: nobody on its way sealed it, and nobody has to")
    try:
        result, _, reason = dkim.arc_verify(raw, dnsfunc=keys(names, []))
    except UnansweredError as problem:
        return ARC.unknown(domain, f"{path}: {problem}", _RESOLVE)
    except NEVER as problem:
        result, reason = dkim.CV_Fail, str(problem)
    if result == dkim.CV_Pass:
        return ARC.ok(domain, f"{path}: the chain of {sets} verifies")
    saw = f"{path}: the chain of {sets} does not verify: {str(reason)[:LONGEST]}"
    return ARC.error(domain, saw, "let whoever seals do so after all that changes the message")
