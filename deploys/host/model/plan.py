"""
Plan of a host: its desired services, compared with its existing state.

It is pure: the same settings and the same state give the same changes.
"""

from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff

from ...mail import paths
from .desired import Certificate, Query, Service
from .state import Existing, FoundCertificate, FoundFile, FoundService

SELF_SIGNED_DAYS = RENEWAL_DAYS = 30


@dataclass(frozen=True)
class HostChange:
    """One difference between the existing and the desired state of a host."""

    verb: str
    subject: str
    why: str = ""
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}" + (f" ({self.why})" if self.why else "")

    def diff(self) -> list[str]:
        """Return the lines of a unified diff; none if the change is not in a text."""
        old, new = self.before.splitlines(), self.after.splitlines()
        return list(unified_diff(old, new, self.subject, self.subject, lineterm="", n=2))


def preparation(services: Collection[Service], existing: Existing) -> Iterator[HostChange]:
    """Yield the packages, users, certificates and keys that are missing."""
    packages = dict.fromkeys(name for one in services for name in one.query.packages)
    for package in packages:
        if existing.packages[package] is None:
            yield HostChange("install", package)
    for service in services:
        for user in service.system_users:
            if not existing.users[user.name]:
                yield HostChange("create", user.name, "a user of the system, without a login")
        yield from _certificate_changes(service, existing)
        for key in service.keys:
            if not existing.keys[key.path]:
                yield HostChange("create", key.path, f"{key.kind}, stays on the host")


def configuration(service: Service, existing: Existing) -> Iterator[HostChange]:
    """Yield the changes of a service's files, tables and units."""
    found = existing.services[service.query.name]
    for theirs in found.foreign:
        yield HostChange("replace", theirs, f"kept in {paths.originals(service.query.name)}")
    yield from _file_changes(service, found)
    yield from _table_changes(service, found)
    yield from _unit_changes(service, found)


def departure(unit: str) -> HostChange:
    """Return the change for a service that an earlier run set up and that is no longer needed."""
    return HostChange("stop", unit, "no longer needed")


def certification(services: Iterable[Service | Query], existing: Existing) -> Iterator[HostChange]:
    """Yield the certificates to issue, to take over or to rotate."""
    for service in services:
        for certificate in service.certificates:
            found = existing.certificates[certificate.path]
            if found and not found.readable:
                continue
            acme = certificate.source == "acme"
            if acme and (why := _issue_reason(certificate, found, existing.challenges)):
                yield HostChange("issue", certificate.path, why)
            elif found and _is_ready(found) and (acme or _new_keys(found)):
                yield HostChange("take", certificate.path, "renewed" if acme else "with a new key")
            if found and certificate.rotate and (found.directory or not acme):
                yield HostChange("rotate", certificate.next, "the next keys replace those in use")


def renewal(queries: Collection[Query], existing: Existing) -> Iterator[HostChange]:
    """Yield the certificates that are due again by DNS-01, by which this host has got them."""
    by_path = {one.path: one for query in queries for one in query.certificates}
    for change in certification(queries, existing):
        certificate = by_path.get(change.subject)
        found = existing.certificates.get(change.subject)
        if certificate and found:
            had = (found.directory, found.challenge)
            if had == (certificate.directory, "dns"):  # else a setting waits for deploys/site.py
                yield change


def _is_ready(found: FoundCertificate) -> bool:
    return not (found.current or found.waits)


def _issue_reason(
    certificate: Certificate, found: FoundCertificate | None, orders: Collection[str]
) -> str:
    by = f"by {certificate.directory}"
    if not found or (found.self_signed and not found.issued):
        return by
    useful = found.covered and found.days >= 0 and set(found.kinds) == set(certificate.kinds)
    if not useful and not found.issued:
        return f"{by}, because the one in use is not valid"
    if found.directory != certificate.directory:
        return f"{by}, previously {found.directory}" if found.directory else by
    if found.challenge != certificate.challenge:
        return f"{by}, by another challenge"
    if not found.complete:
        return f"{by}, because not every kind of key has one"
    # certbot's timer renews the others.
    why = _dns_reason(certificate, found, orders) if certificate.challenge == "dns" else ""
    return f"{by}, because {why}" if why else ""


def _dns_reason(certificate: Certificate, found: FoundCertificate, orders: Collection[str]) -> str:
    # The CA may have issued the certificate of one key without a challenge, as it knew the proof.
    if certificate.name in orders:
        return "an order waits"
    if found.source_days is None:
        due = found.days < RENEWAL_DAYS
        return f"the one in use expires in {found.days} days" if due else ""
    due = found.source_days < RENEWAL_DAYS
    return f"the one of a key expires in {found.source_days} days" if due else ""


def _certificate_changes(service: Service, existing: Existing) -> Iterator[HostChange]:
    for certificate in service.certificates:
        found = existing.certificates[certificate.path]
        if found and not found.readable:
            continue
        if certificate.source == "files":
            if not found or not (found.current or _new_keys(found)):
                yield HostChange("take", certificate.path, f"from {', '.join(certificate.files)}")
        elif not found:
            yield HostChange("create", certificate.path, "self-signed")
        elif certificate.source == "self-signed" and (
            why := _replacement_reason(certificate, found)
        ):
            yield HostChange("replace", certificate.path, why)
        if certificate.next and (not found or not _has_next(found)):
            yield HostChange("create", certificate.next, "the next keys, which stay on the host")


def _has_next(found: FoundCertificate) -> bool:
    return bool(found.next) and not set(found.next) & {*found.served, *found.issued}


def _new_keys(found: FoundCertificate) -> set[str]:
    """Return the keys in the sources that are not in use yet: their TLSA records come first."""
    return set(found.issued) - set(found.served)


def _replacement_reason(certificate: Certificate, found: FoundCertificate) -> str:
    if not found.self_signed:
        return "mail_tls is 'self-signed'"
    if not found.covered:
        return "it is not for this name"
    if set(found.kinds) != set(certificate.kinds):
        return f"its keys are {' and '.join(found.kinds)}"
    if found.early:
        return "it is not valid yet"
    return "expires within 30 days" if found.days < SELF_SIGNED_DAYS else ""


def _file_changes(service: Service, found: FoundService) -> Iterator[HostChange]:
    for file in service.set:
        old = found.files.get(file.path)
        after = "" if file.secret else file.content
        if old is None:
            yield HostChange("create", file.path, after=after)
        elif file.sha256 != old.sha256:
            yield HostChange("update", file.path, before=_text(old), after=after)
        elif (old.mode, old.owner, old.group) != (file.mode, file.owner, file.group):
            yield HostChange("update", file.path, f"{old.owner}:{old.group} {old.mode:o}")
    for path in sorted(set(found.owned) - {file.path for file in service.set}):
        yield HostChange("remove", path)


def _table_changes(service: Service, found: FoundService) -> Iterator[HostChange]:
    for table in service.tables:
        if found.tables[table.path] != table.file().sha256:
            yield HostChange("build", f"{table.path}.lmdb")


def _unit_changes(service: Service, found: FoundService) -> Iterator[HostChange]:
    enabled = found.units.get(service.enabled)
    if not enabled or enabled.UnitFileState != "enabled":
        yield HostChange("enable", service.enabled)
    unit = found.units.get(service.unit)
    # systemd may call a unit active although its main process is dead.
    if unit is None or unit.ActiveState != "active" or found.pid is None:
        yield HostChange("start", service.unit)
    elif found.loaded != service.digest:
        yield HostChange(
            "load", service.unit, "an earlier run was interrupted" if found.interrupted else ""
        )
    elif found.silent:
        silent = f"no process answers at the socket {' and '.join(found.silent)}"
        yield HostChange("restart", service.unit, silent)


def _text(file: FoundFile) -> str:
    return b64decode(file.content).decode("utf-8", "replace")
