"""Keys and certificates for tests."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NAME = "mx1.harbor.example"
EC, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def key(of: Key, encryption: KeySerializationEncryption | None = None) -> str:
    form = PrivateFormat.PKCS8
    return of.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


def certificate(
    of: Key, *names: str, since: float = -99, days: float = 60, issuer: str = "An authority"
) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "subject")])
    by = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    now = datetime.now(UTC)
    begins, ends = now + timedelta(days=since), now + timedelta(days=days)
    return (
        x509.CertificateBuilder(by, subject, of.public_key(), 1, begins, ends)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names or (NAME,)]),
            critical=False,
        )
        .sign(EC, SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )
