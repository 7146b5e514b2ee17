"""
Private keys and certificates in PEM (RFC 7468), several pairs in one file.

Postfix reads a file of `smtpd_tls_chain_files` as pairs: a key, directly followed by its
certificate and the chain of it. One file for all keys of a name is replaced in one step, so no
process ever reads a key with another key's certificate.

This module, `chain`, `dane` and `served_file` also stand on the host, beside the program that takes
renewed files over. They need nothing but Python, python3-cryptography and python3-dnspython.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\n?", re.DOTALL)
CERTIFICATE = "CERTIFICATE"
CREATE = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW


class Unfit(Exception):
    """A file that cannot be served; the text gives the reason and the fix."""


@dataclass(frozen=True)
class Leaf:
    """
    The certificate of a key.

    `since` and `until` are its begin and end in seconds since the epoch, `digest` is the SHA-256 of
    its public key, as in a TLSA record "3 1 1" (RFC 6698).
    """

    kind: str
    names: tuple[str, ...]
    since: float
    until: float
    self_signed: bool
    digest: str

    def covers(self, name: str) -> bool:
        """Return True if it is for a host; a wildcard is one label (RFC 6125 section 6.4.3)."""
        parent = "*." + name.partition(".")[2]
        return bool({name, parent} & {own.lower() for own in self.names})


def private_keys(text: str) -> list[str]:
    """Return the private keys of a text, in their order."""
    found = [match.group() for match in BLOCK.finditer(text)]
    return [block for block in found if "PRIVATE KEY" in block.splitlines()[0]]


def joined(sources: Iterable[str]) -> str:
    """Return the keys and certificates of several files, in their order, and nothing else."""
    return "".join(_blocks_of(source) for source in sources)


def _blocks_of(source: str) -> str:
    try:
        text = Path(source).read_text(errors="replace")
    except OSError as error:
        raise Unfit(f"{source} cannot be read ({error.strerror}); put the file there") from None
    blocks = [match.group().strip() + "\n" for match in BLOCK.finditer(text)]
    # openssl also writes the parameters of a curve, and Postfix refuses these.
    return "".join(block for block in blocks if "PARAMETERS" not in block.splitlines()[0])


def write(path: str, text: str) -> None:
    """Write a file that only root can read, through to the disk."""
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Path(path).unlink(missing_ok=True)
    with os.fdopen(os.open(path, CREATE, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
