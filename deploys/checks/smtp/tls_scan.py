"""
Result of a TLS scan of one port, however it was made, and the order and use of its certificates.

Cipher suites have their IANA names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

Weakness = tuple[bool, str, str]  # whether it is an error, what was seen, and the fix

OLD = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1")
VERSIONS = (*OLD, "TLS 1.2", "TLS 1.3")
UPDATE = "update the TLS library of the host, and restart the service"
_FOR_SERVERS = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


@dataclass(frozen=True)
class ScannedServer:
    """One port to scan, and the name for SNI; `wrapped` if TLS is not by STARTTLS."""

    name: str
    address: str
    port: int
    wrapped: bool = False


@dataclass(frozen=True)
class TlsScan:
    """The accepted cipher suites of each version, the weaknesses, and what had no answer.

    With `reason`, the port could not be scanned at all.
    """

    suites: Mapping[str, Sequence[str]] = field(default_factory=dict)
    weaknesses: Sequence[Weakness] = ()
    unanswered: Sequence[str] = ()
    reason: str = ""


def chain_weaknesses(pems: Iterable[str]) -> Iterator[Weakness]:
    """Yield the weaknesses of a chain as it was received, each certificate in PEM."""
    chain = [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]
    if not chain:
        return
    owner = chain[0].subject.rfc4514_string() or "a certificate"
    if any(one.issuer != issuer.subject for one, issuer in pairwise(chain)):
        fix = "write the host's certificate first in smtpd_tls_chain_files, then its issuer's"
        yield False, f"has the chain of {owner} in the wrong order", fix
    if not _for_servers(chain[0]):
        fix = "get a certificate whose extended key usage has serverAuth (RFC 5280)"
        yield False, f"has for {owner} a certificate that is not for servers", fix


def no_extended_master_secret() -> Weakness:
    """Return the weakness of TLS 1.2 without that extension."""
    return False, "has no extended master secret (RFC 7627)", UPDATE


def no_secure_renegotiation() -> Weakness:
    """Return the weakness of TLS 1.2 without that extension."""
    return True, "has no secure renegotiation (RFC 5746)", UPDATE


def _for_servers(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return not _FOR_SERVERS.isdisjoint(usage)
