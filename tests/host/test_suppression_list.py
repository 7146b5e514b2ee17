"""Suppressions that an operator names: what is accepted, and the sentence for what is not."""

from pathlib import Path

import pytest

from deploys.host.suppression_list import SuppressionRequest, as_csv, suppression_request
from deploys.mail.errors import MailError

DIGEST = "0123456789abcdef" * 4
WHY = {"suppress_reason": "asked by phone"}
EXPORT = "recipient,kind,reason,since,expires\n"


def request(**arguments: str) -> SuppressionRequest:
    return suppression_request(lambda name: arguments.get(name, ""))


def written(folder: Path, content: str | bytes) -> str:
    file = folder / "list.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


@pytest.mark.parametrize("action", ["list", "export"])
def test_a_list_needs_no_more_arguments(action: str) -> None:
    assert request(suppress=action) == SuppressionRequest(action)  # type: ignore[arg-type]


def test_addresses_are_added_with_a_reason_and_for_days() -> None:
    wanted = request(
        suppress="add", suppress_address=f"anna@example.net, {DIGEST}", suppress_days="2", **WHY
    )

    assert [row.recipient for row in wanted.rows] == ["anna@example.net", DIGEST]
    for row in wanted.rows:
        assert (row.kind, row.reason) == ("manual", "asked by phone")
        assert row.expires - row.since in (172_800, 172_801)


def test_addresses_are_removed_with_a_reason() -> None:
    wanted = request(suppress="remove", suppress_address="anna@example.net", **WHY)

    assert wanted == SuppressionRequest("remove", (), ("anna@example.net",), "asked by phone")


def test_an_export_is_imported_as_it_is(tmp_path: Path) -> None:
    reason = 'a, "b"\u2028\nc'
    row = {"recipient": DIGEST, "kind": "hard", "reason": reason, "since": 7, "expires": 9}
    file = written(tmp_path, as_csv([row, row | {"recipient": "anna@example.net", "expires": 0}]))

    first, second = request(suppress="import", suppress_file=file).rows

    assert (first.recipient, first.kind, first.reason) == (DIGEST, "hard", reason)
    assert (first.since, first.expires, second.expires) == (7, 9, 0)


@pytest.mark.parametrize(
    "text",
    [
        "a@example.net\nb@example.net\n",
        "\ufeffa@example.net\r\n\r\nb@example.net",
        '"a@example.net"\nb@example.net,x',
    ],
    ids=["lines", "BOM and CRLF", "quotes"],
)
def test_a_file_may_have_one_address_a_line(tmp_path: Path, text: str) -> None:
    wanted = request(suppress="import", suppress_file=written(tmp_path, text), **WHY)

    assert [row.recipient for row in wanted.rows] == ["a@example.net", "b@example.net"]
    assert {row.reason for row in wanted.rows} == {"asked by phone"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "suppress is ''; write --data suppress= with one of: list, export, add, import"),
        ({"suppress": "delete"}, "suppress is 'delete'; write"),
        ({"suppress": "add", **WHY}, "suppress_address is missing; write"),
        ({"suppress": "add", "suppress_address": "anna", **WHY}, "'anna' is no recipient, because"),
        ({"suppress": "remove", "suppress_address": "a@b.net"}, "suppress_reason is missing"),
        (
            {"suppress": "add", "suppress_address": "a@b.net", "suppress_days": "x", **WHY},
            "suppress_days is 'x'; write days in digits",
        ),
        ({"suppress": "import", **WHY}, "suppress_file is missing; write"),
        ({"suppress": "import", "suppress_file": "/none.csv"}, "cannot be read (No such file"),
    ],
)
def test_an_argument_that_is_missing_or_wrong_is_named(
    arguments: dict[str, str], sentence: str
) -> None:
    with pytest.raises(MailError) as mistake:
        request(**arguments)

    assert sentence in str(mistake.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "has no recipients; write one address a line"),
        (EXPORT, "has no recipients; write one address a line"),
        ("a@example.net\nanna\n", "line 2: 'anna' is no recipient, because it has no @"),
        ("x\n" * 9, "and 4 more; correct the file"),
        (f"{EXPORT}a@b.net,wild,why,1,0\n", "line 2: 'wild' is no kind; write one of: hard"),
        (f"{EXPORT}a@b.net,hard,,1,0\n", "line 2: it has no reason; write"),
        (f"{EXPORT}a@b.net,hard,why,soon,0\n", "line 2: since and expires are seconds"),
        ("ü@b.net".encode("latin-1"), "is not UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_that_is_not_valid_changes_nothing(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(MailError) as mistake:
        request(suppress="import", suppress_file=written(tmp_path, content))

    assert sentence in str(mistake.value)
