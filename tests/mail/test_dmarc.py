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
        ("v=DMARC1", "add 'p=none'"),
        ("v=DMARC1; rua=mailto:a@harbor.example", "add 'p=none'"),
        ("v=DMARC1; p=block", "p=block: write none or quarantine or reject"),
        ("v=DMARC1; p=none; pct=101", "pct=101: write 0 to 100"),
        ("v=DMARC1; p=none; adkim=strict", "adkim=strict: write r or s"),
        ("v=DMARC1; p=none; p=reject", "not valid at 'p'"),
        ("v=DMARC1; p=none; quarantine", "not valid at 'quarantine'"),
    ],
)
def test_a_text_that_is_not_valid_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(MailError) as error:
        Dmarc.parse(text)

    assert sentence in str(error.value)


def test_other_records_at_the_name_are_no_policy() -> None:
    assert [is_policy(text) for text in ("v=DMARC1;p=none", "v=spf1 -all", "verify=DMARC1")] == [
        True,
        False,
        False,
    ]


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
    ],
)
def test_a_step_names_its_evidence(existing: str, asked: Disposition, words: str) -> None:
    before = Dmarc.parse(f"v=DMARC1; {existing}")
    reason = before.completed(Dmarc.of(asked)).reason(before, Dmarc.of(asked))

    assert words in reason
    assert bool(words) == bool(reason)


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
