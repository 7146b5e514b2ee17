"""Self-signed certificates: enough for TLS without authentication, and for DANE."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

DAYS = 3650
RSA_BITS = 3072
LONGEST = 64  # characters of a common name (RFC 5280 appendix A.1)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pair(kind: str, name: str, key: str | None) -> str:
    """Return a key of a kind in PEM, a new one where none is given, and its certificate."""
    private = _loaded(key) if key else _new(kind)
    return (key or _pem(private)) + _certificate(private, name)


def _loaded(key: str) -> PrivateKey:
    loaded = load_pem_private_key(key.encode(), None)
    assert isinstance(loaded, PrivateKey)  # noqa: S101 - the caller knows its kind
    return loaded


def _new(kind: str) -> PrivateKey:
    if kind == "rsa":
        return rsa.generate_private_key(65537, RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _certificate(key: PrivateKey, name: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:LONGEST])])
    public, now = key.public_key(), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # the clock of a client may be late
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
