"""
TLSA as a sender meets it (RFC 7672): the keys that TLS shows, and the records that name them.

Every authoritative server has to name every key that the host shows at every address, to senders
that know ECDSA and to those that only know RSA; whoever asks another server would keep the mail.
"""

import hashlib
import ssl
from collections.abc import Iterator, Mapping
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ...mail import tlsa
from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import session, starttls
from ..core.finding import Check, Finding
from ..core.world import Answer, MisbehavedError, UnansweredError, World, side_by_side
from .query import Inquiry, inquire

TLSA = Check(
    "dns.tlsa",
    "host",
    "Do TLSA records name every key that TLS shows?",
    "RFC 7672",
    why="Senders that ask for DANE keep their mail where a key is shown that no record names.",
    remedy="Run `deploys/site.py`, which publishes the keys of every host before they are shown.",
)
PUBLISH = "run deploys/site.py, which publishes the keys of every host"
Keys = Mapping[Endpoint, frozenset[str]]


def published(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Compare the keys of every host that wants DANE with what name servers answer."""
    hosts = [host for host in fleet.hosts if host.dane]
    for findings in side_by_side(partial(_of_host, host, world) for host in hosts):
        yield from findings


def _of_host(host: MailSettings, world: World) -> list[Finding]:
    endpoints = smtp_endpoints(host)
    try:
        shown = side_by_side(
            partial(_keys, endpoint, host.hostname, world) for endpoint in endpoints
        )
    except (MisbehavedError, UnansweredError) as problem:
        fix = "mend smtp.starttls first"
        return [TLSA.unknown(host.inventory_name, f"not asked: {problem}", fix)]
    judge = partial(judged, host.inventory_name, dict(zip(endpoints, shown, strict=True)))
    name = tlsa.record_name(host.hostname)
    return inquire(world, Inquiry(TLSA, host.inventory_name, name, "TLSA", judge))


def judged(host: str, keys: Keys, answer: Answer) -> Finding:
    """Judge a server's TLSA records by the keys that a host shows at each of its addresses."""
    if not answer.values:
        fix = "see what deploys/site.py says: the zone has to be signed, and its parent to say so"
        return TLSA.info(host, f"{answer.server}: none, so nobody can be sure of its keys", fix)
    if any(value.startswith("2 ") for value in answer.values):
        saw = f"{answer.server}: a record of an authority is there, which is not compared"
        return TLSA.info(host, saw, "let only keys of the host itself be named, as records of ours")
    named = {value.split()[-1].lower() for value in answer.values if tlsa.is_key_digest(value)}
    for endpoint, shown in keys.items():
        if missing := sorted(shown - named):
            saw = f"{answer.server}: {endpoint} shows the key {missing[0]}, which no record names"
            return TLSA.error(host, saw, PUBLISH)
    places = ", ".join(endpoint.address for endpoint in keys)
    return TLSA.ok(host, f"{answer.server}: {len(named)} records name the keys shown at {places}")


def _keys(endpoint: Endpoint, name: str, world: World) -> frozenset[str]:
    """Return the digests of the keys that a host shows to new senders and to old ones."""
    first = _digest(endpoint, name, world, _context())
    try:
        return frozenset({first, _digest(endpoint, name, world, _old_context())})
    except MisbehavedError:  # it has no RSA key, and so shows none
        return frozenset({first})


def _digest(endpoint: Endpoint, name: str, world: World, context: ssl.SSLContext) -> str:
    with session(endpoint, world) as client:
        starttls(client, name, context)
        socket = client.sock
        shown = socket.getpeercert(binary_form=True) if isinstance(socket, ssl.SSLSocket) else None
    public = x509.load_der_x509_certificate(shown or b"").public_key()
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(public.public_bytes(*form)).hexdigest()


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _old_context() -> ssl.SSLContext:
    context = _context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aRSA")
    return context
