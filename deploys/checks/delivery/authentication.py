"""
SPF and DMARC results of a receiver, by its Authentication-Results header (RFC 8601).

Only a header with the name of the server that delivered counts, since every client can write one. A
result that it does not have is evaluated here, from the bytes that arrived. DMARC (RFC 7489) needs
a domain that passed SPF or DKIM, and is aligned with the domain in the From header.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default
from typing import Any

import authres
import dmarc

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.world import Names, UnansweredError, World
from .dkim_signature import failure, signatures
from .evaluation import SpfResult, spf_of
from .exchange import Delivery
from .inspection import per_message
from .integrity import unescaped

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
_HERE = "evaluated here, as the witness wrote no result"
_ALLOW = "add every address that the hosts of {0} send from to its SPF policy"
_SPF_FIXES = {
    "permerror": "correct the SPF policy of {0}: it is broken, or there are two",
    "none": "publish an SPF policy at {0}",
}


@dataclass(frozen=True)
class _Mail:
    """A message that arrived, the results that its receiver wrote, and the names of the DNS."""

    domain: str
    path: str
    sent: bytes
    results: list[Any]
    names: Names

    def witnessed(self, method: str) -> list[Any]:
        """Return the results of a method that the receiver came to."""
        found = (one for one in self.results if one.method == method)
        return [one for one in found if one.result != "temperror"]

    def spf(self) -> SpfResult | None:
        """Return our own SPF result, or None without one."""
        seen = spf_of(self.domain, self.sent, self.names)
        return None if seen is None or seen.found.result == "temperror" else seen


@per_message(SPF, DMARC, of_domain=True)
def results(delivery: Delivery, raw: bytes, _fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check the results of one message from a mail host."""
    route = delivery.route
    message = BytesParser(policy=default).parsebytes(raw)
    found = results_of(message, route.message.recipient.partition("@")[2])
    mail = _Mail(route.domain, route.path, unescaped(raw), found, world.names)
    yield _spf(mail)
    yield _dmarc(mail, _author_domain(message) or route.domain)


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


def _spf(mail: _Mail) -> Finding:
    spf = [one for one in mail.results if one.method == "spf" and one.result != "temperror"]
    result = next((one for one in spf if one.smtp_mailfrom), spf[0] if spf else None)
    if result is not None and result.result == "pass":
        return SPF.ok(mail.domain, f"{mail.path}: {result}")
    own = mail.spf()
    if result is None:
        return _own_spf(mail, own)
    saw = f"{mail.path}: {result}"
    if own is None:
        return SPF.error(
            mail.domain, saw, _SPF_FIXES.get(result.result, _ALLOW).format(mail.domain)
        )
    saw = f"{saw}; evaluated here: {own}"
    if own.found.result == "pass":
        fix = "verify again when the resolver of the witness has dropped the old policy"
        return SPF.error(mail.domain, saw, fix)
    return SPF.error(mail.domain, saw, own.fix)


def _own_spf(mail: _Mail, own: SpfResult | None) -> Finding:
    if own is None:
        saw = f"{mail.path}: the witness wrote no SPF result, and it cannot be evaluated here"
        return SPF.unknown(mail.domain, saw, _WITNESS)
    saw = f"{mail.path}: {own}; {_HERE}"
    if own.found.result == "pass":
        return SPF.ok(mail.domain, saw)
    return SPF.error(mail.domain, saw, own.fix)


def _dmarc(mail: _Mail, domain: str) -> Finding:
    path = mail.path
    try:
        found = _policy(domain, mail.names)
    except (UnansweredError, dmarc.Error) as problem:
        return DMARC.unknown(domain, f"{path}: {problem}", f"correct the policy at _dmarc.{domain}")
    if found is None:
        fix = f"publish 'v=DMARC1; p=none' as TXT at _dmarc.{domain}"
        return DMARC.error(domain, f"{path}: {domain} has no DMARC policy", fix)
    evidence = _evidence(mail)
    verdict = dmarc.DMARC().get_result(found, auth_results=evidence.passed)
    aligned = [
        method
        for method, result in (("SPF", verdict.spf), ("DKIM", verdict.dkim))
        if result is dmarc.DMARCResult.PASS
    ]
    saw = f"{path}: {' and '.join(aligned) or 'neither SPF nor DKIM'} passed for {domain}"
    saw += f" ({', '.join(evidence.own)} {_HERE})" if evidence.own else ""
    if verdict.result is dmarc.DMARCResult.PASS:
        return DMARC.ok(domain, saw)
    if evidence.missing:
        saw = f"{saw}; there is no result of {' and '.join(evidence.missing)}"
        return DMARC.unknown(domain, saw, _WITNESS)
    fix = f"sign with {domain} (DKIM), or send with it in MAIL (SPF): it is in the From header"
    return DMARC.error(domain, saw, fix)


@dataclass(frozen=True)
class _Evidence:
    """The results that passed, the methods evaluated here, and those without any result."""

    passed: dmarc.AuthResults
    own: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def _evidence(mail: _Mail) -> _Evidence:
    """Return what is known of a message: the results of its receiver, or else our own."""
    evidence = _Evidence(_passed(mail.results))
    for method, evaluate in (("SPF", _add_spf), ("DKIM", _add_dkim)):
        if mail.witnessed(method.lower()):
            continue
        known = evaluate(mail, evidence.passed)
        if known:
            evidence = replace(evidence, own=(*evidence.own, method))
        else:
            evidence = replace(evidence, missing=(*evidence.missing, method))
    return evidence


def _add_spf(mail: _Mail, passed: dmarc.AuthResults) -> bool:
    """Add our own SPF result; return whether there is one."""
    own = mail.spf()
    if own and own.found.result == "pass":
        passed.spf = dmarc.SPF(own.identity, dmarc.SPFResult.PASS, dmarc.SPFDomainScope.MFROM)
    return own is not None


def _add_dkim(mail: _Mail, passed: dmarc.AuthResults) -> bool:
    """Add each signature that verifies here; return whether all of them could be verified."""
    headers = BytesParser(policy=compat32).parsebytes(mail.sent, headersonly=True)
    try:
        for index, one in enumerate(signatures(headers)):
            if not failure(mail.sent, index, mail.names):
                passed.dkim.append(dmarc.DKIM(one["d"].lower(), dmarc.DKIMResult.PASS))
    except UnansweredError:
        return False
    return True


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
