"""
Which keys of a host its TLSA records name (RFC 7672), and since when everybody knows them.

The host says which keys it shows, which ones have a new certificate, and which come next. Once
every name server answers with all of them, that is noted on the host, which counts from there.
"""

from collections.abc import Callable, Collection
from typing import Any

from ...mail import tlsa
from ...mail.settings.model import HostSettings, MailSettings
from ..model.plan import Change
from ..model.state import Existing, FoundCertificate
from .certificates import path

Everywhere = Callable[[MailSettings, Collection[str]], bool]


def keys(settings: MailSettings, existing: Existing) -> tuple[str, ...]:
    """Return the digests of a host's keys, as far as its TLSA set has to hold them."""
    found = _own(settings, existing)
    if not found:
        return ()
    # A certificate that only stands in until the authority's comes, which need not wait then.
    stands_in = settings.tls == "acme" and found.self_signed and not found.issued
    new = existing.services["postfix"].pid is None and not found.noted
    return () if new and stands_in else found.keys


def notices(settings: HostSettings, existing: Existing, everywhere: Everywhere) -> list[Change]:
    """Return what there is to note: keys that every name server answers with by now."""
    if not isinstance(settings, MailSettings) or not settings.dane:
        return []
    found, shown = _own(settings, existing), keys(settings, existing)
    if not found or not set(shown) - set(found.noted) or not everywhere(settings, shown):
        return []
    name = tlsa.record_name(settings.hostname)
    return [Change("note", name, "every name server answers with the keys")]


def noting(settings: HostSettings, existing: Existing) -> list[dict[str, Any]]:
    """Return what the agent notes of a host's keys."""
    if not isinstance(settings, MailSettings):
        return []
    ttl = tlsa.ttl(settings.ttl)
    return [{"name": settings.hostname, "announced": keys(settings, existing), "ttl": ttl}]


def waiting(existing: Existing) -> list[str]:
    """Return a sentence for each certificate that is not served yet."""
    return [one.waits for one in existing.certificates.values() if one and one.waits]


def _own(settings: MailSettings, existing: Existing) -> FoundCertificate | None:
    return existing.certificates.get(path(settings.hostname))
