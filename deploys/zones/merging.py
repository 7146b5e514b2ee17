"""
Which kind of record a record is, and so how it joins what a name already holds.

A kind is a line in the table: how to tell it, how it joins, and whether mail arrives without it.
The first line that fits is the one that counts; what fits none stands beside what is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from deploys.mail import bimi, dkim, dmarc, mta_sts, spf, tls_rpt
from deploys.mail.records import MailRecord
from deploys.mail.spf_cost import Lookup
from deploys.zones import joining, policies
from deploys.zones.joining import Merged

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
    Kind(of_type("A", "AAAA"), joining.addresses),
    Kind(of_type("MX"), joining.exchanges),
    Kind(of_type("CNAME"), joining.alias),
    Kind(of_type("PTR"), joining.pointer, optional=True),
    Kind(of_type("TLSA"), joining.digests, optional=True),
    Kind(of_type("SRV"), joining.services, optional=True),
    Kind(of_type("CAA"), joining.issuers, optional=True),
    Kind(is_consent, joining.beside, optional=True),
    Kind(of_text(spf.is_policy), policies.spf_policy, limits=policies.spf_limits),
    Kind(of_text(dmarc.is_policy), policies.dmarc_policy, optional=True),
    Kind(of_text(dkim.is_key), policies.dkim_key),
    Kind(of_text(mta_sts.is_announcement), policies.mta_sts_announcement, optional=True),
    Kind(of_text(tls_rpt.is_policy), policies.tls_rpt_policy, optional=True),
    Kind(of_text(bimi.is_assertion), policies.bimi_logo, optional=True),
)
OTHER = Kind(lambda _: True, joining.beside)


def kind(record: MailRecord) -> Kind:
    """Return the kind of a record."""
    return next((known for known in KINDS if known.fits(record)), OTHER)


def merged(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Return the values for a record's name and type, where the zone has `existing` ones."""
    return kind(record).join(record, existing)
