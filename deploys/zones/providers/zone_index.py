"""
Which zone of a provider a record belongs into: the one with the longest name that covers it.

The provider is asked, and never a resolver: that would remember that a name is not there, just
before the name appears.
"""

from collections.abc import Collection, Iterator

from ...mail.errors import MailError
from ..model.changes import listed
from .provider import NO_ZONE, Provider, UnreachableError

# How many labels of an address the zones of networks have, mostly: /8 to /24, and /32 to /64.
NETWORKS = {"in-addr": range(1, 4), "ip6": (8, 12, 14, 16)}


class Atlas:
    """The zones of one provider, as far as names of ours need them."""

    def __init__(self, provider: Provider, names: Collection[str]) -> None:
        self.provider = provider
        self.names = names
        subjects = {self._subject(name) for name in names if not _is_pointer(name)}
        self.listed = provider.zone_names(listed(sorted(subjects)))
        self.refusals: dict[str, str] = {}

    def zone(self, name: str) -> str | None:
        """
        Return the zone that a name belongs into; raise MailError where there is none.

        The zone of a pointer is its network's, which is often somebody else's: then it is None.
        """
        zone = next(filter(self._exists, _suffixes(name)), None)
        if zone is None and not _is_pointer(name):
            subject = self._subject(name)
            reason = self.refusals.get(subject) or f"{subject}: {self.provider.name} {NO_ZONE}"
            raise MailError(reason)
        return zone

    def _subject(self, name: str) -> str:
        """Return the name by which a missing zone is told of: once, not for all names in it."""
        return [suffix for suffix in _suffixes(name) if suffix in self.names][-1]

    def _exists(self, zone: str) -> bool:
        if self.listed is not None:
            return zone in self.listed
        if _is_pointer(zone) and not _may_be_reverse(zone):
            return False
        if zone not in self.refusals:
            self.refusals[zone] = self._refusal(zone)
        return not self.refusals[zone]

    def _refusal(self, zone: str) -> str:
        """Say why a zone cannot be read; of a provider without a list that is all there is."""
        try:
            self.provider.read(zone)
        except UnreachableError:
            raise
        except MailError as error:
            return str(error)
        return ""


def _suffixes(name: str) -> Iterator[str]:
    labels = name.split(".")
    return (".".join(labels[i:]) for i in range(len(labels) - 1))


def _may_be_reverse(zone: str) -> bool:
    labels = zone.split(".")
    return len(labels) - 2 in NETWORKS[labels[-2]]


def _is_pointer(name: str) -> bool:
    return name.endswith(".arpa")
