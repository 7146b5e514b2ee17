"""
SPF and DMARC results of a receiver, by its Authentication-Results header (RFC 8601).

Only a header with the name of the server that delivered counts, since every client can write one. A
result that it does not have is evaluated here, from the bytes that arrived. DMARC (RFC 9989) needs
a domain that passed SPF or DKIM, and is aligned with the domain in the From header: both have one
organizational domain by the tree walk, or are the same if the policy says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default
from typing import Any

import authres

from ...mail.dmarc import Dmarc
from ...mail.dmarc_tree import Texts, discovered, organizational_domain
from ...mail.errors import MailError
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
    "RFC 9989 section 4.10.2",
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

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the TXT values of a name, for a tree walk."""
        return self.names.lookup(name, "TXT")

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
        found = discovered(domain, mail.texts)
        if found is None or not found.policy.is_applied:
            fix = f"publish 'v=DMARC1; p=none' as TXT at _dmarc.{domain}"
            return DMARC.error(domain, f"{path}: {domain} has no DMARC policy", fix)
        evidence = _evidence(mail)
        aligned = evidence.aligned(domain, found.policy, mail.texts)
    except MailError as problem:
        return DMARC.unknown(domain, f"{path}: {problem}", f"correct the policy at _dmarc.{domain}")
    saw = f"{path}: {' and '.join(aligned) or 'neither SPF nor DKIM'} passed for {domain}"
    saw += f" ({', '.join(evidence.own)} {_HERE})" if evidence.own else ""
    if aligned:
        return DMARC.ok(domain, saw)
    if evidence.missing:
        saw = f"{saw}; there is no result of {' and '.join(evidence.missing)}"
        return DMARC.unknown(domain, saw, _WITNESS)
    fix = f"sign with {domain} (DKIM), or send with it in MAIL (SPF): it is in the From header"
    return DMARC.error(domain, saw, fix)


@dataclass(frozen=True)
class _Evidence:
    """The domains that passed by method, the methods evaluated here, and those without a result."""

    passed: Mapping[str, tuple[str, ...]]
    own: tuple[str, ...]
    missing: tuple[str, ...]

    def aligned(self, author: str, policy: Dmarc, texts: Texts) -> list[str]:
        """Return the methods that passed for a domain aligned with the author's."""
        modes = {"SPF": policy["aspf"].lower(), "DKIM": policy["adkim"].lower()}
        return [
            method
            for method, domains in self.passed.items()
            if any(_is_aligned(author, one, modes[method], texts) for one in domains)
        ]


def _is_aligned(author: str, domain: str, mode: str, texts: Texts) -> bool:
    if author == domain or mode == "s":
        return author == domain
    return organizational_domain(author, texts) == organizational_domain(domain, texts)


def _evidence(mail: _Mail) -> _Evidence:
    """Return what is known of a message: the results of its receiver, or else our own."""
    passed: dict[str, tuple[str, ...]] = {}
    own: list[str] = []
    missing: list[str] = []
    for method, evaluate in (("SPF", _spf_passed), ("DKIM", _dkim_passed)):
        if results := mail.witnessed(method.lower()):
            passed[method] = tuple(filter(None, map(_passed, results)))
        else:
            passed[method], complete = evaluate(mail)
            (own if complete else missing).append(method)
    return _Evidence(passed, tuple(own), tuple(missing))


def _passed(result: Any) -> str:  # noqa: ANN401 - the package has no types
    """Return the domain of a result that passed, or an empty text."""
    if result.result != "pass":
        return ""
    # RFC 9989 section 4.4.2: SPF counts by MAIL FROM.
    name = result.smtp_mailfrom if result.method == "spf" else result.header_d
    return (name or "").rpartition("@")[2].lower()


def _spf_passed(mail: _Mail) -> tuple[tuple[str, ...], bool]:
    """Return the domain that passes SPF here, and whether there is a result."""
    own = mail.spf()
    passed = own and own.found.result == "pass"
    return ((own.identity.lower(),) if own and passed else ()), own is not None


def _dkim_passed(mail: _Mail) -> tuple[tuple[str, ...], bool]:
    """Return the domains whose signatures verify here, and whether all could be verified."""
    headers = BytesParser(policy=compat32).parsebytes(mail.sent, headersonly=True)
    passed: list[str] = []
    try:
        for index, one in enumerate(signatures(headers)):
            if not failure(mail.sent, index, mail.names):
                passed.append(one["d"].lower())
    except UnansweredError:
        return tuple(passed), False
    return tuple(passed), True


def _author_domain(message: EmailMessage) -> str:
    author = message["From"]
    return author.addresses[0].domain.lower() if author and author.addresses else ""
