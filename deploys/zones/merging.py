"""
Which kind of record a record is, and so how it joins what a name already holds.

A kind is a line in the table: how to tell it, how it joins, and whether mail arrives without it.
The first line that fits is the one that counts; what fits none stands beside what is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from deploys.mail import dkim, dmarc, spf
from deploys.mail.records import MailRecord
from deploys.zones import joining
from deploys.zones.joining import Merged

Join = Callable[[MailRecord, tuple[str, ...]], Merged]


@dataclass(frozen=True)
class Kind:
    """
    A kind of record.

    One that is `optional` is left out where a CNAME or a zone cut leads its name elsewhere: whoever
    put that there has decided on it there.
    """

    fits: Callable[[MailRecord], bool]
    join: Join
    optional: bool = False


def of_type(*types: str) -> Callable[[MailRecord], bool]:
    """Tell a kind by the record's type."""
    return lambda record: record.type in types


def of_text(is_one: Callable[[str], bool]) -> Callable[[MailRecord], bool]:
    """Tell a kind by what its TXT records say."""
    return lambda record: record.type == "TXT" and any(map(is_one, record.values))


KINDS = (
    Kind(of_type("A", "AAAA"), joining.addresses),
    Kind(of_type("MX"), joining.exchanges),
    Kind(of_text(spf.is_policy), joining.spf_policy),
    Kind(of_text(dmarc.is_policy), joining.dmarc_policy, optional=True),
    Kind(of_text(dkim.is_key), joining.dkim_key),
)
OTHER = Kind(lambda _: True, joining.beside)


def kind(record: MailRecord) -> Kind:
    """Return the kind of a record."""
    return next((known for known in KINDS if known.fits(record)), OTHER)


def merged(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Return the values for a record's name and type, where the zone has `existing` ones."""
    return kind(record).join(record, existing)
