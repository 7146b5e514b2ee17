"""DKIM keys of mx1, made for each run of the tests, and messages signed with them."""

import base64
from collections.abc import Sequence

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

_RSA = rsa.generate_private_key(65537, 2048)
_ED25519 = ed25519.Ed25519PrivateKey.generate()
_SECRETS = {
    "rsa": _RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "ed25519": base64.b64encode(_ED25519.private_bytes_raw()),
}
# What is public of them, as their records have it.
KEYS = {
    "rsa": base64.b64encode(
        _RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
    "ed25519": base64.b64encode(_ED25519.public_key().public_bytes_raw()).decode(),
}


HEADERS = (b"from", b"to", b"subject", b"date", b"message-id")


def signed(
    raw: bytes,
    domain: str = "harbor.example",
    host: str = "mx1",
    headers: Sequence[bytes] = HEADERS,
) -> bytes:
    """Return a message as a mail host of a domain sends it."""
    signatures = [
        dkim.sign(
            raw,
            f"{host}-{algorithm}".encode(),
            domain.encode(),
            secret,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=f"{algorithm}-sha256".encode(),
            include_headers=list(headers),
        )
        for algorithm, secret in _SECRETS.items()
    ]
    return b"".join(signatures).replace(b"\r\n", b"\n") + raw


def sealed(raw: bytes) -> bytes:
    """Return a message as a forwarder passes it on that seals by ARC, with a key of ours."""
    results = b"Authentication-Results: relay.example; spf=pass smtp.mailfrom=harbor.example\n"
    lines = dkim.arc_sign(
        results + raw,
        b"mx1-rsa",
        b"harbor.example",
        _SECRETS["rsa"],
        b"relay.example",
        include_headers=list(HEADERS),
    )
    return b"".join(lines).replace(b"\r\n", b"\n") + results + raw
