"""
Evaluation of a message that arrived: DKIM, SPF and ARC, independent of the receiver's results.

DKIM signatures (RFC 6376) and ARC sets (RFC 8617) are verified by dkimpy with the keys that the DNS
has now. SPF (RFC 7208) is evaluated for the client that the topmost Received header names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32

import dkim

from ...mail.settings.model import Fleet
from ..clients.spf_evaluation import Evaluation, evaluated
from ..core.finding import Check, Finding
from ..core.world import Names, UnansweredError, World
from .dkim_signature import FAILURES, LONGEST, failure, keys, signatures
from .exchange import Delivery
from .inspection import per_message
from .integrity import unescaped
from .received_header import received_headers

SIGNATURE = Check(
    "delivery.signature",
    "domain",
    "Does each DKIM signature verify over the octets that arrived, with the key in the DNS?",
    "RFC 6376 section 6.1, RFC 8463",
    why="Every receiver computes this; a witness can disagree, or not check at all.",
    remedy="Publish the key that signs, and sign after every filter that changes a message.",
)
SPF = Check(
    "delivery.spf_evaluated",
    "domain",
    "Does SPF pass for the address that the message came from?",
    "RFC 7208 section 4",
    why="A policy has to allow the address that the message really came from.",
    remedy="Add every address that the domain's hosts send from to its SPF policy.",
)
ARC = Check(
    "delivery.arc",
    "domain",
    "If a server on the path sealed the message with ARC, does the chain verify?",
    "RFC 8617 section 5.2",
    why="A broken chain is worse than none: it shows that the message was changed.",
    remedy="Configure the server to seal last, after every filter that changes a message.",
)

_RESOLVE = "check that the resolver answers, then verify again"


@dataclass(frozen=True)
class SpfResult:
    """The SPF result for the client that a message came from, and the name whose policy applies."""

    address: str
    identity: str
    found: Evaluation

    def __str__(self) -> str:
        text = f"{self.found.result} for {self.address} and {self.identity}"
        return f"{text} ({self.found.decided})" if self.found.decided else text

    @property
    def fix(self) -> str:
        """Return the remedy for what was found, if SPF did not pass."""
        if self.found.result == "permerror":
            return f"correct the SPF policy of {self.identity}: {self.found.decided}"
        if self.found.result == "none":
            return f"publish an SPF policy at {self.identity}, which allows {self.address}"
        return f"add {self.address} to the SPF policy of {self.identity}"


def spf_of(domain: str, sent: bytes, names: Names) -> SpfResult | None:
    """Evaluate SPF for a message, or return None if no Received header names its client."""
    headers = BytesHeaderParser(policy=compat32).parsebytes(sent)
    hop = next((one for one in received_headers(sent) if one.between_hosts), None)
    if hop is None:
        return None
    sender = str(headers.get("Return-Path", domain)).strip(" <>\r\n").lower()
    found = evaluated(hop.address, sender, hop.client, names.lookup)
    return SpfResult(hop.address, sender.rpartition("@")[2] or hop.client, found)


@per_message(SIGNATURE, SPF, ARC, of_domain=True)
def evaluations(delivery: Delivery, raw: bytes, _fleet: Fleet, world: World) -> Iterator[Finding]:
    """Evaluate one message that was sent in the name of the domain that it proves."""
    route, sent = delivery.route, unescaped(raw)
    yield from _signatures(route.domain, route.path, sent, world.names)
    yield _spf(route.domain, route.path, sent, world.names)
    yield _arc(route.domain, route.path, sent, world.names)


def _signatures(domain: str, path: str, raw: bytes, names: Names) -> Iterator[Finding]:
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    signed = signatures(headers)
    if not any(one.get("d", "").lower() == domain for one in signed):
        fix = "configure the host to sign its mail with the keys that dns.dkim names"
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
            fix = f"publish the key that signs at {name}, and sign after every filter"
            yield SIGNATURE.error(domain, f"{saw} does not verify: {reason}", fix)
        else:
            fix = "nothing to do: the signature is of another domain"
            yield SIGNATURE.info(domain, f"{saw} does not verify: {reason}", fix)


def _spf(domain: str, path: str, raw: bytes, names: Names) -> Finding:
    seen = spf_of(domain, raw, names)
    if seen is None:
        saw = f"{path}: no Received header names the address that it came from"
        return SPF.unknown(
            domain, saw, "configure the last server to write the client's address into Received"
        )
    saw = f"{path}: {seen}"
    if seen.found.result == "pass":
        return SPF.ok(domain, saw)
    if seen.found.result == "temperror":
        return SPF.unknown(domain, saw, _RESOLVE)
    return SPF.error(domain, saw, seen.fix)


def _arc(domain: str, path: str, raw: bytes, names: Names) -> Finding:
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    sets = len(headers.get_all("ARC-Seal", ()))
    if not sets:
        saw = f"{path}: no server on its path sealed it with ARC, which is not required"
        return ARC.not_applicable(domain, saw)
    try:
        result, _, reason = dkim.arc_verify(raw, dnsfunc=keys(names, []))
    except UnansweredError as problem:
        return ARC.unknown(domain, f"{path}: {problem}", _RESOLVE)
    except FAILURES as problem:
        result, reason = dkim.CV_Fail, str(problem)
    if result == dkim.CV_Pass:
        return ARC.ok(domain, f"{path}: the chain of {sets} verifies")
    saw = f"{path}: the chain of {sets} does not verify: {str(reason)[:LONGEST]}"
    return ARC.error(
        domain,
        saw,
        "configure the server to seal last, after every filter that changes a message",
    )
