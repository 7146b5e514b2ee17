"""CAA properties: read, written, and whom they let in."""

import pytest

from deploys.mail.caa import Issue

ACCOUNT = "https://acme-v02.api.letsencrypt.org/acme/acct/17"
BOUND = f'0 issue "letsencrypt.org; accounturi={ACCOUNT}"'


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ('0 issue "letsencrypt.org"', Issue.of("letsencrypt.org")),
        (BOUND, Issue.of("letsencrypt.org", ACCOUNT)),
        ('0 issue ";"', Issue("")),
    ],
)
def test_a_property_reads_back_as_it_was_written(text: str, issue: Issue) -> None:
    assert Issue.parse(text) == issue
    assert str(issue) == text


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ('128 issue "LetsEncrypt.org;"', Issue("letsencrypt.org")),
        ("0 ISSUE ca.example", Issue("ca.example")),
        ('0 issue "ca.example ; policy=ev"', Issue("ca.example", ("policy=ev",))),
        ('0 issuewild "ca.example"', None),
        ('0 issue-x "ca.example"', None),
        ('0 iodef "mailto:a@b.example"', None),
    ],
)
def test_other_spellings_mean_the_same_and_other_properties_nothing(
    text: str, issue: Issue | None
) -> None:
    assert Issue.parse(text) == issue


@pytest.mark.parametrize(
    ("text", "permitted"),
    [
        ('0 issue "letsencrypt.org"', True),
        (BOUND, True),
        ('0 issue "letsencrypt.org; accounturi=https://other/1"', False),
        ('0 issue "letsencrypt.org; validationmethods=dns-01"', False),
        ('0 issue "ca.example"', False),
        ('0 issue ";"', False),
    ],
)
def test_a_property_permits_its_authority(text: str, permitted: bool) -> None:  # noqa: FBT001 - a column of the table
    found = Issue.parse(text)

    assert found
    assert found.permits(Issue.of("letsencrypt.org", ACCOUNT)) is permitted
