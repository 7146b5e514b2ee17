"""
How policies in TXT records join those that are there already.

A name has one policy of a kind: two, or one that nobody understands, count as none, and which is
meant is for the zone's owner to say. One that is there is completed and never weakened; other texts
at its name stay. A DKIM selector of a host names that host's one key, so an older key there is one
that nobody has any more and makes room; so does the announcement of an older policy of MTA-STS.
"""

from collections.abc import Callable
from typing import TypeVar

from ...mail import bimi, dkim, dmarc, mta_sts, spf, tls_rpt
from ...mail.bimi import Bimi
from ...mail.dmarc import Dmarc
from ...mail.errors import MailError
from ...mail.records import MailRecord
from ...mail.spf import Spf
from ...mail.spf_cost import Lookup, limited
from ...mail.tls_rpt import TlsRpt
from .rules import Merged, beside, without

Result = TypeVar("Result")


def spf_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """The one policy lets in whom it let in before, and our hosts."""
    ours = Spf.parse(record.values[0])
    policy = _named(record, lambda: spf.merged(ours, existing, strict=record.strict))
    return Merged((str(policy),), tuple(text for text in existing if not spf.is_policy(text)))


def spf_limits(record: MailRecord, result: Merged, lookup: Lookup) -> str:
    """Raise MailError where a policy costs its readers too much; return what is not known."""
    policy = Spf.parse(result.ours[0])
    return _named(record, lambda: limited(policy, record.name, lookup))


def dmarc_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A policy that is there is completed, and raised by one step where more is asked for."""
    theirs = _the_one(record, existing, dmarc.is_policy)
    if theirs is None:
        return beside(record, existing)
    before, asked = _named(record, lambda: Dmarc.parse(theirs)), Dmarc.parse(record.values[0])
    if record.strict:  # nobody sends its mail, so no evidence is wanted
        policy, note = before.completed(asked, steps=len(dmarc.LADDER)), ""
    else:
        policy = before.completed(asked)
        note = policy.reason(before, asked)
    return _completed(theirs, existing, None if policy == before else str(policy), note)


def mta_sts_announcement(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A newer policy of ours is announced in the place of an older one."""
    # RFC 8461 section 3.1: with two of them a domain has no policy at all.
    others = tuple(text for text in existing if mta_sts.is_announcement(text))
    foreign = [text for text in others if not mta_sts.is_ours(text)]
    if foreign:
        raise MailError(
            f"{record.name} announces a policy of somebody else's, {foreign[0]!r}; take that out "
            "of the zone, or write mail_mta_sts = 'none'"
        )
    return Merged(record.values, without(existing, others))


def tls_rpt_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Who gets reports goes on getting them, and we too."""
    theirs = _the_one(record, existing, tls_rpt.is_policy)
    if theirs is None:
        return beside(record, existing)
    before = _named(record, lambda: TlsRpt.parse(theirs))
    policy = before.completed(TlsRpt.parse(record.values[0]))
    return _completed(theirs, existing, None if policy == before else str(policy))


def bimi_logo(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A logo that is there is its owner's choice."""
    theirs = _the_one(record, existing, bimi.is_assertion)
    if theirs is None:
        return beside(record, existing)
    logo = _named(record, lambda: Bimi.parse(theirs)).logo
    other = logo != Bimi.parse(record.values[0]).logo
    note = f"it keeps {logo or 'its word that there is no logo'}, which is not mail_bimi"
    return Merged((), existing, note if other else "")


def dkim_key(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A selector names one key, so ours takes the place of another."""
    return Merged(record.values, tuple(text for text in existing if not dkim.is_key(text)))


def _the_one(
    record: MailRecord, existing: tuple[str, ...], is_one: Callable[[str], bool]
) -> str | None:
    """Return the policy among the texts of a name; raise MailError where there are several."""
    found = [text for text in existing if is_one(text)]
    if len(found) > 1:
        raise MailError(
            f"{record.name} has {len(found)} policies where one is allowed, so none counts: make "
            f"one of {' and '.join(map(repr, sorted(found)))}"
        )
    return found[0] if found else None


def _named(record: MailRecord, made: Callable[[], Result]) -> Result:
    """Return what is made, or raise its MailError with the record's name."""
    try:
        return made()
    except MailError as error:
        raise MailError(f"{record.name}: {error}") from None


def _completed(
    theirs: str, existing: tuple[str, ...], policy: str | None, note: str = ""
) -> Merged:
    """Put a policy in the place of theirs; where it is the same, nothing is ours to write."""
    if policy is None:
        return Merged((), existing)
    return Merged((policy,), without(existing, (theirs,)), note)
