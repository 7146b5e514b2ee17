"""
TLSA records of a host (RFC 7672): the keys that they name, and the note that they are published.

The host reports the keys in use, the keys with a new certificate, and the next ones. Once every
authoritative server answers with all of them, the host notes the time and counts the TTL from it.
"""

from dataclasses import dataclass

from ...mail import paths, tlsa
from ...mail.settings.model import HostSettings, MailSettings
from ..model.lookup import TlsaLookup
from ..model.plan import HostChange
from ..model.request import PublishedKeys
from ..model.state import Existing, FoundCertificate


@dataclass(frozen=True)
class Announcement:
    """The note, due on a host, that every authoritative server has the TLSA records of its keys."""

    changes: tuple[HostChange, ...] = ()
    request: tuple[PublishedKeys, ...] = ()


def key_digests(settings: MailSettings, existing: Existing) -> tuple[str, ...]:
    """Return the digests of a host's keys for its TLSA records."""
    found = _own_certificate(settings, existing)
    if not found:
        return ()
    # Self-signed until the first certificate of the CA, which does not wait for its TLSA record.
    temporary = settings.tls == "acme" and found.self_signed and not found.issued
    new = existing.services["postfix"].pid is None and not found.noted
    return () if new and temporary else found.keys


def announcement(settings: HostSettings, existing: Existing, lookup: TlsaLookup) -> Announcement:
    """Return the announcement that is due, if every authoritative server has the records by now."""
    if not isinstance(settings, MailSettings) or not settings.dane:
        return Announcement()
    found, announced = _own_certificate(settings, existing), key_digests(settings, existing)
    if not found or not set(announced) - set(found.noted):
        return Announcement()
    served = lookup(settings, announced)
    if served is None:
        return Announcement()
    name = tlsa.record_name(settings.hostname)
    change = HostChange("note", name, "every name server has the TLSA records")
    ttl = max(served, tlsa.ttl(settings.ttl))  # a provider may have a higher minimum
    note = PublishedKeys(settings.hostname, announced, ttl)
    return Announcement((change,), (note,))


def waiting(existing: Existing) -> list[str]:
    """Return a sentence for each certificate that is not served yet."""
    return [one.waits for one in existing.certificates.values() if one and one.waits]


def _own_certificate(settings: MailSettings, existing: Existing) -> FoundCertificate | None:
    return existing.certificates.get(paths.certificate(settings.hostname))
