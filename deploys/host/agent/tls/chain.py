"""
Keys and their certificate chains (RFC 5280), read by python3-cryptography.

Debian 12 has version 38, Debian 13 version 43. The import takes longer than most requests, and a
new host lacks the package, so other modules import this one only where there is something to read.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from .pem import BLOCK, CERTIFICATE, Leaf, Unfit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

PAIR = re.compile(r"(?=-----BEGIN [A-Z ]*PRIVATE KEY-----)")


@dataclass(frozen=True)
class Encoded:
    """A certificate and its public key (SubjectPublicKeyInfo), both in DER."""

    whole: bytes
    key: bytes


def leaves(text: str) -> tuple[Leaf, ...]:
    """Return the certificate of each key; raise Unfit for one that cannot be read."""
    return tuple(_leaf(chain[0]) for chain in _chains(text))


def encoded(text: str) -> list[list[Encoded]]:
    """Return the certificates that follow each key, its own one first; raise Unfit as above."""
    return [
        [Encoded(one.public_bytes(Encoding.DER), _public(one.public_key())) for one in chain]
        for chain in _chains(text)
    ]


def require_pairs(text: str, files: str) -> None:
    """Refuse the text of some files in which a key is followed by a certificate of another one."""
    pairs = PAIR.split(text)
    if pairs[0].strip() or len(pairs) == 1:
        raise Unfit(f"{files} must begin with a private key; list the file of the key first")
    for pair in pairs[1:]:
        key, found = _public_of_private(pair), _chains(pair)
        if not key or not found:
            raise Unfit(f"{files} must contain unencrypted keys, each followed by its certificate")
        if key != _public(found[0][0].public_key()):
            raise Unfit(
                f"{files}: the key does not match its certificate; put a matching pair there"
            )


def _chains(text: str) -> list[list[x509.Certificate]]:
    found: list[list[x509.Certificate]] = []
    before = ""
    for block in BLOCK.finditer(text):
        if block.group(1) == CERTIFICATE:
            if before != CERTIFICATE:
                found.append([])
            found[-1].append(_certificate(block.group()))
        before = block.group(1)
    return found


def _certificate(block: str) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(block.encode())
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unfit(f"a certificate cannot be parsed ({error}); replace it") from None
    return certificate


def _public_of_private(pair: str) -> bytes | None:
    """Return the public half of the key that a pair begins with; None if it is unusable."""
    block = BLOCK.match(pair)
    try:
        key = load_pem_private_key(block.group().encode(), None) if block else None
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        return None
    return _public(key.public_key()) if key else None


def _public(key: "PublicKeyTypes") -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _leaf(certificate: x509.Certificate) -> Leaf:
    return Leaf(
        kind=_kind(certificate.public_key()),
        names=_names(certificate),
        since=_aware(certificate, "not_valid_before").timestamp(),
        until=_aware(certificate, "not_valid_after").timestamp(),
        self_signed=certificate.issuer == certificate.subject,
        digest=hashlib.sha256(_public(certificate.public_key())).hexdigest(),
    )


def _kind(key: "PublicKeyTypes") -> str:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ecdsa"
    return "rsa" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__.strip("_")


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))


def _aware(certificate: x509.Certificate, name: str) -> datetime:
    # Version 42 brought the aware times.
    aware = getattr(certificate, f"{name}_utc", None)
    found: datetime = aware or getattr(certificate, name).replace(tzinfo=UTC)
    return found
