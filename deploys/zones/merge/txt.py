"""
Merge of policies in TXT records with existing ones.

A name has one policy of a kind. Two policies, or an invalid one, count as none, and the zone's
owner must decide between them. An existing policy is completed and never weakened; other texts at
its name stay. A DKIM selector names one key of one host, so a new key replaces an older one. In the
same way an announcement of MTA-STS replaces an older one of ours.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ...mail import bimi, dkim, dmarc, mta_sts, spf, tls_rpt
from ...mail.bimi import Bimi
from ...mail.dmarc import Dmarc
from ...mail.dmarc_steps import DmarcEvidence
from ...mail.errors import MailError
from ...mail.records import MailRecord
from ...mail.spf import Spf
from ...mail.spf_cost import faults, limited
from ...mail.spf_evaluation import SpfLookup
from ...mail.tags import is_misspelt
from ...mail.tls_rpt import TlsRpt
from .record_types import Merged, added, without

Result = TypeVar("Result")


def spf_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our hosts to the senders that the one SPF policy allows."""
    ours = Spf.parse(record.values[0])
    policy = _named(record, lambda: spf.merged(ours, existing, strict=record.strict))
    kept = tuple(text for text in existing if not spf.is_policy(text))
    meant = [repr(text) for text in kept if spf.is_misspelt(text)]
    note = f"receivers ignore {' and '.join(meant)}; remove it" if meant else ""
    return Merged((str(policy),), kept, note)


def spf_limits(record: MailRecord, result: Merged, lookup: SpfLookup) -> str:
    """Raise MailError if a policy needs too many lookups; return a remark on unknown costs."""
    policy = Spf.parse(result.ours[0])
    return _named(record, lambda: limited(policy, record.name, lookup))


def spf_faults(record: MailRecord, result: Merged, lookup: SpfLookup) -> str:
    """Return a sentence about the senders for whom a policy is broken, or ""."""
    return faults(Spf.parse(result.ours[0]), record.name, lookup)


def dmarc_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Complete an existing policy, and raise it by one step if a stricter one is desired."""
    theirs = _single_policy(record, existing, dmarc.is_policy)
    if theirs is None:
        return replace(added(record, existing), note=_discarded(existing, dmarc.VERSION))
    before, wanted = _named(record, lambda: Dmarc.parse(theirs)), Dmarc.parse(record.values[0])
    if record.evidence:
        policy, note = _by_evidence(before, wanted, record.evidence)
    elif record.strict:  # the domain sends no mail, so no reports are needed first
        policy, note = before.completed(wanted, steps=len(dmarc.POLICIES)), ""
    else:
        policy = before.completed(wanted)
        note = policy.reason(before, wanted)
    return _completed(theirs, existing, None if policy == before else str(policy), note)


def _by_evidence(before: Dmarc, wanted: Dmarc, evidence: DmarcEvidence) -> tuple[Dmarc, str]:
    """Return the policy with the step that the reports allow, and why it takes this one."""
    if before.doubt:
        return before, before.doubt
    if before.is_testing:  # reports name the policy without it
        return before, "mail_dmarc = 'auto' waits until t=y is removed from the policy by hand"
    step, reason = evidence.step(before.step)
    following = Dmarc((*Dmarc.of(dmarc.POLICIES[step]).tags, *wanted.tags[2:]))
    start = before.lowered(step) if step < before.step else before
    policy = start.completed(following)
    return policy, "; ".join((*filter(None, [reason]), *policy.not_added(following)))


def requested_reports(record: MailRecord) -> tuple[str, ...]:
    """Return the URIs to which a policy of ours asks for reports."""
    for text in record.values if record.type == "TXT" else ():
        if tls_rpt.is_policy(text):
            return TlsRpt.parse(text).reports
        if dmarc.is_policy(text):
            return Dmarc.parse(text).reports("rua")
    return ()


def mta_sts_announcement(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Announce a policy of ours in place of an older one."""
    # RFC 8461 section 3.1: with two of them a domain has no policy at all.
    others = tuple(text for text in existing if mta_sts.is_announcement(text))
    foreign = [text for text in others if not mta_sts.is_ours(text)]
    if foreign:
        raise MailError(
            f"{record.name} announces a policy of others, {foreign[0]!r}; remove it from the zone, "
            "or set mail_mta_sts = 'none'"
        )
    kept = without(existing, others)
    return Merged(record.values, kept, _discarded(kept, mta_sts.VERSION))


def tls_rpt_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our address for reports to existing ones."""
    theirs = _single_policy(record, existing, tls_rpt.is_policy)
    if theirs is None:
        return replace(added(record, existing), note=_discarded(existing, tls_rpt.VERSION))
    before = _named(record, lambda: TlsRpt.parse(theirs))
    policy = before.completed(TlsRpt.parse(record.values[0]))
    return _completed(theirs, existing, None if policy == before else str(policy))


def bimi_logo(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Keep an existing logo."""
    theirs = _single_policy(record, existing, bimi.is_assertion)
    if theirs is None:
        return added(record, existing)
    logo = _named(record, lambda: Bimi.parse(theirs)).logo
    other = logo != Bimi.parse(record.values[0]).logo
    note = f"{logo or 'the declaration that there is no logo'} stays, which differs from mail_bimi"
    return Merged((), existing, note if other else "")


def dkim_key(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Replace another key of the selector with ours."""
    return Merged(record.values, tuple(text for text in existing if not dkim.is_key(text)))


def _single_policy(
    record: MailRecord, existing: tuple[str, ...], is_one: Callable[[str], bool]
) -> str | None:
    """Return the one policy among the texts of a name; raise MailError if there are several."""
    policies = [text for text in existing if is_one(text)]
    if len(policies) > 1:
        raise MailError(
            f"{record.name} has {len(policies)} policies where one is allowed, so none counts; "
            f"merge them into one: {' and '.join(map(repr, sorted(policies)))}"
        )
    return policies[0] if policies else None


def _discarded(existing: tuple[str, ...], version: str) -> str:
    """Return a sentence for texts that are meant as a policy, and that receivers discard."""
    texts = [repr(text) for text in existing if is_misspelt(text, version)]
    if not texts:
        return ""
    return (
        f"receivers discard {' and '.join(texts)}, as 'v={version};' has to come first; remove it"
    )


def _named(record: MailRecord, step: Callable[[], Result]) -> Result:
    """Return the result of `step`; add the record's name to its MailError."""
    try:
        return step()
    except MailError as error:
        raise MailError(f"{record.name}: {error}") from None


def _completed(
    theirs: str, existing: tuple[str, ...], policy: str | None, note: str = ""
) -> Merged:
    """Return a policy in place of theirs, or nothing of ours if theirs is complete already."""
    if policy is None:
        return Merged((), existing, note)
    return Merged((policy,), without(existing, (theirs,)), note)
