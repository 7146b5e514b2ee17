"""
TLSA records of a host (RFC 7672): the keys that they name, and the note that they are published.

The host reports the keys in use, those with a new certificate, and the next ones. Once every
authoritative server answers with all of them, that is noted on the host, which counts from there.
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
    """A host's keys that every authoritative server has, and that the host does not know of."""

    changes: tuple[HostChange, ...] = ()
    request: tuple[PublishedKeys, ...] = ()


def keys(settings: MailSettings, existing: Existing) -> tuple[str, ...]:
    """Return the digests of a host's keys for its TLSA records."""
    found = _own(settings, existing)
    if not found:
        return ()
    # A self-signed certificate until the CA's arrives, which does not wait for its TLSA record.
    stands_in = settings.tls == "acme" and found.self_signed and not found.issued
    new = existing.services["postfix"].pid is None and not found.noted
    return () if new and stands_in else found.keys


def announcement(settings: HostSettings, existing: Existing, lookup: TlsaLookup) -> Announcement:
    """Return the note that is due on a host: its keys are on every authoritative server by now."""
    if not isinstance(settings, MailSettings) or not settings.dane:
        return Announcement()
    found, announced = _own(settings, existing), keys(settings, existing)
    if not found or not set(announced) - set(found.noted) or not lookup(settings, announced):
        return Announcement()
    name = tlsa.record_name(settings.hostname)
    change = HostChange("note", name, "every name server has the TLSA records")
    ttl = tlsa.ttl(settings.ttl)
    note = PublishedKeys(settings.hostname, announced, ttl)
    return Announcement((change,), (note,))


def waiting(existing: Existing) -> list[str]:
    """Return a sentence for each certificate that is not served yet."""
    return [one.waits for one in existing.certificates.values() if one and one.waits]


def _own(settings: MailSettings, existing: Existing) -> FoundCertificate | None:
    return existing.certificates.get(paths.certificate(settings.hostname))
