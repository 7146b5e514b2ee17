"""
Which kind of record a record is, and so how it joins what a name already holds.

A kind is a line in the table: how to tell it, how it joins, and whether mail arrives without it.
The first line that fits is the one that counts; what fits none stands beside what is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...mail import bimi, dkim, dmarc, mta_sts, spf, tls_rpt
from ...mail.records import MailRecord
from ...mail.spf_cost import Lookup
from . import rules, txt
from .rules import Merged

Fits = Callable[[MailRecord], bool]
Join = Callable[[MailRecord, tuple[str, ...]], Merged]
Limits = Callable[[MailRecord, Merged, Lookup], str]


@dataclass(frozen=True)
class Kind:
    """
    A kind of record.

    One that is `optional` is left out where a CNAME or a zone cut leads its name elsewhere, since
    whoever put that there has decided on it there.
    `limits` judges a result that is to be written, asking the DNS: it raises MailError, or returns
    a remark.
    """

    fits: Fits
    join: Join
    optional: bool = False
    limits: Limits = lambda *_: ""


def of_type(*types: str) -> Fits:
    """Tell a kind by the record's type."""
    return lambda record: record.type in types


def of_text(is_one: Callable[[str], bool]) -> Fits:
    """Tell a kind by what its TXT records say."""
    return lambda record: record.type == "TXT" and any(map(is_one, record.values))


def is_consent(record: MailRecord) -> bool:
    """Tell consent to reports, which begins as a DMARC policy does (RFC 7489 section 7.1)."""
    return "._report._dmarc." in record.name


KINDS = (
    Kind(of_type("A", "AAAA"), rules.addresses),
    Kind(of_type("MX"), rules.exchanges),
    Kind(of_type("CNAME"), rules.alias),
    Kind(of_type("PTR"), rules.pointer, optional=True),
    Kind(of_type("TLSA"), rules.digests, optional=True),
    Kind(of_type("SRV"), rules.services, optional=True),
    Kind(of_type("CAA"), rules.issuers, optional=True),
    Kind(is_consent, rules.beside, optional=True),
    Kind(of_text(spf.is_policy), txt.spf_policy, limits=txt.spf_limits),
    Kind(of_text(dmarc.is_policy), txt.dmarc_policy, optional=True),
    Kind(of_text(dkim.is_key), txt.dkim_key),
    Kind(of_text(mta_sts.is_announcement), txt.mta_sts_announcement, optional=True),
    Kind(of_text(tls_rpt.is_policy), txt.tls_rpt_policy, optional=True),
    Kind(of_text(bimi.is_assertion), txt.bimi_logo, optional=True),
)
OTHER = Kind(lambda _: True, rules.beside)


def kind(record: MailRecord) -> Kind:
    """Return the kind of a record."""
    return next((known for known in KINDS if known.fits(record)), OTHER)


def merged(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Return the values for a record's name and type, where the zone has `existing` ones."""
    return kind(record).join(record, existing)
