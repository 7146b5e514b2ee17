"""
Certificates on port 25 and of mailboxes: one for every name, valid and not about to expire.

A sender that verifies, as MTA-STS demands, sends the name by SNI (RFC 6066) and compares it with
the certificate (RFC 8461 section 4.1).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography import x509

from ...mail.settings.model import MailSettings
from ..clients.endpoint import Endpoint, certified_endpoints, per_endpoint
from ..clients.smtp import peer_certificate, session, starttls
from ..clients.tls_port import secured
from ..core.finding import Check, Finding
from ..core.target import CheckedHost
from ..core.world import World

TLS = Check(
    "smtp.tls",
    "host",
    "Does every name of the host have a valid certificate?",
    "RFC 8461 section 4.1",
    why=(
        "Senders that verify, as MTA-STS demands, keep their mail if the certificate is for "
        "another name or has expired."
    ),
    remedy="Have a certificate for every name: `mail_tls`, `mail_tls_names`.",
    when_unknown="fix smtp.starttls first",
)
SOON = timedelta(days=14)  # certbot renews 30 days before the end


@per_endpoint(TLS, anywhere=True, endpoints=certified_endpoints)
def certificates(endpoint: Endpoint, host: CheckedHost, world: World) -> Iterable[Finding]:
    """Check the certificate of each name of the host."""
    shown = {name: _certificate(endpoint, name, world) for name in host.host_names}
    return [_finding(endpoint, host, name, shown[name]) for name in shown]


def _certificate(endpoint: Endpoint, name: str, world: World) -> x509.Certificate:
    if endpoint.wrapped:
        with secured(endpoint, world, name) as line:
            return x509.load_der_x509_certificate(peer_certificate(line))
    with session(endpoint, world) as client:
        starttls(client, name)
        return x509.load_der_x509_certificate(peer_certificate(client.sock))


def _finding(
    endpoint: Endpoint, host: CheckedHost, name: str, certificate: x509.Certificate
) -> Finding:
    ends, names = certificate.not_valid_after_utc, _names(certificate)
    self_issued = certificate.issuer == certificate.subject
    issuer = "itself" if self_issued else certificate.issuer.rfc4514_string()
    saw = f"{endpoint} has for {name} a certificate by {issuer} until {ends:%Y-%m-%d}"
    now = datetime.now(UTC)
    source = host.tls if isinstance(host, MailSettings) else "files"
    if not {name, f"*.{name.partition('.')[2]}"} & names:
        fix = f"get a certificate for {name}: mail_tls names the source, mail_tls_names the names"
        return TLS.error(host.inventory_name, f"{saw}, for {', '.join(sorted(names))}", fix)
    if ends < now:
        return TLS.error(host.inventory_name, saw, _renewal(host))
    if ends - now < SOON:
        return TLS.warning(host.inventory_name, saw, _renewal(host))
    if self_issued and isinstance(host, MailSettings) and source == "acme":
        fix = f"see the output of the run about {host.acme_directory}, and run again"
        return TLS.warning(host.inventory_name, saw, fix)
    return TLS.ok(host.inventory_name, saw)


_RENEW = {
    "acme": "see the log of certbot.service on the host: its timer should have renewed it",
    "files": "replace the file on the host with a new certificate",
    "self-signed": "run again: the host makes a new one",
}


def _renewal(host: CheckedHost) -> str:
    """Return the fix for a certificate that expires, by its source."""
    if not isinstance(host, MailSettings):
        return _RENEW["files"]
    if host.proves_by_dns:
        return "run deploys/certificates.py, which deploys/timer.py has done regularly"
    return _RENEW[host.tls]


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {name.lower() for name in found.value.get_values_for_type(x509.DNSName)}
