"""TLS-RPT policies: read, written and completed."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.tls_rpt import TlsRpt

OURS = TlsRpt.of(["mailto:tls@harbor.example"])


@pytest.mark.parametrize(
    "text",
    [
        "v=TLSRPTv1; rua=mailto:tls@harbor.example",
        "v=TLSRPTv1; rua=https://reports.faraway.example/v1?id=7",
        "v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/; ext=1",
    ],
)
def test_a_policy_reads_back_as_it_was_written(text: str) -> None:
    assert str(TlsRpt.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("v=TLSRPTv2; rua=mailto:a@b.example", "is not a TLS-RPT policy: one begins with"),
        ("rua=mailto:a@b.example; v=TLSRPTv1", "is not a TLS-RPT policy"),
        ("v=TLSRPTv1", "names no receiver: add 'rua=mailto:...'"),
        ("v=TLSRPTv1; rua=", "names no receiver"),
        ("v=TLSRPTv1; rua=tls@b.example", "has rua=tls@b.example: write mailto:... or https"),
        ("v=TLSRPTv1; rua=http://b.example/", "has rua=http://b.example/"),
        ("v=TLSRPTv1; rua=mailto:a@b.example; rua=x", "is not valid at 'rua'"),
    ],
)
def test_a_tls_rpt_policy_that_is_not_valid_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(MailError) as error:
        TlsRpt.parse(text)

    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("existing", "result"),
    [
        ("v=TLSRPTv1; rua=mailto:tls@harbor.example", None),
        ("v=TLSRPTv1; rua=https://c.example/, mailto:tls@harbor.example", None),
        (
            "v=TLSRPTv1; rua=https://c.example/; ext=1",
            "v=TLSRPTv1; rua=https://c.example/,mailto:tls@harbor.example; ext=1",
        ),
    ],
)
def test_our_receivers_are_added_after_the_existing_ones(existing: str, result: str | None) -> None:
    policy = TlsRpt.parse(existing)

    assert policy.completed(OURS) == (TlsRpt.parse(result) if result else policy)
