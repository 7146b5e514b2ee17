"""Certificates as they are, and two ways in which they come: made here, or taken from files."""

import json
import re
import time
from pathlib import Path
from typing import Any

from . import pem
from .shell import Refused, must, run

RENEWAL = Path("/etc/letsencrypt/renewal")
ACCOUNTS = Path("/etc/letsencrypt/accounts")
DAY = 86400
ALGORITHMS = {
    "ecdsa": ("EC", "ec_paramgen_curve:prime256v1"),
    "rsa": ("RSA", "rsa_keygen_bits:3072"),
}


def look(certificate: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a name is served with, and whether its sources hold something else."""
    path = certificate["path"]
    leaves = pem.leaves(path) if Path(path).exists() else []
    problem, current = _sources(certificate, leaves)
    if not leaves and not problem:
        return None
    until = min((leaf.until for leaf in leaves), default=0.0)
    return {
        "kinds": [leaf.kind for leaf in leaves],
        "covered": all(leaf.covers(certificate["name"]) for leaf in leaves),
        "self_signed": any(leaf.self_signed for leaf in leaves),
        "days": int((until - time.time()) // DAY),
        "current": current,
        "directory": renewed_by(certificate["name"]),
        "problem": problem,
    }


def _sources(certificate: dict[str, Any], served: list[pem.Leaf]) -> tuple[str, bool]:
    """Return what forbids to serve the sources, and whether they are what is served."""
    path, files = Path(certificate["path"]), certificate["files"]
    if not files:
        return "", True
    try:
        if served and path.read_text() == pem.joined(files):
            pem.require_useful(served, certificate["name"], pem.listed(files))
            return "", True
        pem.tried(files, certificate["name"])
    except pem.Unfit as unfit:
        # What an authority has not issued, or not in time, it is asked for; the operator is not.
        return ("", True) if certificate["source"] == "acme" else (str(unfit), False)
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


def provide(certificate: dict[str, Any]) -> None:
    """Take a certificate from the operator's files, or make one that serves for now."""
    if certificate["source"] == "files":
        take(certificate)
    else:
        _self_signed(certificate["path"], certificate["name"])
    reload()


def take(certificate: dict[str, Any]) -> None:
    """Serve what the sources hold, from now on."""
    try:
        pem.take(certificate["path"], certificate["files"], certificate["name"])
    except pem.Unfit as unfit:
        raise Refused("certificate", str(unfit)) from None


def _self_signed(path: str, name: str) -> None:
    pem.write(f"{path}.new", "".join(_pair(kind, name) for kind in ALGORITHMS))
    Path(f"{path}.new").replace(path)


def _pair(kind: str, name: str) -> str:
    """Return a new key of a kind and its certificate."""
    algorithm, option = ALGORITHMS[kind]
    made = ("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", option)
    key = must("certificate", *made)
    signed = ("openssl", "req", "-x509", "-new", "-key", "/dev/stdin", "-days", "3650")
    # RFC 5280 appendix A.1: a common name has at most 64 characters.
    named = ("-subj", f"/CN={name[:64]}", "-addext", f"subjectAltName=DNS:{name}")
    return key + must("certificate", *signed, *named, stdin=key)


def reload() -> None:
    """Let Postfix serve what is new, if it runs; the unit's name is good on every Debian."""
    run("systemctl", "try-reload-or-restart", "postfix.service")
