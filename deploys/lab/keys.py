"""Every key of a lab, derived from one seed.

A lab needs many keys: one to log in with, one for each host to be known by, one for each signed
zone, one for the name server's API. All are computed from a single random seed (HKDF, RFC 5869),
so a lab has one secret to keep, and what it is made of stays a pure function of that. They are
keys on P-256, because those have a private form that is the same each time it is written; the lab's
certificate authority signs with Ed25519 (RFC 8032), which makes the same signature each time.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

import dns.dnssec
import dns.dnssectypes
import dns.name
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID
from dns.rdtypes.ANY.DS import DS

SECURE_ENTRY_POINT = 257  # RFC 4034 section 2.1.1: a zone key that a parent's DS points at
AUTHORITY = "Certificate authority of the lab"
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
OF_AUTHORITY = (
    x509.BasicConstraints(ca=True, path_length=None),
    x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    ),
)
SCALAR_BYTES = 40  # 64 bits more than P-256 has, so that reducing them leaves no bias


@dataclass(frozen=True)
class Keys:
    """The keys of one lab."""

    seed: bytes

    @property
    def api_key(self) -> str:
        """Return the key for the name server's API."""
        return self._bytes("api-key").hex()

    @property
    def account_password(self) -> str:
        """Return the password of the accounts on the mail hosts."""
        return self._bytes("account-password").hex()

    @property
    def bulk_secret(self) -> str:
        """Return the secret of a bulk stream."""
        return self._bytes("bulk-secret").hex()

    @property
    def mailbox_password(self) -> str:
        """Return the password of the peer's mailbox."""
        return self._bytes("mailbox-password").hex()

    @property
    def update_key(self) -> str:
        """Return the TSIG key for updates at the second name server (RFC 8945)."""
        return base64.b64encode(self._bytes("update-key")).decode()

    @property
    def proof_key(self) -> str:
        """Return the TSIG key with which a mail host proves its names there."""
        return base64.b64encode(self._bytes("proof-key")).decode()

    def ssh_private(self, owner: str) -> str:
        """Return a private key for SSH, in the form that every version of it reads."""
        return _pem(self._key(f"ssh {owner}"))

    def authority(self) -> str:
        """Return the certificate of the lab's own authority."""
        return self._certificate(AUTHORITY, self._authority.public_key())

    def tls_private(self, name: str) -> str:
        """Return the private key of a host's certificate."""
        return _pem(self._key(f"tls {name}"))

    def tls_certificate(self, name: str) -> str:
        """Return a host's certificate, signed by the lab's authority."""
        return self._certificate(name, self._key(f"tls {name}").public_key())

    def ssh_public(self, owner: str) -> str:
        """Return the public half of an SSH key: type and key."""
        public = self._key(f"ssh {owner}").public_key()
        encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        return public.public_bytes(encoding, form).decode()

    def zone_private(self, zone: str) -> str:
        """Return the key that signs a zone, as BIND's tools write it."""
        scalar = self._key(f"zone {zone}").private_numbers().private_value.to_bytes(32, "big")
        return (
            "Private-key-format: v1.2\n"
            f"Algorithm: {dns.dnssectypes.Algorithm.ECDSAP256SHA256.value} (ECDSAP256SHA256)\n"
            f"PrivateKey: {base64.b64encode(scalar).decode()}\n"
        )

    def zone_pem(self, zone: str) -> str:
        """Return the same key as Knot's tools read it."""
        return _pem(self._key(f"zone {zone}"), serialization.PrivateFormat.PKCS8)

    def zone_ds(self, zone: str) -> DS:
        """Return the DS record of that key, for the parent zone or as a resolver's trust anchor."""
        public = dns.dnssec.make_dnskey(
            self._key(f"zone {zone}").public_key(),
            dns.dnssectypes.Algorithm.ECDSAP256SHA256,
            flags=SECURE_ENTRY_POINT,
        )
        return dns.dnssec.make_ds(dns.name.from_text(zone), public, "SHA256")

    @property
    def _authority(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._bytes("authority"))

    def _certificate(self, name: str, key: CertificatePublicKeyTypes) -> str:
        """Return a certificate with the extensions that strict verifiers need (RFC 5280)."""
        issuer = x509.SubjectKeyIdentifier.from_public_key(self._authority.public_key())
        extensions = (
            x509.SubjectKeyIdentifier.from_public_key(key),
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer),
            *(OF_AUTHORITY if name == AUTHORITY else (_names(name),)),
        )
        builder = (
            x509.CertificateBuilder(_named(AUTHORITY), _named(name), key)
            .serial_number(int.from_bytes(self._bytes(f"serial {name}", 16), "big") | 1)
            .not_valid_before(FROM)
            .not_valid_after(UNTIL)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=extension in OF_AUTHORITY)
        signed = builder.sign(self._authority, None)
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def _bytes(self, purpose: str, length: int = 32) -> bytes:
        return HKDF(hashes.SHA256(), length, salt=None, info=purpose.encode()).derive(self.seed)

    def _key(self, purpose: str) -> ec.EllipticCurvePrivateKey:
        scalar = int.from_bytes(self._bytes(purpose, SCALAR_BYTES), "big")
        return ec.derive_private_key(scalar % (ec.SECP256R1.group_order - 1) + 1, ec.SECP256R1())


def _pem(
    key: ec.EllipticCurvePrivateKey,
    form: serialization.PrivateFormat = serialization.PrivateFormat.TraditionalOpenSSL,
) -> str:
    encoded = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return encoded.decode()


def _names(name: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name)])


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
