"""
Certificates as they are, and two ways in which they come: made here, or taken from files.

A certificate that is made here is for the keys that are served, so no TLSA record has to follow.
"""

import json
import re
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ...model.desired import Certificate
from ...model.state import FoundCertificate
from ..system.processes import listener
from ..system.shell import Refused, run
from . import cache, dane, pem, served_file

RENEWAL = Path("/etc/letsencrypt/renewal")
ACCOUNTS = Path("/etc/letsencrypt/accounts")
DAY = 86400
SMTP, DNS = 25, 53
KINDS = ("ecdsa", "rsa")  # of keys


def look(certificate: Certificate) -> FoundCertificate | None:
    """Return the certificate that a name is served with, and the state of its sources."""
    served = _text(certificate.path)
    try:
        leaves = _leaves(served)
        problem, current = _sources(certificate, served, leaves)
        issued = "" if current or problem else pem.joined(certificate.files)
        if not leaves and not problem:
            return None
        return FoundCertificate(
            kinds=tuple(leaf.kind for leaf in leaves),
            covered=all(leaf.covers(certificate.name) for leaf in leaves),
            self_signed=any(leaf.self_signed for leaf in leaves),
            days=_days(leaves),
            current=current,
            directory=renewed_by(certificate.name),
            problem=problem,
            served=_digests(served),
            issued=_digests(issued),
            next=_digests(_text(certificate.next)),
            noted=_noted(certificate.name),
            waits=_waits(certificate.name, served, issued),
        )
    except ImportError:
        return _unread(certificate, served)


def _unread(certificate: Certificate, served: str) -> FoundCertificate | None:
    """Return what is known without python3-cryptography, which the next run installs."""
    if not served:
        return None
    # Its TLSA records stay as they are: the noted keys are those of the last run.
    noted = _noted(certificate.name)
    return FoundCertificate(
        kinds=(),
        covered=False,
        self_signed=False,
        days=0,
        current=True,
        directory=renewed_by(certificate.name),
        problem="",
        served=noted,
        noted=noted,
        readable=False,
    )


def _leaves(text: str) -> tuple[pem.Leaf, ...]:
    """Return the certificates of a served file; none of one that cannot be read."""
    try:
        return cache.leaves(text)
    except pem.Unfit:
        return ()


def _digests(text: str) -> tuple[str, ...]:
    return tuple(leaf.digest for leaf in _leaves(text))


def _days(leaves: Collection[pem.Leaf]) -> int:
    until = min((leaf.until for leaf in leaves), default=0.0)
    return int((until - time.time()) // DAY)


def _noted(name: str) -> tuple[str, ...]:
    return tuple(sorted(dane.notes(name).get("from", ())))


def _sources(
    certificate: Certificate, served: str, leaves: Collection[pem.Leaf]
) -> tuple[str, bool]:
    """Return what forbids to serve the sources, and whether they are what is served."""
    name, files = certificate.name, certificate.files
    if not files:
        return "", True
    try:
        if leaves and served == pem.joined(files):
            served_file.require_useful(leaves, name, served_file.listed(files))
            return "", True
        served_file.tried(files, name)
    except pem.Unfit as unfit:
        # A certificate that an authority has not issued yet is asked for; the operator is not.
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
    text = _text(path)
    keys = pem.private_keys(text)
    kinds = [leaf.kind for leaf in _leaves(text)] if keys else []
    return {kind: key for kind, key in zip(kinds, keys, strict=False) if kind in KINDS}


def sign(path: str, name: str, kinds: Iterable[str], keys: Mapping[str, str]) -> None:
    """Write a key of each kind, a new one where none is given, each with its certificate."""
    from .self_signed import pair  # noqa: PLC0415 - slow to load, and a new host lacks it

    pem.write(f"{path}.new", "".join(pair(kind, name, keys.get(kind)) for kind in kinds))
    Path(f"{path}.new").replace(path)


def take(certificate: Certificate) -> None:
    """Serve what the sources hold from now on, if senders accept it; a look says if not."""
    try:
        served_file.take(certificate.path, certificate.files, certificate.name, allow)
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
