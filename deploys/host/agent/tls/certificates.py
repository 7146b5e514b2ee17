"""
Certificates of the host: their state, and two of their sources, the host itself and files.

A self-signed certificate is made for the keys in use, so that no TLSA record changes.
"""

import json
import re
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ....mail import paths
from ...model.desired import Certificate
from ...model.state import FoundCertificate
from ..system.processes import listener
from ..system.shell import Refused, run
from . import cache, dane, pem, served_file, update_hook

ACCOUNTS = Path(paths.CERTBOT, "accounts")
# By authenticator; "manual" with our hook is "update".
CHALLENGES = {"standalone": "http", "webroot": "webroot", "manual": "dns"}
DAY = 86400
SMTP, DNS = 25, 53
KINDS = ("ecdsa", "rsa")  # of keys


def existing_certificate(certificate: Certificate) -> FoundCertificate | None:
    """Return the state of a name's certificate and of its sources; None if there is none."""
    served = _text(certificate.path)
    try:
        leaves = _leaves(served)
        problem, current = _sources(certificate, served, leaves)
        server, challenge = renewal(certificate)
        issued = "" if current or problem else pem.joined(certificate.files)
        sources = _source_text(certificate)
        if not leaves and not problem:
            return None
        return FoundCertificate(
            kinds=tuple(leaf.kind for leaf in leaves),
            covered=all(leaf.covers(certificate.name) for leaf in leaves),
            self_signed=any(leaf.self_signed for leaf in leaves),
            days=_days(leaves),
            early=any(leaf.since > time.time() for leaf in leaves),
            current=current,
            directory=server,
            challenge=challenge,
            problem=problem,
            served=_digests(served),
            issued=_digests(issued),
            next=_digests(_text(certificate.next)),
            noted=_noted(certificate.name),
            waits=_waits(certificate.name, served, issued),
            complete=bool(sources or not certificate.files),
            source_days=_days(_leaves(sources)) if sources not in ("", served) else None,
        )
    except ImportError:
        return _unread(certificate, served)


def _unread(certificate: Certificate, served: str) -> FoundCertificate | None:
    """Return the state of a certificate on a host that still lacks python3-cryptography."""
    if not served:
        return None
    # The noted keys are those of the last run, so that the TLSA records do not change.
    noted = _noted(certificate.name)
    return FoundCertificate(
        kinds=(),
        covered=False,
        self_signed=False,
        days=0,
        current=True,
        directory=renewal(certificate)[0],
        problem="",
        served=noted,
        noted=noted,
        readable=False,
    )


def _leaves(text: str) -> tuple[pem.Leaf, ...]:
    """Return the certificates in a text; none if it cannot be read."""
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
    return tuple(sorted(dane.noted(name).get("from", ())))


def _sources(
    certificate: Certificate, served: str, leaves: Collection[pem.Leaf]
) -> tuple[str, bool]:
    """Return a problem with the sources, and True if they are served already."""
    name, files = certificate.name, certificate.files
    if not files:
        return "", True
    try:
        if leaves and served == pem.joined(files):
            served_file.require_useful(leaves, name, served_file.listed(files))
            return "", True
        served_file.require_valid(files, name)
    except pem.Unfit as unfit:
        # A missing certificate of a CA is issued next; it is no problem of the operator.
        return ("", True) if certificate.source == "acme" else (str(unfit), False)
    return "", False


def _source_text(certificate: Certificate) -> str:
    """Return the sources as one text; empty if a file is missing, or if there are none."""
    try:
        return pem.joined(certificate.files)
    except pem.Unfit:
        return ""


def renewal(certificate: Certificate) -> tuple[str, str]:
    """Return the ACME server and the challenge in certbot's settings; empty if there are none."""
    lineage = f"{certificate.name}-ecdsa"
    conf = Path(paths.certbot(certificate.challenge, lineage), "renewal", f"{lineage}.conf")
    text = _text(str(conf))
    words = dict(
        re.findall(r"^(server|authenticator|webroot_path) = (\S+?),?$", text, re.MULTILINE)
    )
    challenge = CHALLENGES.get(words.get("authenticator", ""), "")
    if challenge == "dns" and update_hook.PUBLISH in text:
        challenge = "update"
    if challenge == "webroot" and words.get("webroot_path") != certificate.webroot:
        challenge = ""  # another directory
    return words.get("server", ""), challenge


def acme_account(directory: str) -> str:
    """Return the URI of certbot's account at an ACME server; empty unless there is exactly one."""
    server = ACCOUNTS / directory.partition("://")[2]
    found = [json.loads(path.read_text())["uri"] for path in server.glob("*/regr.json")]
    return found[0] if directory and len(found) == 1 else ""


def _waits(name: str, served: str, new: str) -> str:
    """Return the reason why a new certificate is not served yet; empty if there is none."""
    try:
        if new:
            require_accepted(name, served, new)
    except (dane.UnpublishedKey, pem.Unfit) as reason:
        return str(reason)
    return ""


def _text(path: str) -> str:
    return Path(path).read_text() if path and Path(path).exists() else ""


def provide(certificate: Certificate) -> None:
    """Take a certificate from the operator's files, or make a self-signed one."""
    if certificate.source == "files":
        take(certificate)
    else:
        path = certificate.path
        keys = keys_by_kind(certificate.next) | keys_by_kind(path)
        write_self_signed(path, certificate.name, certificate.kinds, keys)
    reload_services([certificate])


def keys_by_kind(path: str) -> dict[str, str]:
    """Return the private keys of a file by kind; none if there is no file."""
    text = _text(path)
    keys = pem.private_keys(text)
    kinds = [leaf.kind for leaf in _leaves(text)] if keys else []
    return {kind: key for kind, key in zip(kinds, keys, strict=False) if kind in KINDS}


def write_self_signed(path: str, name: str, kinds: Iterable[str], keys: Mapping[str, str]) -> None:
    """Write a key of each kind, a given or a new one, each with its certificate."""
    from .self_signed import pair  # noqa: PLC0415 - slow to load, and a new host lacks it

    pem.write(f"{path}.new", "".join(pair(kind, name, keys.get(kind)) for kind in kinds))
    Path(f"{path}.new").replace(path)


def take(certificate: Certificate) -> None:
    """Serve the sources, unless senders do not accept the key yet; the state tells that."""
    try:
        served_file.take(certificate.path, certificate.files, certificate.name, require_accepted)
    except pem.Unfit as unfit:
        raise Refused("certificate", str(unfit)) from None
    except dane.UnpublishedKey:
        return


def require_accepted(name: str, served: str, new: str) -> None:
    """Refuse keys that senders may not accept yet."""
    # On a new host no service runs: there is no resolver to ask, and no sender yet.
    if listener(SMTP) or listener(DNS):
        dane.require_published(name, served, new)


def reload_services(certificates: Iterable[Certificate]) -> None:
    """Load new certificates into the running services that use them."""
    for unit in sorted({unit for certificate in certificates for unit in certificate.units}):
        run("systemctl", "try-reload-or-restart", unit)
