"""
Index of a provider's zones: the zone of a record is the one with the longest name that covers it.

The provider is asked, and no resolver: a resolver would remember that a name does not exist, just
before the name is published (RFC 2308).
"""

from collections.abc import Collection, Iterable, Iterator

from ...mail.errors import MailError
from ...mail.records import MailRecord
from ...mail.settings import dkim_keys
from ...mail.settings.model import Fleet
from ..model.changes import listed
from .provider import NO_ZONE, Provider
from .refusal import UnreachableError

# The usual numbers of address labels in the zone of a network: /8 to /24, and /32 to /64.
NETWORKS = {"in-addr": range(1, 4), "ip6": (8, 12, 14, 16)}
OWNER = "others"  # in place of a zone that the owner of the domain publishes


class ZoneIndex:
    """The zones of one provider that hold names of ours."""

    def __init__(self, provider: Provider, names: Collection[str]) -> None:
        self.provider = provider
        self.names = names
        subjects = {self._subject(name) for name in names if not _is_pointer(name)}
        self.listing = provider.zone_names(listed(sorted(subjects)))
        self.refusals: dict[str, str] = {}

    def zone(self, name: str) -> str | None:
        """
        Return the zone of a name; raise MailError if there is none.

        The zone of a pointer is its network's and often belongs to others: then return None.
        """
        zone = next(filter(self._exists, _suffixes(name)), None)
        if zone is None and not _is_pointer(name):
            subject = self._subject(name)
            reason = self.refusals.get(subject) or f"{subject}: {self.provider.name} {NO_ZONE}"
            raise MailError(reason)
        return zone

    def zone_of(self, fleet: Fleet, record: MailRecord) -> str | None:
        """
        Return the zone of a record, or None for a pointer that can be left out.

        A domain's owner may delegate the names of our keys to a zone of ours, by CNAME records that
        are published once. Then we publish only that zone; for the owner's zone, return OWNER.
        """
        try:
            return self.zone(record.name)
        except UnreachableError:
            raise
        except MailError:
            if any(f".{record.name}".endswith(f".{domain}") for domain in _delegating(fleet)):
                return OWNER
            raise

    def _subject(self, name: str) -> str:
        """Return our highest name at or above a name, so that a missing zone is named once."""
        return [suffix for suffix in _suffixes(name) if suffix in self.names][-1]

    def _exists(self, zone: str) -> bool:
        if self.listing is not None:
            return zone in self.listing
        if _is_pointer(zone) and not _may_be_reverse(zone):
            return False
        if zone not in self.refusals:
            self.refusals[zone] = self._refusal(zone)
        return not self.refusals[zone]

    def _refusal(self, zone: str) -> str:
        """Return why a zone cannot be read; only for a provider that lists no zones."""
        try:
            self.provider.read(zone)
        except UnreachableError:
            raise
        except MailError as error:
            return str(error)
        return ""


def _delegating(fleet: Fleet) -> Iterator[str]:
    """Yield the domains that delegate the names of keys to a zone of ours."""
    for host in fleet.hosts:
        for domain in dkim_keys.signing_domains(host):
            if dkim_keys.cname_zone(host, domain):
                yield domain


def _suffixes(name: str) -> Iterator[str]:
    labels = name.split(".")
    return (".".join(labels[i:]) for i in range(len(labels) - 1))


def _may_be_reverse(zone: str) -> bool:
    labels = zone.split(".")
    return len(labels) - 2 in NETWORKS[labels[-2]]


def provider_of(name: str, target: str, providers: Iterable[Provider]) -> Provider:
    """Return the first provider that has the zone of a CNAME's target; raise MailError if none."""
    for provider in providers:
        try:
            if provider.by_hand or ZoneIndex(provider, (target,)).zone(target):
                return provider
        except UnreachableError:
            raise
        except MailError:  # another one may have it
            continue
    raise MailError(
        f"{name} is a CNAME to {target}, but no mail_dns of the inventory has a zone for that; "
        "create the zone at your provider, or remove the CNAME"
    )


def _is_pointer(name: str) -> bool:
    return name.endswith(".arpa")
