"""Values of ours merged with those that a name already has."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploys.mail.dmarc import Dmarc, is_policy
from deploys.mail.dmarc_steps import DmarcEvidence
from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.merge.kinds import kind, merged
from deploys.zones.merge.record_types import Merged
from tests.mail.test_dmarc_steps import days, evidence
from tests.mail.test_octets import OCTETS

NAME = "harbor.example"
A = MailRecord("mx1.harbor.example", "A", ("203.0.113.11", "203.0.113.12"), 3600, "")
MX = MailRecord(NAME, "MX", ("10 mx1.harbor.example.", "10 mx2.harbor.example."), 3600, "")
SPF = MailRecord(NAME, "TXT", ("v=spf1 mx ~all",), 3600, "")
DMARC = MailRecord(f"_dmarc.{NAME}", "TXT", ("v=DMARC1; p=none",), 3600, "")
KEY = MailRecord(f"mx1-rsa._domainkey.{NAME}", "TXT", ("v=DKIM1; k=rsa; p=TmV3",), 3600, "")
STS = MailRecord(f"_mta-sts.{NAME}", "TXT", (f"v=STSv1; id=e{'1' * 31};",), 3600, "")
DIGESTS = (f"3 1 1 {'0a' * 32}", f"3 1 1 {'0b' * 32}")
TLSA = MailRecord("_25._tcp.mx1.harbor.example", "TLSA", DIGESTS, 300, "")
OTHER = MailRecord(NAME, "TXT", ("kept=1",), 3600, "")
ASKED = MailRecord(NAME, "TXT", ("v=spf1 mx -all",), 3600, "", strict=True)
REPORTED = MailRecord(
    f"_dmarc.{NAME}", "TXT", ("v=DMARC1; p=reject; rua=mailto:d@harbor.example",), 3600, ""
)
CONSENT = MailRecord(f"b.example._report._dmarc.{NAME}", "TXT", ("v=DMARC1",), 3600, "")
TLS = MailRecord(f"_smtp._tls.{NAME}", "TXT", ("v=TLSRPTv1; rua=mailto:t@harbor.example",), 1, "")
LOGO = MailRecord(f"default._bimi.{NAME}", "TXT", ("v=BIMI1; l=https://b.example/l.svg",), 1, "")
OPEN, BOUND = '0 issue "letsencrypt.org"', '0 issue "letsencrypt.org; accounturi=https://a/1"'
ANY_ACCOUNT = MailRecord("mx1.harbor.example", "CAA", (OPEN,), 3600, "")
ACCOUNT = MailRecord("mx1.harbor.example", "CAA", (BOUND,), 3600, "")
SRV = MailRecord(f"_submissions._tcp.{NAME}", "SRV", ("0 1 465 mx1.harbor.example.",), 3600, "")
TWO = MailRecord(SRV.name, "SRV", (*SRV.values, "0 1 465 mx2.harbor.example."), 3600, "")
NOT_OFFERED = MailRecord(f"_imaps._tcp.{NAME}", "SRV", ("0 0 0 .",), 3600, "")
PTR = MailRecord("11.113.0.203.in-addr.arpa", "PTR", ("mx1.harbor.example.",), 3600, "")
CHOSEN = MailRecord(NAME, "MX", ("20 mx1.harbor.example.",), 3600, "", strict=True)
BESIDE = MailRecord(NAME, "MX", MX.values[:1], 3600, "", beside=("mx.faraway.example",))
SILENT_MX = MailRecord(NAME, "MX", ("0 .",), 3600, "", strict=True)
SILENT_DMARC = MailRecord(DMARC.name, "TXT", ("v=DMARC1; p=reject",), 3600, "", strict=True)
SILENT = ("v=DMARC1; p=reject; rua=mailto:x@b.example",)
SILENT_SPF = MailRecord(NAME, "TXT", ("v=spf1 -all",), 3600, "", strict=True)


@pytest.mark.parametrize(
    ("record", "existing", "ours", "kept"),
    [
        (A, (), A.values, ()),
        (A, ("203.0.113.12",), A.values, ()),
        (MX, (), MX.values, ()),
        (MX, ("20 MX1.Harbor.example.",), ("20 MX1.Harbor.example.", MX.values[1]), ()),
        (CHOSEN, ("5 mx1.harbor.example.",), CHOSEN.values, ()),
        (
            MX,
            ("20 mx1.harbor.example.", "30 mx1.harbor.example."),
            ("30 mx1.harbor.example.", "10 mx2.harbor.example."),
            ("20 mx1.harbor.example.",),
        ),
        (
            MX,
            ("10 mx1.harbor.example.", "20 mx1.harbor.example."),
            ("20 mx1.harbor.example.", "10 mx2.harbor.example."),
            ("10 mx1.harbor.example.",),
        ),
        (SPF, ("a=1", "b=2"), ("v=spf1 mx ~all",), ("a=1", "b=2")),
        (SPF, ("a=1", "v=spf1 a -all"), ("v=spf1 mx a -all",), ("a=1",)),
        (DMARC, (), DMARC.values, ()),
        (DMARC, ("v=DMARC1; p=reject",), (), ("v=DMARC1; p=reject",)),
        (DMARC, ("verify=1",), DMARC.values, ("verify=1",)),
        (ASKED, ("a=1", "v=spf1 a ?all"), ("v=spf1 mx a -all",), ("a=1",)),
        (
            REPORTED,
            ("verify=1", "v=DMARC1; p=reject"),
            REPORTED.values,
            ("verify=1",),
        ),
        (DMARC, ("V = DMARC1; P=reject",), (), ("V = DMARC1; P=reject",)),
        (DMARC, ("v=DMARC1; rua=mailto:x@b.example",), (), ("v=DMARC1; rua=mailto:x@b.example",)),
        (DMARC, ("v=DMARC1",), DMARC.values, ()),
        (SILENT_DMARC, ("V=DMARC1; t=y; sp=x; rua=mailto:x@b.example",), SILENT, ()),
        (
            CONSENT,
            ("v=DMARC1; rua=mailto:x@b.example",),
            CONSENT.values,
            (("v=DMARC1; rua=mailto:x@b.example"),),
        ),
        (TLS, ("a=1",), TLS.values, ("a=1",)),
        (TLS, TLS.values, (), TLS.values),
        (
            TLS,
            ("v=TLSRPTv1; rua=https://b.example/",),
            ("v=TLSRPTv1; rua=https://b.example/,mailto:t@harbor.example",),
            (),
        ),
        (
            TLS,
            ("v=TLSRPTv1; rua=https://b.example/; rua=mailto:x@b.example;",),
            ("v=TLSRPTv1; rua=https://b.example/,mailto:x@b.example,mailto:t@harbor.example",),
            (),
        ),
        (LOGO, (), LOGO.values, ()),
        (
            LOGO,
            ("v=BIMI1; l=https://b.example/l.svg; a=x",),
            (),
            (("v=BIMI1; l=https://b.example/l.svg; a=x"),),
        ),
        (ACCOUNT, (), (BOUND,), ()),
        (ACCOUNT, (OPEN,), (BOUND,), ()),
        (ACCOUNT, (OPEN, '0 issue "ca.example"'), (), (OPEN, '0 issue "ca.example"')),
        (ACCOUNT, ('0 issue "ca.example"',), (BOUND,), ('0 issue "ca.example"',)),
        (ACCOUNT, ('0 iodef "mailto:x@b.example"',), (BOUND,), ('0 iodef "mailto:x@b.example"',)),
        (ACCOUNT, ('0 issue ";"', BOUND), (BOUND,), ('0 issue ";"',)),
        (ANY_ACCOUNT, (BOUND,), (OPEN,), (BOUND,)),
        (SRV, (), SRV.values, ()),
        (SRV, ("5 0 465 MX1.harbor.example.",), ("5 0 465 MX1.harbor.example.",), ()),
        (TWO, ("5 0 465 mx1.harbor.example.",), ("5 0 465 mx1.harbor.example.", TWO.values[1]), ()),
        (NOT_OFFERED, (), NOT_OFFERED.values, ()),
        (NOT_OFFERED, ("0 0 0 .",), NOT_OFFERED.values, ()),
        (NOT_OFFERED, ("0 1 993 imap.b.example.",), (), ("0 1 993 imap.b.example.",)),
        (PTR, (), PTR.values, ()),
        (PTR, ("MX1.harbor.example.",), (), ("MX1.harbor.example.",)),
        (SILENT_MX, (), ("0 .",), ()),
        (SILENT_MX, ("0 .",), ("0 .",), ()),
        (SILENT_DMARC, ("v=DMARC1; p=none; fo=1",), ("v=DMARC1; p=reject; fo=1",), ()),
        (SILENT_SPF, ("a=1", "v=spf1 ~all"), ("v=spf1 -all",), ("a=1",)),
        (KEY, ("v=DKIM1; p=T2xk", "note=1"), KEY.values, ("note=1",)),
        (STS, (f"v=STSv1; id=t{'2' * 31};", "note=1"), STS.values, ("note=1",)),
        (TLSA, (f"3 1 1 {'ff' * 32}", "2 1 1 aa", DIGESTS[0]), DIGESTS, ("2 1 1 aa",)),
        (OTHER, ("a=1", "kept=1"), ("kept=1",), ("a=1",)),
    ],
)
def test_values_of_others_stay(
    record: MailRecord, existing: tuple[str, ...], ours: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert merged(record, existing) == Merged(ours, kept)


@pytest.mark.parametrize(
    ("record", "existing", "note"),
    [
        (
            BESIDE,
            ("10 mx.faraway.example.",),
            (
                "mail goes to mx.faraway.example (MX 10) now, and after this run to "
                "mx1.harbor.example and mx.faraway.example in equal parts"
            ),
        ),
        (
            MX,
            ("50 Mx.faraway.example.",),
            (
                "mail goes to mx.faraway.example (MX 50) now, and after this run to "
                "mx1.harbor.example, mx2.harbor.example first, and to mx.faraway.example if that "
                "fails"
            ),
        ),
        (
            CHOSEN,
            ("10 mx.faraway.example.", "15 b.faraway.example."),
            (
                "mail goes to mx.faraway.example (MX 10), b.faraway.example (MX 15) now, and after "
                "this run to mx.faraway.example, b.faraway.example first, and to "
                "mx1.harbor.example if that fails"
            ),
        ),
        (MX, ("10 mx1.harbor.example.", "10 mx2.harbor.example.", "10 mx.faraway.example."), ""),
    ],
)
def test_a_host_joins_mx_hosts_of_others_and_the_plan_says_where_mail_goes(
    record: MailRecord, existing: tuple[str, ...], note: str
) -> None:
    result = merged(record, existing)

    assert result.note == note
    assert set(result.kept) == {value for value in existing if "faraway" in value}
    assert result.ours == record.values


@pytest.mark.parametrize(
    ("record", "existing"),
    [
        (MX, ("10 mx.faraway.example.",)),
        (MX, ("10 mx1.harbor.example.", "10 mx.faraway.example.")),
        (CHOSEN, ("5 mx1.harbor.example.", "20 mx.faraway.example.")),
        (BESIDE, ("10 mx.faraway.example.", "10 b.faraway.example.")),
    ],
)
def test_the_preference_of_a_server_of_others_is_not_taken_by_chance(
    record: MailRecord, existing: tuple[str, ...]
) -> None:
    with pytest.raises(MailError, match="with the same preference as ours") as error:
        merged(record, existing)

    assert "write mail_mx_beside = " in str(error.value)
    assert "or move the domain to mail_sending_domains" in str(error.value)


@pytest.mark.parametrize(
    ("record", "existing", "words"),
    [
        (A, ("203.0.113.11", "203.0.113.80"), "mx1.harbor.example has the A 203.0.113.80, which"),
        (MX, ("0 .",), "harbor.example has a null MX"),
        (SPF, ("v=spf1 -all", "v=spf1 mx -all"), "harbor.example: 2 SPF policies"),
        (DMARC, ("v=DMARC1; p=none", "v=DMARC1; p=reject"), "_dmarc.harbor.example has 2 policies"),
        (DMARC, ("v=DMARC1; p=none", "V = DMARC1"), "_dmarc.harbor.example has 2 policies where"),
        (DMARC, ("v=DMARC1; p=none; sp=block",), "has sp=block: write none or quarantine or reje"),
        (DMARC, ("v=DMARC1; p=block",), "_dmarc.harbor.example: the DMARC policy 'v=DMARC1; p=bl"),
        (TLS, ("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua="), "one is allowed, so non"),
        (TLS, ("v=TLSRPTv1; rua=mailto:a@b.example mailto:c@b.example",), "with a comma between"),
        (TLS, ("v=TLSRPTv1; rua=mailto:a@b.example,mailto:nobody",), "has rua=mailto:nobody: wr"),
        (LOGO, ("v=BIMI1",), "default._bimi.harbor.example: the BIMI record 'v=BIMI1' names no lo"),
        (ACCOUNT, ('0 issue ";"',), 'mx1.harbor.example has the CAA 0 issue ";", so no author'),
        (SILENT_MX, ("10 mx.b.example.",), "is in mail_silent_domains, but has the MX 10 mx.b.ex"),
        (
            SILENT_SPF,
            ("v=spf1 a -all",),
            "harbor.example: the SPF policy 'v=spf1 a -all' permits a, and",
        ),
        (STS, ("v=STSv1; id=2026;",), "_mta-sts.harbor.example announces a policy of others"),
        (SPF, ("v=spf1 mox -all",), "harbor.example: the SPF policy 'v=spf1 mox -all' is broken"),
    ],
)
def test_a_decision_of_the_owner_is_refused(
    record: MailRecord, existing: tuple[str, ...], words: str
) -> None:
    with pytest.raises(MailError) as error:
        merged(record, existing)

    assert words in str(error.value)


@pytest.mark.parametrize(
    ("record", "existing", "words"),
    [
        (
            REPORTED,
            ("v=DMARC1; p=none; rua=mailto:x@b.example",),
            "none becomes quarantine: the step needs some weeks of reports in which all mail",
        ),
        (REPORTED, ("v=DMARC1; p=none; rua=mailto:x@b.example",), "a later run takes the next"),
        (
            REPORTED,
            ("v=DMARC1; p=reject; rua=mailto:x@b.example",),
            "rua=mailto:x@b.example stays as its owner wrote it, so mailto:d@harbor.example gets",
        ),
        (
            DMARC,
            ("v=DMARC1; p=reject; sp=block; rua=mailto:x@b.example",),
            "receivers treat the policy as none, as sp=block is not valid; correct it in the zone",
        ),
        (
            LOGO,
            ("v=BIMI1; l=https://other.example/l.svg",),
            "https://other.example/l.svg stays, which differs from mail_bimi",
        ),
        (LOGO, ("v=BIMI1; l=; a=",), "the declaration that there is no logo stays"),
        (
            SRV,
            ("0 1 465 mail.b.example.",),
            f"0 1 465 mail.b.example. stays, so mail programs do not find {SRV.values[0]}",
        ),
        (SRV, ("0 0 0 .",), "0 0 0 . stays, so mail programs"),
        (PTR, ("host-11.isp.example.",), "host-11.isp.example. stays, but receivers expect mx1."),
    ],
)
def test_an_existing_optional_record_stays_and_the_plan_says_why(
    record: MailRecord, existing: tuple[str, ...], words: str
) -> None:
    assert words in merged(record, existing).note


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (TLS, "v = TLSRPTv1; rua=mailto:x@b.example"),
        (TLS, "V=TLSRPTv1; rua=mailto:x@b.example"),
        (STS, " v=STSv1; id=1"),
        (DMARC, "v=dmarc1; p=reject"),
        (DMARC, "p=reject; v=DMARC1"),
    ],
)
def test_a_policy_that_receivers_discard_stays_beside_ours_and_the_plan_names_it(
    record: MailRecord, text: str
) -> None:
    result = merged(record, (text, "a=1"))

    assert (result.ours, result.kept) == (record.values, (text, "a=1"))
    assert result.note.startswith(f"receivers discard {text!r}, as 'v=")


@pytest.mark.parametrize(
    "record", [DMARC, CONSENT, TLS, LOGO, ACCOUNT, SRV, PTR], ids=lambda record: record.name
)
def test_these_kinds_are_optional(record: MailRecord) -> None:
    assert kind(record).optional


@pytest.mark.parametrize("record", [A, MX, SPF, KEY], ids=lambda record: record.type)
def test_these_kinds_are_not_optional(record: MailRecord) -> None:
    assert not kind(record).optional


POLICIES = (DMARC, REPORTED, SILENT_DMARC, TLS, STS, LOGO, KEY, CONSENT)


def steps(texts: tuple[str, ...]) -> list[int]:
    return [Dmarc.parse(text).step for text in texts if is_policy(text)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(POLICIES), st.lists(OCTETS, max_size=2, unique=True).map(tuple))
def test_any_octets_are_merged_until_nothing_changes_or_refused(
    record: MailRecord, existing: tuple[str, ...]
) -> None:
    after = existing
    with suppress(MailError):
        for _ in range(4):  # two steps of a DMARC policy, and its order of tags
            result = merged(record, after)
            after = tuple(dict.fromkeys((*result.kept, *result.ours))) if result.ours else after
        assert set(merged(record, after).ours) <= set(after)
        if record in (DMARC, REPORTED):
            assert steps(after) >= steps(existing)


FOLLOWING = "v=DMARC1; p=none; rua=mailto:d@harbor.example"


def by_evidence(existing: str, found: DmarcEvidence) -> Merged:
    record = replace(REPORTED, values=(FOLLOWING,), evidence=found)
    return merged(record, (existing,) if existing else ())


@pytest.mark.parametrize(
    ("existing", "found", "policy", "note"),
    [
        ("", evidence(days()), FOLLOWING, ""),
        (
            "v=DMARC1; p=none",
            evidence(days()),
            "v=DMARC1; p=quarantine; rua=mailto:d@",
            "n",
        ),
        (
            "v=DMARC1; p=reject; sp=none; rua=mailto:d@harbor.example",
            evidence(days(policy="reject", own=5)),
            "v=DMARC1; p=quarantine; rua=mailto:d@harbor.example",
            "reject goes back to quarantine: 35 messages",
        ),
        (
            "v=DMARC1; p=none; rua=mailto:x@y.example",
            evidence(days()),
            "v=DMARC1; p=quarantine; rua=mailto:x@y.example",
            "gets no reports; add it there by hand",
        ),
        (FOLLOWING, evidence(), "", "none stays, and quarantine follows when reports come in"),
        (FOLLOWING.replace("none", "reject"), evidence(), "", ""),
    ],
)
def test_a_dmarc_policy_takes_the_step_that_the_reports_allow(
    existing: str, found: DmarcEvidence, policy: str, note: str
) -> None:
    result = by_evidence(existing, found)

    assert (result.ours[0] if result.ours else "").startswith(policy)
    assert bool(result.ours) == bool(policy)
    assert note in result.note


@pytest.mark.parametrize(
    ("tags", "note"),
    [("p=rejct", "p=rejct is not valid"), ("p=quarantine; t=y", "waits until t=y is removed")],
)
def test_a_policy_that_receivers_apply_otherwise_takes_no_step(tags: str, note: str) -> None:
    result = by_evidence(f"v=DMARC1; {tags}; rua=mailto:d@harbor.example", evidence(days()))

    assert result.ours == ()
    assert note in result.note
