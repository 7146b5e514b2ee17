"""DMARC policies: read and written."""

import pytest

from deploys.mail.dmarc import Disposition, Dmarc, consent, is_policy, receiver
from deploys.mail.errors import MailError


@pytest.mark.parametrize("policy", ["none", "quarantine", "reject"])
def test_a_new_policy_follows_the_settings(policy: Disposition) -> None:
    assert str(Dmarc.of(policy)) == f"v=DMARC1; p={policy}"


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; p=none",
        "v=DMARC1; p=reject; rua=mailto:dmarc@harbor.example,mailto:x@faraway.example!10m",
        "v=DMARC1; p=none; sp=quarantine; adkim=s; aspf=r; pct=25; fo=1:d:s; ri=86400",
        "v=DMARC1; p=none; psd=n; moo=anything",
    ],
)
def test_a_policy_reads_back_as_it_was_written(text: str) -> None:
    assert str(Dmarc.parse(text)) == text


def test_spaces_and_a_last_semicolon_do_not_matter() -> None:
    assert Dmarc.parse("v = DMARC1;p=none ;") == Dmarc.of("none")
    assert Dmarc.parse("v=DMARC1; p=reject")["p"] == "reject"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a DMARC policy"),
        ("p=none; v=DMARC1", "is not a DMARC policy"),
        ("v=DMARC2; p=none", "is not a DMARC policy"),
        ("v=dmarc1; p=none", "is not a DMARC policy"),
        (" v=DMARC1; p=none", "is not a DMARC policy"),
        ("v=DMARC1 p=none", "is not a DMARC policy"),
        ("v=DMARC1\n; p=none", "is not a DMARC policy"),
        ("v=DMARC1; p=block", "p=block: write none or quarantine or reject"),
        ("v=DMARC1; p=none; sp=", "sp=: write none or quarantine or reject"),
        ("v=DMARC1; p=reject; np=Rejected", "np=Rejected: write none or quarantine or reject"),
        ("v=DMARC1; p=reject; sp=all; rua=nobody", "sp=all: write none or quarantine or reject"),
        ("v=DMARC1; p=none; p=reject", "not valid at 'p'"),
        ("v=DMARC1; p=none; P=reject", "not valid at 'p'"),
        ("v=DMARC1; p=none; v=DMARC1", "not valid at 'v'"),
    ],
)
def test_a_text_that_is_no_policy_to_receivers_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(MailError) as error:
        Dmarc.parse(text)

    assert sentence in str(error.value)


def test_other_records_at_the_name_are_no_policy() -> None:
    policies = ("v=DMARC1;p=none", "v=DMARC1", "V \t= DMARC1 ;", "v=DMARC1; p=none; x")
    others = ("v=spf1 -all", "verify=DMARC1", "v=DMARC1x; p=none", "v=dmarc1", "p=none; v=DMARC1")

    assert all(map(is_policy, policies))
    assert not any(map(is_policy, others))


URI = "rua=mailto:a@a.example"


@pytest.mark.parametrize(
    ("tags", "steps"),
    [
        # p, sp, np: as receivers apply them to the domain, to names below, and to those not there
        ("p=reject", (2, 2, 2)),
        ("P = Reject \t; Sp=NONE", (2, 0, 0)),
        ("np=reject; sp=quarantine; p=none", (0, 1, 2)),
        ("p=none; np=reject", (0, 0, 2)),
        ("p=reject; t=y", (1, 1, 1)),
        ("p=quarantine; sp=reject; np=none; T=Y", (0, 1, 0)),
        ("p=reject; t=n", (2, 2, 2)),
        ("p=reject; t=yes", (2, 2, 2)),
        ("p=quarantine; pct=0; rf=iodef; ri=x; x-y=1; new=a,b", (1, 1, 1)),
        ("p=reject; adkim=strict; fo=2; psd=maybe; ;; junk", (2, 2, 2)),
        # section 4.10.1
        (URI, (0, 0, 0)),
        (f"sp=reject; {URI}", (0, 0, 0)),
        (f"p=block; {URI}", (0, 0, 0)),
        (f"p=; {URI}", (0, 0, 0)),
        (f"p=reject; sp=block; {URI}", (0, 0, 0)),
        (f"p=reject; np=block; {URI}", (0, 0, 0)),
        ("", (0, 0, 0)),
    ],
)
def test_a_policy_counts_as_receivers_apply_it(tags: str, steps: tuple[int, int, int]) -> None:
    policy = Dmarc.parse(f"v=DMARC1; {tags}")

    assert (policy.step, policy.step_below(), policy.step_below(exists=False)) == steps
    assert policy.is_applied is bool(tags)


@pytest.mark.parametrize(
    ("tags", "ignored"),
    [
        ("p=none; adkim=S; aspf=r; t=n; psd=u; fo=0:d:s; pct=101; rf=x; ri=; new=\x00", ()),
        ("p=none; adkim=strict; aspf=", ("adkim=strict", "aspf=")),
        ("p=none; t=yes; psd=x", ("t=yes", "psd=x")),
        ("p=none; fo=0:1", ("fo=0:1",)),
        ("p=none; fo=d:d", ("fo=d:d",)),
        ("p=none; fo=", ("fo=",)),
        ("p=none;; quarantine; =x; 1=2", (";;", "quarantine", "=x", "1=2")),
        (f"p=none; {URI}!10m, mailto:b@b.example!5, https://c.example/x", ()),
        ("p=none; rua=", ("rua=",)),
        ("p=none; rua=mailto:", ("rua=mailto:",)),
        ("p=none; rua=mailto:nobody", ("rua=mailto:nobody",)),
        ("p=none; ruf=a@a.example", ("ruf=a@a.example",)),
        (f"p=none; {URI} mailto:b@b.example", (f"{URI} mailto:b@b.example",)),
        (f"p=none; {URI},,mailto:b@b.example;", ("rua=",)),
        (f"p=none; {URI}!10p", (f"{URI}!10p",)),
        (f"p=none; {URI}!", (f"{URI}!",)),
        ("p=none; rua=mailto:a@b\N{LATIN SMALL LETTER U WITH DIAERESIS}.example", None),
    ],
)
def test_parts_that_are_not_valid_are_ignored_and_named(
    tags: str, ignored: tuple[str, ...] | None
) -> None:
    found = Dmarc.parse(f"v=DMARC1; {tags}").ignored

    assert found == ((tags.partition("; ")[2],) if ignored is None else ignored)


def test_readable_receivers_are_kept_without_limits_of_size() -> None:
    policy = Dmarc.parse("v=DMARC1; rua=mailto:a@a.example!10m , mailto:nobody,https://b.example/x")

    assert policy.readable("rua") == ("mailto:a@a.example", "https://b.example/x")
    assert policy.unreadable("rua") == ("mailto:nobody",)


@pytest.mark.parametrize(
    ("existing", "asked", "result"),
    [
        ("p=none", "p=none", "p=none"),
        ("p=reject", "p=none", "p=reject"),
        ("p=none", "p=quarantine", "p=quarantine"),
        ("p=none", "p=reject", "p=quarantine"),
        ("p=quarantine", "p=reject", "p=reject"),
        ("p=QUARANTINE; pct=25", "p=reject", "p=reject; pct=25"),
        ("p=none; sp=none; adkim=s", "p=quarantine", "p=quarantine; sp=none; adkim=s"),
        ("p=none", "p=none; rua=mailto:b@b.example", "p=none; rua=mailto:b@b.example"),
        ("p=none; rua=mailto:a@a.example", "p=none; rua=mailto:b@b.example", None),
        ("p=none; ruf=mailto:a@a.example", "p=none", None),
        # p is missing: receivers take none if rua has a URI, and apply no DMARC otherwise
        (URI, "p=none", None),
        (URI, "p=reject", f"p=quarantine; {URI}"),
        ("fo=1", "p=none", "p=none; fo=1"),
        ("fo=1", "p=none; rua=mailto:b@b.example", "p=none; fo=1; rua=mailto:b@b.example"),
        (f"sp=none; {URI}", "p=quarantine", f"p=quarantine; sp=none; {URI}"),
        # any order is valid, and p comes first where the policy is written again
        (f"{URI}; p=none", "p=none", None),
        (f"{URI}; P=none", "p=quarantine", f"p=quarantine; {URI}"),
        # a p that is not valid counts as none; with sp or np, a valid one could skip a step
        (f"p=block; {URI}", "p=none", None),
        (f"p=block; {URI}", "p=quarantine", f"p=quarantine; {URI}"),
        (f"p=reject; sp=block; {URI}", "p=reject", None),
        (f"p=reject; np=block; {URI}", "p=reject", None),
        (f"sp=reject; {URI}", "p=quarantine", None),
        ("sp=reject", "p=none", None),
        # testing is one step less
        ("p=reject; t=y", "p=quarantine", None),
        ("p=reject; t=y", "p=reject", "p=reject"),
        ("p=quarantine; t=y", "p=none", None),
        ("p=quarantine; t=y; sp=none", "p=reject", "p=quarantine; sp=none"),
        ("p=none; t=y", "p=quarantine", "p=quarantine"),
        ("p=none; t=n", "p=quarantine", "p=quarantine; t=n"),
        # an empty list gets our receiver; one that cannot be read stays
        ("p=none; rua=", "p=none; rua=mailto:b@b.example", "p=none; rua=mailto:b@b.example"),
        ("p=none; rua=mailto:", "p=none; rua=mailto:b@b.example", None),
        ("p=none; rua=mailto:nobody", "p=quarantine", "p=quarantine; rua=mailto:nobody"),
        ("p=none; junk;; sp=none", "p=quarantine", "p=quarantine; sp=none"),
    ],
)
def test_a_policy_is_never_lowered_and_raised_one_step_at_a_time(
    existing: str, asked: str, result: str | None
) -> None:
    before, wanted = Dmarc.parse(f"v=DMARC1; {existing}"), Dmarc.parse(f"v=DMARC1; {asked}")

    assert str(before.completed(wanted)) == f"v=DMARC1; {result or existing}"


@pytest.mark.parametrize(
    ("existing", "asked", "words"),
    [
        ("p=none; rua=mailto:a@a.example", "none", ""),
        ("p=none; rua=mailto:a@a.example", "quarantine", "none becomes quarantine: the step needs"),
        ("p=none; rua=mailto:a@a.example", "reject", "mail_dmarc is reject; a later run takes"),
        ("p=none", "quarantine", "no address gets these reports yet; set mail_dmarc_reports"),
        ("p=none; rua=mailto:", "quarantine", "no address gets these reports yet; set mail_dmarc_"),
        ("p=reject; t=y; rua=mailto:a@a.example", "reject", "quarantine (t=y) becomes reject: the"),
        ("p=none; junk; rua=mailto:a@a.example", "quarantine", "'junk' is dropped, as receivers"),
        ("p=none; junk; rua=mailto:a@a.example", "none", ""),
        ("p=block; rua=mailto:a@a.example", "none", "treat the policy as none, as p=block is not"),
        ("p=reject; sp=x; rua=mailto:a@a.example", "reject", "as sp=x is not valid; correct it in"),
        ("sp=reject; rua=mailto:a@a.example", "quarantine", "policy as none, as it has no p; corr"),
        ("rua=mailto:a@a.example", "none", ""),
    ],
)
def test_a_step_names_its_evidence(existing: str, asked: Disposition, words: str) -> None:
    before = Dmarc.parse(f"v=DMARC1; {existing}")
    reason = before.completed(Dmarc.of(asked)).reason(before, Dmarc.of(asked))

    assert words in reason
    assert bool(words) == bool(reason)


@pytest.mark.parametrize(
    ("existing", "words"),
    [
        (
            "p=none; rua=mailto:a@a.example",
            (
                "rua=mailto:a@a.example stays as its owner wrote it, so mailto:b@b.example gets no "
                "reports; add it there by hand"
            ),
        ),
        (
            "p=none; rua=mailto:a@a.example mailto:c@a.example",
            (
                "rua=mailto:a@a.example mailto:c@a.example, of which receivers cannot read all, "
                "stays as its owner wrote it, so mailto:b@b.example gets no reports"
            ),
        ),
        ("p=none; rua=mailto:a@a.example,mailto:b@b.example!10m", ""),
        ("p=none; rua=", ""),
        ("p=none", ""),
    ],
)
def test_receivers_of_reports_that_are_not_added_are_named(existing: str, words: str) -> None:
    before, wanted = Dmarc.parse(f"v=DMARC1; {existing}"), Dmarc.of("none", ["b@b.example"])
    reason = before.completed(wanted).reason(before, wanted)

    assert words in reason
    assert bool(words) == bool(reason)


def test_a_policy_of_forged_mail_is_reject_at_once_whatever_it_was() -> None:
    for tags in ("sp=reject", f"p=block; sp=x; {URI}", "p=reject; t=y", "p=none; t=y"):
        policy = Dmarc.parse(f"v=DMARC1; {tags}").completed(Dmarc.of("reject"), steps=3)

        assert policy.step == 2
        assert policy.ignored == ()


@pytest.mark.parametrize(
    ("reports", "names"),
    [
        ([], ()),
        (["a@harbor.example"], ()),
        (["a@mail.harbor.example"], ()),
        (
            ["a@faraway.example", "b@faraway.example"],
            ("harbor.example._report._dmarc.faraway.example",),
        ),
    ],
)
def test_another_domain_has_to_consent_to_reports(
    reports: list[str], names: tuple[str, ...]
) -> None:
    assert consent("harbor.example", reports) == names


@pytest.mark.parametrize(
    ("uri", "domain"),
    [
        ("mailto:a@faraway.example", "faraway.example"),
        ("MAILTO:a%2Bb@Faraway.Example!10m", "faraway.example"),
        ("mailto:faraway.example", None),
        ("mailto:a@", None),
        ("mailto:a@b..example", None),
        ("mailto:a@faraway.example mailto:b@faraway.example", None),
        ("mailto:a@faraway.example,mailto:b@faraway.example", None),
        ("mailto:a%2Cb@faraway.example", None),
        ("mailto:@faraway.example", None),
        ("mailto:a b@faraway.example", None),
        ("mailto:%22a%20b%22@faraway.example?subject=x", "faraway.example"),
        ("mailto:a@localhost", None),
        ("https://faraway.example/dmarc", None),
        ("a@faraway.example", None),
        ("\x00\ufffd", None),
    ],
)
def test_reports_go_to_mailboxes(uri: str, domain: str | None) -> None:
    if domain:
        assert receiver(uri) == domain
    else:
        with pytest.raises(MailError, match="cannot receive DMARC reports"):
            receiver(uri)
