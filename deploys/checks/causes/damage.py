"""
Damage of a failed check: mail does not arrive, is refused, is delivered badly, or none yet.

The table is read from the top; the first row that fits a finding counts.
"""

import re
from enum import IntEnum
from fnmatch import fnmatchcase

from ..core.finding import Finding, Severity


class Damage(IntEnum):
    """Damage to mail, the greatest first."""

    LOST = 0
    REFUSED = 1
    IMPAIRED = 2
    HYGIENE = 3

    @property
    def words(self) -> str:
        """Return the damage in words."""
        return _WORDS[self]


_WORDS = {
    Damage.LOST: "mail does not arrive",
    Damage.REFUSED: "mail is refused",
    Damage.IMPAIRED: "delivery is impaired",
    Damage.HYGIENE: "no mail is affected yet",
}
# Patterns of ids, what the finding says, and the damage.
DAMAGE: tuple[tuple[str, str, Damage], ...] = (
    ("delivery.arrived", ": refused, ", Damage.REFUSED),
    ("delivery.arrived", "", Damage.LOST),
    ("delivery.failure_notice", "", Damage.LOST),
    ("host.disk", "less than", Damage.LOST),
    ("host.queue", "corrupt", Damage.LOST),
    ("delivery.arc", "", Damage.IMPAIRED),
    *((id_, "", Damage.REFUSED) for id_ in ("delivery.spf*", "delivery.dmarc", "delivery.dkim")),
    *((id_, "", Damage.REFUSED) for id_ in ("delivery.signature", "delivery.recipients")),
    *((id_, "", Damage.REFUSED) for id_ in ("smtp.connect", "smtp.postmaster", "smtp.starttls")),
    *((id_, "", Damage.REFUSED) for id_ in ("smtp.tls", "smtp.relay", "dns.tlsa", "dns.mta_sts")),
    *((id_, "", Damage.REFUSED) for id_ in ("dns.mx", "dns.address", "dns.servers", "dns.dnssec")),
    *((id_, "", Damage.REFUSED) for id_ in ("dns.spf*", "dns.dkim", "dns.dmarc", "dns.ptr")),
    *((id_, "", Damage.REFUSED) for id_ in ("host.services", "host.port25")),
    *((id_, "", Damage.REFUSED) for id_ in ("reputation.blocklists", "reputation.domain_lists")),
    *((id_, "", Damage.IMPAIRED) for id_ in ("delivery.*", "smtp.submission", "smtp.size")),
    *((id_, "", Damage.IMPAIRED) for id_ in ("dns.srv", "dns.autoconfig", "dns.resolvers")),
    *((id_, "", Damage.IMPAIRED) for id_ in ("run.host", "host.queue", "host.disk", "host.clock")),
    ("host.directory", "", Damage.IMPAIRED),
    *((id_, "", Damage.IMPAIRED) for id_ in ("bulk.suppression", "bulk.unsubscribe", "bulk.verp")),
    ("*", "", Damage.HYGIENE),
)


def damage(finding: Finding) -> Damage:
    """Return the damage that a finding stands for; only an error does any."""
    if finding.severity is not Severity.ERROR:
        return Damage.HYGIENE
    return next(
        found
        for pattern, says, found in DAMAGE
        if fnmatchcase(finding.id, pattern) and re.search(says, finding.saw)
    )
