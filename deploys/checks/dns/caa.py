"""
CAA records (RFC 8659): they allow the certificate authority of the host to issue.

An authority looks for CAA records at the name, then at each name above it; only the first that it
finds count (section 3). If they allow only other authorities, TLS works until the certificate has
to be renewed. Without CAA records any authority may issue. The host's authority is known from
`mail_acme_directory` and `mail_caa`, or from its certificate.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

import dns.exception
import dns.rdata

from ...mail import caa
from ...mail.caa import Issue
from ...mail.settings.model import MailSettings
from ...mail.toolkit import SITE
from ...run.threads import in_parallel
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import peer_certificate, session, starttls
from ..core.finding import Check, Finding
from ..core.inspection import per_host
from ..core.world import MisbehavedError, UnansweredError, World

CAA = Check(
    "dns.caa",
    "host",
    "Do the CAA records allow the host's certificate authority to issue for all its names?",
    "RFC 8659 section 3",
    why="If CAA records allow only others, the certificate is not renewed, and TLS ends in weeks.",
    remedy=f"Run `{SITE}`, which publishes the record, or add the one in the finding.",
)
_CRITICAL = 128  # RFC 8659 section 4.1: an authority that does not know the property must not issue
_KNOWN = {b"issue", b"issuewild", b"iodef", b"issuemail", b"issuevmc"}
_KNOWN |= {b"contactemail", b"contactphone"}
_METHODS = "validationmethods="  # RFC 8657 section 4


@dataclass(frozen=True)
class Authority:
    """A certificate authority: its name in CAA records, empty if not known, and its own name."""

    issuer: str
    name: str


@per_host(CAA)
def issuers(host: MailSettings, world: World) -> Iterable[Finding]:
    """Look up the CAA records of every name for which a host has a certificate."""
    if host.tls == "self-signed":
        return [CAA.not_applicable(host.inventory_name, "its certificates are self-signed")]
    return in_parallel(lambda name: _of_name(host, name, world), host.certified_names)


def _of_name(host: MailSettings, name: str, world: World) -> Finding:
    try:
        at, values = _applying(name, world)
    except UnansweredError as problem:
        # RFC 8659 section 3: then an authority must not issue either.
        fix = "make the name servers answer about CAA: without an answer no authority issues"
        return CAA.unknown(host.inventory_name, f"{name}: {problem}", fix)
    try:
        return finding(host, name, at, values, _authority(host, name, world) if values else None)
    except UnansweredError as problem:
        return CAA.unknown(host.inventory_name, f"{name}: {problem}", "fix smtp.starttls first")


def _applying(name: str, world: World) -> tuple[str, tuple[str, ...]]:
    """Return the name of the nearest CAA records, and their values."""
    at = name
    while at:
        if values := world.names.lookup(at, "CAA"):
            return at, values
        at = at.partition(".")[2]
    return "", ()


def _authority(host: MailSettings, name: str, world: World) -> Authority:
    """Return the authority of the settings, or else the issuer of the certificate in use."""
    if known := host.caa_issuer:
        return Authority(known, known)
    if host.tls == "acme":
        return Authority("", host.acme_directory)
    for endpoint in smtp_endpoints(host):
        with suppress(MisbehavedError, UnansweredError, ValueError):
            organization = _organization(endpoint, name, world)
            return Authority(caa.ORGANIZATIONS.get(organization, ""), organization)
    raise UnansweredError("no address shows a certificate, so its issuer is not known")


def _organization(endpoint: Endpoint, name: str, world: World) -> str:
    from cryptography import x509  # noqa: PLC0415 - for fleets with certificates of an authority
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - the same

    with session(endpoint, world) as client:
        starttls(client, name)
        issuer = x509.load_der_x509_certificate(peer_certificate(client.sock)).issuer
    names = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else issuer.rfc4514_string()


def finding(
    host: MailSettings, name: str, at: str, values: Collection[str], authority: Authority | None
) -> Finding:
    """Return the finding about the records that apply to a name."""
    subject = host.inventory_name
    if not values or not authority:
        saw = f"{name}: no CAA records at it or above it: any authority may issue"
        return CAA.not_applicable(subject, saw)
    issuer = authority.issuer
    wanted = f"{name}. CAA {Issue.of(issuer)}"
    saw = f"{name}: CAA at {at} is {', '.join(sorted(values))}"
    if strange := [value for value in values if _is_strange(value)]:
        fix = f"remove the critical property, which no authority knows: {', '.join(strange)}"
        return CAA.error(subject, saw, fix)
    if not issuer:
        fix = _NAME if host.tls == "acme" else f"check that {authority.name} is among them"
        return CAA.info(subject, f"{saw}; the name of {authority.name} in CAA is not known", fix)
    issues = [issue for issue in map(Issue.parse, values) if issue]
    if issues and not any(_allows(host, issue, issuer) for issue in issues):
        return CAA.error(subject, f"{saw}, which does not allow {issuer}", f"publish: {wanted}")
    return CAA.ok(subject, f"{saw}, which allows {issuer}")


def _allows(host: MailSettings, issue: Issue, issuer: str) -> bool:
    if host.tls != "acme":  # the method of validation is not known here
        return issue.issuer == issuer
    methods = [one for one in issue.parameters if one.lower().startswith(_METHODS)]
    wanted = f"{host.acme_challenge}-01"
    return issue.issuer == issuer and all(wanted in one.lower() for one in methods)


def _is_strange(value: str) -> bool:
    try:
        rdata = dns.rdata.from_text("IN", "CAA", value)
    except (dns.exception.DNSException, ValueError):
        return False
    tag, flags = getattr(rdata, "tag", b""), getattr(rdata, "flags", 0)
    return bool(flags & _CRITICAL) and tag.lower() not in _KNOWN


_NAME = f"write the name of the authority in CAA records in mail_caa, and run {SITE}"
