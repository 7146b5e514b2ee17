"""
What a client sees of TLS on port 25: the certificate of every name.

A sender that asks for a name by SNI (RFC 6066) compares it with the certificate where MTA-STS says
so (RFC 8461 section 4.1).
"""

import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography import x509

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import session, starttls
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

TLS = Check(
    "smtp.tls",
    "host",
    "Has every name a certificate that is good for it?",
    "RFC 8461 section 4.1",
    why=(
        "Senders that verify, as MTA-STS has them do, keep their mail where the certificate is for "
        "another name or has ended."
    ),
    remedy="Have a certificate for every name: `mail_tls`, `mail_tls_names`.",
)
SOON = timedelta(days=14)  # whoever renews does so 30 days before the end

Shown = x509.Certificate | MisbehavedError | UnansweredError


def certificates(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host for the certificate of each of its names."""
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    calls = (partial(_asked, endpoint, host, world) for endpoint, host in asked)
    for findings in side_by_side(calls):
        yield from findings


def _asked(endpoint: Endpoint, host: MailSettings, world: World) -> list[Finding]:
    findings = []
    for name in host.host_names:
        shown = _shown(endpoint, name, world)
        if not isinstance(shown, x509.Certificate):
            return [TLS.unknown(endpoint.host, f"not asked: {shown}", "mend smtp.starttls first")]
        findings.append(_certificate(endpoint, host, name, shown))
    return findings


def _shown(endpoint: Endpoint, name: str, world: World) -> Shown:
    try:
        with session(endpoint, world) as client:
            starttls(client, name)
            return x509.load_der_x509_certificate(_presented(client))
    except (MisbehavedError, UnansweredError) as problem:
        return problem


def _presented(client: smtplib.SMTP) -> bytes:
    socket = client.sock
    return (
        socket.getpeercert(binary_form=True) if isinstance(socket, ssl.SSLSocket) else b""
    ) or b""


def _certificate(
    endpoint: Endpoint, host: MailSettings, name: str, shown: x509.Certificate
) -> Finding:
    ends, names = shown.not_valid_after_utc, _names(shown)
    issuer = "itself" if shown.issuer == shown.subject else shown.issuer.rfc4514_string()
    saw = f"{endpoint} shows for {name} a certificate by {issuer} until {ends:%Y-%m-%d}"
    now = datetime.now(UTC)
    if not {name, f"*.{name.partition('.')[2]}"} & names:
        fix = f"have a certificate for {name}: mail_tls says where from, mail_tls_names for whom"
        return TLS.error(host.inventory_name, f"{saw}, for {', '.join(sorted(names))}", fix)
    if ends < now:
        return TLS.error(host.inventory_name, saw, _RENEW[host.tls])
    if ends - now < SOON:
        return TLS.warning(host.inventory_name, saw, _RENEW[host.tls])
    if issuer == "itself" and host.tls == "acme":
        fix = f"see what the run said of {host.acme_directory}, and run again"
        return TLS.warning(host.inventory_name, saw, fix)
    return TLS.ok(host.inventory_name, saw)


_RENEW = {
    "acme": "look at the log of certbot.service on the host: its timer should have renewed it",
    "files": "put its successor in place of the file on the host",
    "self-signed": "run again: the host makes a new one",
}


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {name.lower() for name in found.value.get_values_for_type(x509.DNSName)}
