"""
Grades of TLS cipher suites, by the guidelines of the Dutch NCSC that Internet.nl uses.

Sufficient are suites with forward secrecy and authenticated encryption: those of TLS 1.3, and ECDHE
with AES or ChaCha20. To be phased out are finite-field DHE, and CBC, ARIA and Camellia with SHA-2.
All others are insufficient; RFC 9325 section 4.2 agrees on RSA key transport, NULL, export and RC4.
Suites have their IANA names. What our servers offer besides has OpenSSL's: the groups of a key
exchange, and the algorithms that sign it.
"""

import re
from enum import StrEnum

_SUFFICIENT = re.compile(
    r"TLS_(AES_(128|256)_GCM_SHA\d+|AES_128_CCM_SHA256|CHACHA20_POLY1305_SHA256)"
    r"|TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_(128|256)_(GCM_SHA\d+|CCM)|CHACHA20_POLY1305_SHA256)"
)
_PHASE_OUT = re.compile(
    r"TLS_(ECDHE_ECDSA|ECDHE_RSA|DHE_RSA)_WITH_"
    r"((AES|ARIA|CAMELLIA)_(128|256)_((GCM|CBC)_SHA(256|384)|CCM)|CHACHA20_POLY1305_SHA256)"
)
# Suites that hide nothing, or prove nothing: worse than old ones.
_BROKEN = re.compile(r"NULL|_anon_|EXPORT|_RC[24]_|_3?DES(\d+|_|$)|IDEA|_MD5")


# Agreed first where both sides have it: a recorded session cannot be read later with a quantum
# computer. OpenSSL has it from 3.5 on.
HYBRID_GROUP = "X25519MLKEM768"
# No finite-field groups: the guidelines phase ffdhe2048 out.
GROUPS = ("X25519", "X448", "prime256v1", "secp384r1", "secp521r1")
# RFC 9155 deprecates SHA-1 here, and SHA-224 is not among the guidelines' good ones.
SIGNATURE_ALGORITHMS = (
    "ed25519",
    *(f"{kind}+SHA{bits}" for kind in ("ECDSA", "RSA-PSS", "RSA") for bits in (256, 384, 512)),
)


class Grade(StrEnum):
    """Grade of a cipher suite."""

    SUFFICIENT = "sufficient"
    PHASE_OUT = "to be phased out"
    INSUFFICIENT = "insufficient"


def grade(suite: str) -> Grade:
    """Return the grade of a suite by its name."""
    if _SUFFICIENT.fullmatch(suite):
        return Grade.SUFFICIENT
    return Grade.PHASE_OUT if _PHASE_OUT.fullmatch(suite) else Grade.INSUFFICIENT


def broken(suite: str) -> bool:
    """Tell whether a suite is no better than clear text, even for old peers."""
    return bool(_BROKEN.search(suite))
