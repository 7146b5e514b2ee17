"""Private keys with certificates that they sign themselves: of no authority, and good for TLS."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from . import pem
from .shell import must

ALGORITHMS = {
    "ecdsa": ("EC", "ec_paramgen_curve:prime256v1"),
    "rsa": ("RSA", "rsa_keygen_bits:3072"),
}


def known(path: str) -> dict[str, str]:
    """Return the private keys of a file, by their kinds; none of a file that is not there."""
    text = Path(path).read_text() if path and Path(path).exists() else ""
    blocks = [match.group() for match in pem.BLOCK.finditer(text)]
    keys = [block for block in blocks if "PRIVATE KEY" in block.splitlines()[0]]
    kinds = [leaf.kind for leaf in pem.leaves(path)] if keys else []
    return {kind: key for kind, key in zip(kinds, keys, strict=False) if kind in ALGORITHMS}


def sign(path: str, name: str, kinds: Iterable[str], keys: Mapping[str, str]) -> None:
    """Write a key of each kind, a new one where none is given, each with its certificate."""
    pairs = [_pair(keys.get(kind) or _new(kind), name) for kind in kinds]
    pem.write(f"{path}.new", "".join(pairs))
    Path(f"{path}.new").replace(path)


def _new(kind: str) -> str:
    algorithm, option = ALGORITHMS[kind]
    made = ("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", option)
    return must("certificate", *made)


def _pair(key: str, name: str) -> str:
    """Return a key and its certificate."""
    signed = ("openssl", "req", "-x509", "-new", "-key", "/dev/stdin", "-days", "3650")
    # RFC 5280 appendix A.1: a common name has at most 64 characters.
    named = ("-subj", f"/CN={name[:64]}", "-addext", f"subjectAltName=DNS:{name}")
    return key + must("certificate", *signed, *named, stdin=key)
