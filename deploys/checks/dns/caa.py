"""
CAA (RFC 8659): whether the authority that a host asks for certificates may issue them.

An authority looks at the name, and then at each name above it, for the first CAA records (section
3); these alone count. Where they let in others only, nothing is amiss until the certificate has to
be renewed, and then TLS ends. Where there are none, any authority may issue. Who issues is said by
`mail_acme_directory` and `mail_caa`, or by the certificate that the host shows.
"""

import ssl
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import dns.exception
import dns.rdata
from cryptography import x509
from cryptography.x509.oid import NameOID

from ...mail import caa
from ...mail.caa import Issue
from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import session, starttls
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

CAA = Check(
    "dns.caa",
    "host",
    "May the authority that the host's certificates come from issue them for all its names?",
    "RFC 8659 section 3",
    why="Where CAA records let in others only, no certificate is renewed, and in weeks TLS ends.",
    remedy="Let `deploys/site.py` publish the record, or add the one that the finding quotes.",
)
_CRITICAL = 128  # RFC 8659 section 4.1: who does not know the property must not issue
_KNOWN = {b"issue", b"issuewild", b"iodef", b"issuemail", b"issuevmc"}
_KNOWN |= {b"contactemail", b"contactphone"}
_METHODS = "validationmethods="  # RFC 8657 section 4
_OURS = "http-01"


@dataclass(frozen=True)
class Authority:
    """Who issues for a host: by which name CAA knows it, and how it is known here."""

    issuer: str
    words: str


def issuers(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Look up the CAA records for every name of which a host has a certificate by an authority."""
    for host in fleet.hosts:
        if host.tls == "self-signed":
            saw = "its certificates are its own: no authority is asked for them"
            yield CAA.ok(host.inventory_name, saw)
    hosts = [host for host in fleet.hosts if host.tls != "self-signed"]
    asked = [(host, name) for host in hosts for name in host.certified_names]
    yield from side_by_side(partial(_of_name, host, name, world) for host, name in asked)


def _of_name(host: MailSettings, name: str, world: World) -> Finding:
    try:
        at, values = _applying(name, world)
    except UnansweredError as problem:
        # RFC 8659 section 3: then an authority must not issue either.
        fix = "let the name servers answer about CAA: an authority does not issue without an answer"
        return CAA.unknown(host.inventory_name, f"{name}: {problem}", fix)
    try:
        return judged(host, name, at, values, _authority(host, name, world) if values else None)
    except UnansweredError as problem:
        return CAA.unknown(host.inventory_name, f"{name}: {problem}", "mend smtp.starttls first")


def _applying(name: str, world: World) -> tuple[str, tuple[str, ...]]:
    """Return the nearest CAA records, and where they are."""
    at = name
    while at:
        if values := world.names.lookup(at, "CAA"):
            return at, values
        at = at.partition(".")[2]
    return "", ()


def _authority(host: MailSettings, name: str, world: World) -> Authority:
    """Return who is asked for certificates, or who has issued the one that is shown."""
    if known := host.caa_issuer:
        return Authority(known, known)
    if host.tls == "acme":
        return Authority("", host.acme_directory)
    for endpoint in smtp_endpoints(host):
        with suppress(MisbehavedError, UnansweredError, ValueError):
            organization = _organization(endpoint, name, world)
            return Authority(caa.ORGANIZATIONS.get(organization, ""), organization)
    raise UnansweredError("no address shows a certificate, so who issues it is not known")


def _organization(endpoint: Endpoint, name: str, world: World) -> str:
    with session(endpoint, world) as client:
        starttls(client, name)
        socket = client.sock
        shown = socket.getpeercert(binary_form=True) if isinstance(socket, ssl.SSLSocket) else None
    issuer = x509.load_der_x509_certificate(shown or b"").issuer
    names = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else issuer.rfc4514_string()


def judged(
    host: MailSettings, name: str, at: str, values: Collection[str], authority: Authority | None
) -> Finding:
    """Judge the records that apply to a name."""
    subject = host.inventory_name
    if not values or not authority:
        return CAA.ok(subject, f"{name}: no CAA records there or above, so any authority may issue")
    ours = authority.issuer
    wanted = f"{name}. CAA {Issue.of(ours)}"
    saw = f"{name}: CAA at {at} says {', '.join(sorted(values))}"
    if strange := [value for value in values if _is_strange(value)]:
        fix = f"remove what no authority knows, and so must not ignore: {', '.join(strange)}"
        return CAA.error(subject, saw, fix)
    if not ours:
        fix = _TELL if host.tls == "acme" else f"see that {authority.words} is among them"
        return CAA.info(subject, f"{saw}; by which name CAA knows {authority.words} is open", fix)
    issues = [issue for issue in map(Issue.parse, values) if issue]
    if issues and not any(_lets_in(host, issue, ours) for issue in issues):
        return CAA.error(subject, f"{saw}, which does not let in {ours}", f"publish: {wanted}")
    return CAA.ok(subject, f"{saw}, which lets in {ours}")


def _lets_in(host: MailSettings, issue: Issue, ours: str) -> bool:
    if host.tls != "acme":  # how the operator proves the name is not ours to know
        return issue.issuer == ours
    methods = [one for one in issue.parameters if one.lower().startswith(_METHODS)]
    return issue.issuer == ours and all(_OURS in one.lower() for one in methods)


def _is_strange(value: str) -> bool:
    try:
        rdata = dns.rdata.from_text("IN", "CAA", value)
    except (dns.exception.DNSException, ValueError):
        return False
    tag, flags = getattr(rdata, "tag", b""), getattr(rdata, "flags", 0)
    return bool(flags & _CRITICAL) and tag.lower() not in _KNOWN


_TELL = "write in mail_caa by which name CAA knows the authority; then its record is published"
