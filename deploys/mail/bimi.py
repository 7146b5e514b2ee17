"""BIMI records: the logo that mail programs show with a domain's mail (draft-brand-indicators).

The TXT record at `default._bimi.<domain>` names an SVG by its URL: `v=BIMI1; l=https://.../l.svg`.
The tag `a` names a certificate for it; without one most providers show nothing. The logo counts
only for mail that passes DMARC, and only if that policy is quarantine or reject.
"""

from dataclasses import dataclass

from .errors import MailError
from .tags import is_version, tags, written

VERSION = "BIMI1"


def is_assertion(text: str) -> bool:
    """Tell a BIMI record from other TXT records at its name."""
    return is_version(text, VERSION)


def record_name(domain: str) -> str:
    """Return the name of a domain's record, for mail that names no other selector."""
    return f"default._bimi.{domain}"


@dataclass(frozen=True)
class Bimi:
    """A record: its tags in their order."""

    tags: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, logo: str) -> "Bimi":
        """Return the record of a logo."""
        return cls((("v", VERSION), ("l", logo)))

    @classmethod
    def parse(cls, text: str) -> "Bimi":
        """Return a record from its text; raise MailError with the part that is not valid."""
        record = cls(tuple(tags(text, "BIMI record", VERSION).items()))
        if record.logo is None:
            raise MailError(f"the BIMI record {text!r} names no logo: add 'l=https://...'")
        return record

    def __str__(self) -> str:
        return written(dict(self.tags))

    @property
    def logo(self) -> str | None:
        """Return the logo's URL; "" where the domain declines to have one, None without the tag."""
        return dict(self.tags).get("l")
