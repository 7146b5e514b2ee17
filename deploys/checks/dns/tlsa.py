"""
TLSA records (RFC 7672): they name every key that the host uses for TLS.

Every authoritative server has to name every key of every address: the key for clients with ECDSA,
and the key for clients that only know RSA. A sender that asks another server keeps the mail.
"""

import hashlib
import ssl
from collections.abc import Iterable, Mapping
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ...mail import tlsa
from ...mail.toolkit import SITE
from ...run.threads import in_parallel
from ..clients.bounded_smtplib import unverified
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import peer_certificate, session, starttls
from ..core.finding import Check, Finding
from ..core.inspection import per_host
from ..core.target import CheckedHost
from ..core.world import Answer, MisbehavedError, World
from .query import RecordQuery, per_server

TLSA = Check(
    "dns.tlsa",
    "host",
    "Do the TLSA records name every key that the host uses for TLS?",
    "RFC 7672",
    why="Senders with DANE keep their mail if no record names the key of the host.",
    remedy=f"Run `{SITE}`, which publishes the keys of every host before they are used.",
    when_unknown="fix smtp.starttls first",
)
PUBLISH = f"run {SITE}, which publishes the keys of every host"
KeysByEndpoint = Mapping[Endpoint, frozenset[str]]


@per_host(TLSA, anywhere=True)
def keys(host: CheckedHost, world: World) -> Iterable[Finding]:
    """Compare the keys of a host that wants DANE with its TLSA records."""
    if not host.dane:
        return []
    endpoints = smtp_endpoints(host)
    shown = in_parallel(lambda one: _keys(one, host.hostname, world), endpoints)
    make_finding = partial(finding, host.inventory_name, dict(zip(endpoints, shown, strict=True)))
    name = tlsa.record_name(host.hostname)
    return per_server(RecordQuery(TLSA, host.inventory_name, name, "TLSA", make_finding), world)


def finding(host: str, keys: KeysByEndpoint, answer: Answer) -> Finding:
    """Return the finding about a server's TLSA records, given the keys of each address."""
    if not answer.values:
        fix = f"sign the zone, and give its DS record to the registrar; then run {SITE}"
        return TLSA.info(host, f"{answer.server}: no TLSA records, so DANE protects no mail", fix)
    if any(value.startswith("2 ") for value in answer.values):
        saw = f"{answer.server}: a record names a certificate authority, which is not compared"
        return TLSA.info(host, saw, "publish records of the host's own keys only (3 1 1)")
    named = {value.split()[-1].lower() for value in answer.values if tlsa.is_key_digest(value)}
    for endpoint, shown in keys.items():
        if missing := sorted(shown - named):
            saw = f"{answer.server}: {endpoint} uses the key {missing[0]}, which no record names"
            return TLSA.error(host, saw, PUBLISH)
    places = ", ".join(endpoint.address for endpoint in keys)
    return TLSA.ok(host, f"{answer.server}: {len(named)} records name the keys of {places}")


def _keys(endpoint: Endpoint, name: str, world: World) -> frozenset[str]:
    """Return the digests of the keys for clients with ECDSA, and for those without."""
    first = _digest(endpoint, name, world, unverified())
    try:
        return frozenset({first, _digest(endpoint, name, world, _rsa_only())})
    except MisbehavedError:  # it has no RSA key
        return frozenset({first})


def _digest(endpoint: Endpoint, name: str, world: World, context: ssl.SSLContext) -> str:
    with session(endpoint, world) as client:
        starttls(client, name, context)
        public = x509.load_der_x509_certificate(peer_certificate(client.sock)).public_key()
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(public.public_bytes(*form)).hexdigest()


def _rsa_only() -> ssl.SSLContext:
    context = unverified()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aRSA")
    return context
