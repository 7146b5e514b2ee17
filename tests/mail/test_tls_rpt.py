"""TLS-RPT policies: read, written and completed."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.tls_rpt import TlsRpt, is_policy

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
    ("text", "same"),
    [
        ("v=TLSRPTv1;rua=mailto:a@b.example;", "v=TLSRPTv1; rua=mailto:a@b.example"),
        ("v=TLSRPTv1 \t; rua=mailto:a@b.example \t;", "v=TLSRPTv1; rua=mailto:a@b.example"),
        (
            "v=TLSRPTv1; rua=mailto:a@b.example\t, https://c.example/",
            "v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/",
        ),
        (
            "v=TLSRPTv1; rua=mailto:a@b.example; x.y-z=1; rua=https://c.example/%21?a=b",
            "v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/%21?a=b; x.y-z=1",
        ),
        ("v=TLSRPTv1; rua=MAILTO:a%2Bb@B.example", "v=TLSRPTv1; rua=MAILTO:a%2Bb@B.example"),
    ],
)
def test_spaces_and_several_fields_of_receivers_are_valid(text: str, same: str) -> None:
    assert str(TlsRpt.parse(text)) == same


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("v=TLSRPTv1; rua=mailto:a@b.example", True),
        ("v=TLSRPTv1 ;rua=mailto:a@b.example", True),
        ("v=TLSRPTv1", True),
        ("v=TLSRPTv1; rua=", True),
        ("v = TLSRPTv1; rua=mailto:a@b.example", False),
        ("V=TLSRPTv1; rua=mailto:a@b.example", False),
        ("v=tlsrptv1; rua=mailto:a@b.example", False),
        (" v=TLSRPTv1; rua=mailto:a@b.example", False),
        ("v=TLSRPTv10; rua=mailto:a@b.example", False),
        ("v=TLSRPTv1\n; rua=mailto:a@b.example", False),
        ("v=TLSRPTv1, rua=mailto:a@b.example", False),
    ],
)
def test_senders_find_a_policy_by_its_first_characters(text: str, is_one: bool) -> None:  # noqa: FBT001 - a table
    assert is_policy(text) is is_one


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("v=TLSRPTv2; rua=mailto:a@b.example", "is not a TLS-RPT policy: one begins with"),
        ("rua=mailto:a@b.example; v=TLSRPTv1", "is not a TLS-RPT policy"),
        ("v=TLSRPTv1", "names no receiver: add 'rua=mailto:...'"),
        ("v=TLSRPTv1; rua=", "names no receiver"),
        ("v=TLSRPTv1; rua=tls@b.example", "has rua=tls@b.example: write mailto:... or https"),
        ("v=TLSRPTv1; rua=http://b.example/", "has rua=http://b.example/"),
        ("v=TLSRPTv1; rua=mailto:a@b.example; rua=x", "has rua=x: write mailto:... or https"),
        ("v=TLSRPTv1; rua=mailto:a@b.example mailto:c@b.example", "with a comma between two"),
        ("v=TLSRPTv1; rua=mailto:a@b.example,", "has rua=: write"),
        ("v=TLSRPTv1; rua=mailto:a@b.example,,mailto:c@b.example", "has rua=: write"),
        ("v=TLSRPTv1; rua=mailto:a@b.example, mailto:, nobody", "has rua=mailto:, nobody: write"),
        ("v=TLSRPTv1; rua=mailto:nobody", "has rua=mailto:nobody: write"),
        ("v=TLSRPTv1; rua=mailto:a@b.example!10m", "has rua=mailto:a@b.example!10m: write"),
        ("v=TLSRPTv1; rua=mailto:a@bücher.example", "has rua=mailto:a@bücher.example: write"),
        ("v=TLSRPTv1; rua=mailto:a%2Cc@b.example", "has rua=mailto:a%2Cc@b.example: write"),
        ("v=TLSRPTv1; rua=https:", "has rua=https:: write"),
        ("v=TLSRPTv1; rua=https://", "has rua=https://: write"),
        ("v=TLSRPTv1; rua=https://b.example/a b", "has rua=https://b.example/a b: write"),
        ("v=TLSRPTv1; rua=https://b.example/100%", "has rua=https://b.example/100%: write"),
        ("v=TLSRPTv1; rua = mailto:a@b.example", "is not valid at 'rua = mailto:a@b.example'"),
        ("v=TLSRPTv1; RUA=mailto:a@b.example", "names no receiver"),
        ("v=TLSRPTv1;; rua=mailto:a@b.example", "is not valid at ''"),
        ("v=TLSRPTv1; rua=mailto:a@b.example;;", "is not valid at ''"),
        ("v=TLSRPTv1; rua=mailto:a@b.example; ext=", "is not valid at 'ext='"),
        ("v=TLSRPTv1; rua=mailto:a@b.example; ext=a b", "is not valid at 'ext=a b'"),
        ("v=TLSRPTv1; rua=mailto:a@b.example; -ext=1", "is not valid at '-ext=1'"),
        (f"v=TLSRPTv1; rua=mailto:a@b.example; {'x' * 33}=1", "is not valid at 'xxx"),
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
        ("v=TLSRPTv1; rua=https://c.example/; rua=mailto:tls@harbor.example", None),
        (
            "v=TLSRPTv1; rua=https://c.example/; rua=mailto:a@b.example;",
            "v=TLSRPTv1; rua=https://c.example/,mailto:a@b.example,mailto:tls@harbor.example",
        ),
    ],
)
def test_our_receivers_are_added_after_the_existing_ones(existing: str, result: str | None) -> None:
    policy = TlsRpt.parse(existing)

    assert policy.completed(OURS) == (TlsRpt.parse(result) if result else policy)
