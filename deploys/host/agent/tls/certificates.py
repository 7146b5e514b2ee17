"""
Certificates as they are, and two ways in which they come: made here, or taken from files.

A certificate that is made here is for the keys that are served, so no TLSA record has to follow.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...model.desired import Certificate
from ...model.state import FoundCertificate
from ..system.processes import listener
from ..system.shell import Refused, must, run
from . import dane, pem

RENEWAL = Path("/etc/letsencrypt/renewal")
ACCOUNTS = Path("/etc/letsencrypt/accounts")
DAY = 86400
SMTP, DNS = 25, 53
ALGORITHMS = {
    "ecdsa": ("EC", "ec_paramgen_curve:prime256v1"),
    "rsa": ("RSA", "rsa_keygen_bits:3072"),
}


def look(certificate: Certificate) -> FoundCertificate | None:
    """Return what a name is served with, and whether its sources hold something else."""
    path = certificate.path
    leaves = pem.leaves(path) if Path(path).exists() else []
    problem, current = _sources(certificate, leaves)
    issued = "" if current or problem else pem.joined(certificate.files)
    if not leaves and not problem:
        return None
    until = min((leaf.until for leaf in leaves), default=0.0)
    return FoundCertificate(
        kinds=tuple(leaf.kind for leaf in leaves),
        covered=all(leaf.covers(certificate.name) for leaf in leaves),
        self_signed=any(leaf.self_signed for leaf in leaves),
        days=int((until - time.time()) // DAY),
        current=current,
        directory=renewed_by(certificate.name),
        problem=problem,
        served=tuple(dane.digests(_text(path))),
        issued=tuple(dane.digests(issued)),
        next=tuple(dane.digests(_text(certificate.next))),
        noted=tuple(sorted(dane.notes(certificate.name).get("from", ()))),
        waits=_waits(certificate.name, _text(path), issued),
    )


def _sources(certificate: Certificate, served: list[pem.Leaf]) -> tuple[str, bool]:
    """Return what forbids to serve the sources, and whether they are what is served."""
    path, files = Path(certificate.path), certificate.files
    if not files:
        return "", True
    try:
        if served and path.read_text() == pem.joined(files):
            pem.require_useful(served, certificate.name, pem.listed(files))
            return "", True
        pem.tried(files, certificate.name)
    except pem.Unfit as unfit:
        # What an authority has not issued, or not in time, it is asked for; the operator is not.
        return ("", True) if certificate.source == "acme" else (str(unfit), False)
    return "", False


def renewed_by(name: str) -> str:
    """Return the ACME server that certbot asks for a name; nothing where it knows none."""
    conf = RENEWAL / f"{name}-ecdsa.conf"
    found = re.search(r"^server = (\S+)", conf.read_text() if conf.exists() else "", re.MULTILINE)
    return found.group(1) if found else ""


def account(directory: str) -> str:
    """Return the URI of certbot's one account at an ACME server; nothing where it has no such."""
    server = ACCOUNTS / directory.partition("://")[2]
    found = [json.loads(path.read_text())["uri"] for path in server.glob("*/regr.json")]
    return found[0] if directory and len(found) == 1 else ""


def _waits(name: str, served: str, new: str) -> str:
    """Return why what is issued is not served yet."""
    try:
        if new:
            allow(name, served, new)
    except dane.Unannounced as reason:
        return str(reason)
    return ""


def _text(path: str) -> str:
    return Path(path).read_text() if path and Path(path).exists() else ""


def provide(certificate: Certificate) -> None:
    """Take a certificate from the operator's files, or make one that serves for now."""
    if certificate.source == "files":
        take(certificate)
    else:
        path = certificate.path
        keys = known(certificate.next) | known(path)
        sign(path, certificate.name, certificate.kinds, keys)
    reload([certificate])


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


def take(certificate: Certificate) -> None:
    """Serve what the sources hold from now on, if senders accept it; a look says if not."""
    try:
        pem.take(certificate.path, certificate.files, certificate.name, allow)
    except pem.Unfit as unfit:
        raise Refused("certificate", str(unfit)) from None
    except dane.Unannounced:
        return


def allow(name: str, served: str, new: str) -> None:
    """Refuse keys that senders may not accept yet."""
    # On a host on which nothing runs yet there is nobody to ask, and nobody is shown anything.
    if listener(SMTP) or listener(DNS):
        dane.require(name, served, new)


def reload(certificates: Iterable[Certificate]) -> None:
    """Let whoever serves them serve what is new, if it runs."""
    for unit in sorted({certificate.unit for certificate in certificates}):
        run("systemctl", "try-reload-or-restart", unit)
