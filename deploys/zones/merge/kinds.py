"""
Kinds of records: one row of a table for each, with its merge.

The first row that fits a record is its kind. If none fits, the record's values are added to the
existing ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...mail import bimi, dkim, dmarc, mta_sts, spf, tls_rpt
from ...mail.records import MailRecord
from ...mail.spf_evaluation import SpfLookup
from . import mx, record_types, txt
from .dmarc import below_another
from .record_types import Merged, Surroundings

Fits = Callable[[MailRecord], bool]
Join = Callable[[MailRecord, tuple[str, ...]], Merged]
Inherit = Callable[[MailRecord, tuple[str, ...], Surroundings], Merged | None]
LimitCheck = Callable[[MailRecord, Merged, SpfLookup], str]


@dataclass(frozen=True)
class Kind:
    """
    A kind of record: `fits` recognises it, `join` merges it with existing values.

    `inherited` returns another result if a record of a name above applies here, or None.

    Mail arrives without an `optional` record, so it is left out if its name is a CNAME or
    delegated, and its owner decides. `limits` checks a merged result by lookups in the DNS before
    it is written; it raises MailError, or returns a remark. `faults` returns a sentence about a
    result that is published already.
    """

    fits: Fits
    join: Join
    optional: bool = False
    inherited: Inherit = lambda *_: None
    limits: LimitCheck = lambda *_: ""
    faults: LimitCheck = lambda *_: ""


def of_type(*types: str) -> Fits:
    """Recognise a kind by its record types."""
    return lambda record: record.type in types


def of_text(is_one: Callable[[str], bool]) -> Fits:
    """Recognise a kind by the text of its TXT records."""
    return lambda record: record.type == "TXT" and any(map(is_one, record.values))


def is_consent(record: MailRecord) -> bool:
    """Recognise consent to reports, which begins like a DMARC policy (RFC 9990 section 4)."""
    return "._report._dmarc." in record.name


KINDS = (
    Kind(of_type("A", "AAAA"), record_types.addresses),
    Kind(of_type("MX"), mx.mx_records),
    Kind(of_type("CNAME"), record_types.cname_record),
    Kind(of_type("PTR"), record_types.ptr_record, optional=True),
    Kind(of_type("TLSA"), record_types.tlsa_records, optional=True),
    Kind(of_type("SRV"), record_types.srv_records, optional=True),
    Kind(of_type("CAA"), record_types.caa_records, optional=True),
    Kind(is_consent, record_types.added, optional=True),
    Kind(of_text(spf.is_policy), txt.spf_policy, limits=txt.spf_limits, faults=txt.spf_faults),
    Kind(of_text(dmarc.is_policy), txt.dmarc_policy, optional=True, inherited=below_another),
    Kind(of_text(dkim.is_key), txt.dkim_key),
    Kind(of_text(mta_sts.is_announcement), txt.mta_sts_announcement, optional=True),
    Kind(of_text(tls_rpt.is_policy), txt.tls_rpt_policy, optional=True),
    Kind(of_text(bimi.is_assertion), txt.bimi_logo, optional=True),
)
OTHER = Kind(lambda _: True, record_types.added)


def kind(record: MailRecord) -> Kind:
    """Return the kind of a record."""
    return next((known for known in KINDS if known.fits(record)), OTHER)


def merged(
    record: MailRecord, existing: tuple[str, ...], around: Surroundings | None = None
) -> Merged:
    """Return the values of a record's name and type, merged with the `existing` ones."""
    known = kind(record)
    inherited = known.inherited(record, existing, around) if around else None
    return inherited or known.join(record, existing)
