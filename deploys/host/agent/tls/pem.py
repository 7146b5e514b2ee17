"""
Private keys and certificates in PEM (RFC 7468), several pairs in one file.

Postfix reads a file of `smtpd_tls_chain_files` as pairs: a key, directly followed by its
certificate and the chain of it. One file for all keys of a name is replaced in one step, so nobody
ever sees a key with another key's certificate. This module also stands on the host, beside the
program that takes renewed files over; it needs nothing but Python and openssl.
"""

import os
import re
import subprocess
import time
from calendar import timegm
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\n?", re.DOTALL)
CERTIFICATE = "CERTIFICATE"
KINDS = {"id-ecPublicKey": "ecdsa", "rsaEncryption": "rsa"}
Allow = Callable[[str, str, str], None]
CREATE = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW


class Unfit(Exception):
    """A file that cannot be served; the text says why and what to do."""


@dataclass(frozen=True)
class Leaf:
    """What a certificate that follows a key says of itself."""

    kind: str
    names: tuple[str, ...]
    until: float
    self_signed: bool

    def covers(self, name: str) -> bool:
        """Tell whether it names a host, RFC 6125 section 6.4.3: a wildcard is one whole label."""
        parent = "*." + name.partition(".")[2]
        return bool({name, parent} & {own.lower() for own in self.names})


def joined(sources: Iterable[str]) -> str:
    """Return the keys and certificates of several files, in their order, and nothing else."""
    return "".join(_blocks_of(source) for source in sources)


def _blocks_of(source: str) -> str:
    try:
        text = Path(source).read_text(errors="replace")
    except OSError as error:
        raise Unfit(f"{source} cannot be read ({error.strerror}); put it there") from None
    blocks = [match.group().strip() + "\n" for match in BLOCK.finditer(text)]
    # openssl writes the parameters of a curve too, which Postfix takes for a stray object.
    return "".join(block for block in blocks if "PARAMETERS" not in block.splitlines()[0])


def leaves(path: str) -> list[Leaf]:
    """Return what the certificates that follow a key say; one process for a whole file."""
    blocks = list(BLOCK.finditer(Path(path).read_text(errors="replace")))
    kinds = [block.group(1) for block in blocks]
    own = [before != CERTIFICATE for before, kind in pairwise(["", *kinds]) if kind == CERTIFICATE]
    certificates = "".join(block.group() for block in blocks if block.group(1) == CERTIFICATE)
    shown = _openssl("storeutl", "-noout", "-text", "-certs", "/dev/stdin", stdin=certificates)
    texts = re.split(r"^\d+: Certificate$", shown, flags=re.MULTILINE)[1:]
    return [_leaf(text) for text, first in zip(texts, own, strict=False) if first]


def _leaf(text: str) -> Leaf:
    return Leaf(
        kind=KINDS.get(_said("Public Key Algorithm:", text), _said("Public Key Algorithm:", text)),
        names=tuple(re.findall(r"\bDNS:([^,\s]+)", text)),
        until=timegm(time.strptime(_said("Not After :", text), "%b %d %H:%M:%S %Y GMT")),
        self_signed=_said("Issuer:", text) == _said("Subject:", text),
    )


def _said(label: str, text: str) -> str:
    found = re.search(rf"^ *{re.escape(label)} *(.*?) *$", text, re.MULTILINE)
    return found.group(1) if found else ""


def listed(files: Iterable[str]) -> str:
    """Return files as words of a sentence."""
    return " and ".join(files)


def require_useful(found: Iterable[Leaf], name: str, said_of: str) -> None:
    """Refuse certificates that are of no use for a name today."""
    for leaf in found:
        if leaf.until < time.time():
            day = time.strftime("%Y-%m-%d", time.gmtime(leaf.until))
            raise Unfit(f"the certificate in {said_of} ended on {day}; put its successor there")
        if not leaf.covers(name):
            names = ", ".join(leaf.names) or "no host at all"
            raise Unfit(f"the certificate in {said_of} is for {names}; put one for {name} there")


def _require_pairs(path: str, said_of: str) -> None:
    """Refuse a file in which a key is followed by a certificate of another one."""
    text = Path(path).read_text()
    pairs = re.split(r"(?=-----BEGIN [A-Z ]*PRIVATE KEY-----)", text)
    if pairs[0].strip() or len(pairs) == 1:
        raise Unfit(f"{said_of} has to begin with a private key; name the file of the key first")
    for pair in pairs[1:]:
        # An encrypted key is asked for its password, and there is nobody to answer.
        of_key = _openssl("pkey", "-pubout", "-passin", "pass:", stdin=pair)
        of_certificate = _openssl("x509", "-noout", "-pubkey", stdin=pair)
        if not of_key or not of_certificate:
            raise Unfit(f"{said_of} has to hold keys, unencrypted, each with its certificate")
        if of_key != of_certificate:
            raise Unfit(f"{said_of}: the key is not the certificate's; put both of one pair there")


def _openssl(*words: str, stdin: str = "") -> str:
    done = subprocess.run(
        ("openssl", *words), input=stdin, capture_output=True, text=True, check=False, timeout=30
    )
    return "" if done.returncode else done.stdout


def take(path: str, sources: Iterable[str], name: str, allow: Allow) -> bool:
    """
    Make one file of several, if it is fit and new; return whether anything has changed.

    `allow` is asked last: of a name, what is served for it and what shall be. It raises to refuse.
    """
    files = list(sources)
    now = Path(path)
    served = now.read_text() if now.exists() else ""
    if served and served == joined(files):
        return False
    new = f"{path}.new"
    try:
        _try(new, files, name)
        allow(name, served, Path(new).read_text())
        Path(new).replace(path)
    finally:
        Path(new).unlink(missing_ok=True)
    return True


def tried(sources: Iterable[str], name: str) -> None:
    """Refuse what could not be taken, and leave nothing behind."""
    with TemporaryDirectory(dir="/run") as directory:
        _try(f"{directory}/new", list(sources), name)


def _try(path: str, sources: list[str], name: str) -> None:
    write(path, joined(sources))
    _require_pairs(path, listed(sources))
    require_useful(leaves(path), name, listed(sources))


def write(path: str, text: str) -> None:
    """Write a file that root alone can read, and put it on the disk."""
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Path(path).unlink(missing_ok=True)
    with os.fdopen(os.open(path, CREATE, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
