"""File of a list: its encoding, its columns and lines, and the sentence for one that is no list."""

from pathlib import Path

import pytest

from deploys.checks.list import file
from deploys.checks.list.columns import Layout
from deploys.checks.list.file import list_file
from deploys.host.suppression_list import as_csv
from deploys.mail.errors import MailError

SUPPRESSED = {
    "recipient": "a@x.example",
    "kind": "hard",
    "reason": '550 <a@x.example>: "User,\nunknown"',
    "since": 1,
    "expires": 0,
}
ONE_A_LINE = Layout("", header=False, address=0)


def written(folder: Path, octets: bytes) -> str:
    path = folder / "list.csv"
    path.write_bytes(octets)
    return str(path)


@pytest.mark.parametrize(
    ("octets", "layout", "lines"),
    [
        (b"a@x.example\nb@x.example\n", ONE_A_LINE, [(1, "a@x.example"), (2, "b@x.example")]),
        (b"a@x.example\r\nb@x.example", ONE_A_LINE, [(1, "a@x.example"), (2, "b@x.example")]),
        (b"a@x.example\rb@x.example\r", ONE_A_LINE, [(1, "a@x.example"), (2, "b@x.example")]),
        (
            b"a@x.example\rb@x.example\nc@x.example\r\nd@x.example",
            ONE_A_LINE,
            [(1, "a@x.example"), (2, "b@x.example"), (3, "c@x.example"), (4, "d@x.example")],
        ),
        (b"\n \na@x.example\n\n\n", ONE_A_LINE, [(3, "a@x.example")]),
        (b"\xef\xbb\xbfa@x.example\n", ONE_A_LINE, [(1, "a@x.example")]),
        (b"  a@x.example\t\n", ONE_A_LINE, [(1, "a@x.example")]),
        (b'"a@x.example"\n', ONE_A_LINE, [(1, "a@x.example")]),
        (b'"a,b"@x.example\n', ONE_A_LINE, [(1, '"a,b"@x.example')]),
        (b"M\xc3\xbcller@x.example\n", ONE_A_LINE, [(1, "Müller@x.example")]),
        (b"M\xfcller@x.example\n", ONE_A_LINE, [(1, "Müller@x.example")]),
        (b"a@x.example\nM\xfcller", ONE_A_LINE, [(1, "a@x.example"), (2, "Müller")]),
        (b"a@x.example\ntruncated \xc3", ONE_A_LINE, [(1, "a@x.example"), (2, "truncated Ã")]),
        (b"anna\na@x.example\n", ONE_A_LINE, [(1, "anna"), (2, "a@x.example")]),
        (b"E-Mail\na@x.example\n", Layout("", header=True, address=0), [(2, "a@x.example")]),
        (
            b"name,email\nAnna,a@x.example\n",
            Layout(",", header=True, address=1),
            [(2, "a@x.example")],
        ),
        (
            b'\xef\xbb\xbf"E-Mail";"Name"\r\n"a@x.example";"An;na"\r\n',
            Layout(";", header=True, address=0),
            [(2, "a@x.example")],
        ),
        (
            b"Mail\tEmail address\nx\ta@x.example\n",
            Layout("\t", header=True, address=1),
            [(2, "a@x.example")],
        ),
        (
            b"1,a@x.example\n2,b\n",
            Layout(",", header=False, address=1),
            [(1, "a@x.example"), (2, "b")],
        ),
        (
            b"id,customer\n1,a@x.example\n",
            Layout(",", header=True, address=1),
            [(2, "a@x.example")],
        ),
        (
            b'email,note\na@x.example,"two\nlines"\n\n,,\nb@x.example\n',
            Layout(",", header=True, address=0),
            [(2, "a@x.example"), (6, "b@x.example")],
        ),
        (
            # An export of suppressed recipients.
            as_csv([SUPPRESSED, {**SUPPRESSED, "recipient": '"a,b"@x.example'}]).encode(),
            Layout(",", header=True, address=0),
            [(2, "a@x.example"), (4, '"a,b"@x.example')],
        ),
        (
            b'email,n\n"""john doe""@x.example",1\n,2\n',
            Layout(",", header=True, address=0),
            [(2, '"john doe"@x.example'), (3, "")],
        ),
        (
            b"name,email\nAnna\nBert,b@x.example\n",
            Layout(",", header=True, address=1),
            [(2, ""), (3, "b@x.example")],
        ),
    ],
    ids=repr,
)
def test_a_file_has_its_addresses_where_its_form_says(
    octets: bytes, layout: Layout, lines: list[tuple[int, str]], tmp_path: Path
) -> None:
    found = list_file(written(tmp_path, octets))

    assert found.columns == layout
    assert [*found.lines()] == lines
    assert found.most >= lines[-1][0]


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"", "has no addresses; write one a line, or CSV"),
        (b"\xef\xbb\xbf\r\n \r\n", "has no addresses; write one a line, or CSV"),
        (b"email\n", "has no addresses; write one a line, or CSV"),
        (b"name,email\nAnna,\n", "has no addresses; write one a line, or CSV"),
        (
            f"recipient,kind\n{'0f' * 32},hard\n".encode(),
            (
                "has digests, as an export of a stream with digests in mail_bulk; name a list "
                "with addresses"
            ),
        ),
        (b"a@x.example\n\0", "is not text (it has the octet 0x00); save the list as CSV in UTF-8"),
        (b"PK\x03\x04", "is not text (it has the octet 0x03); save the list as CSV in UTF-8"),
        ("a@x.example\n".encode("utf-16"), "is in UTF-16; save it as UTF-8"),
        (
            b"name,city\nAnna,Bonn\n",
            (
                "has no column of addresses, only 'name', 'city'; give the column of addresses "
                "the name 'email'"
            ),
        ),
        (
            b"work mail,home mail\na@x.example,b@x.example\n",
            "has addresses in the columns 1, 2; write a header with the name 'email' for one",
        ),
        (
            b"a@x.example,b@x.example\n",
            "has addresses in the columns 1, 2; write a header with the name 'email' for one",
        ),
    ],
    ids=repr,
)
def test_a_file_that_is_no_list_gets_one_sentence(
    octets: bytes, sentence: str, tmp_path: Path
) -> None:
    name = written(tmp_path, octets)

    with pytest.raises(MailError) as told:
        list_file(name)

    assert str(told.value) == f"verify_list: {name} {sentence}"


@pytest.mark.parametrize(
    "octets",
    [b'email,n\na@x.example,1\nb@x.example,"two\n', b'email,n\na@x.example,1\n"b"c@x.example,1\n'],
    ids=repr,
)
def test_the_line_of_a_wrong_quotation_mark_is_named(octets: bytes, tmp_path: Path) -> None:
    name = written(tmp_path, octets)

    with pytest.raises(MailError) as told:
        list_file(name)

    assert str(told.value).startswith(f"verify_list: {name}, line 3: it is not CSV (")
    assert str(told.value).endswith("; correct its quotation marks")


def test_a_file_that_is_not_there_or_is_a_directory_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MailError, match=r"none\.csv cannot be read \(No such file or directory\);"):
        list_file(str(tmp_path / "none.csv"))
    with pytest.raises(MailError, match="is a directory; name a file with a list of addresses"):
        list_file(str(tmp_path))
    with pytest.raises(MailError, match="/dev/zero is no regular file; name a file"):
        list_file("/dev/zero")


@pytest.mark.parametrize(
    ("octets", "accepted"),
    [
        (b"a@x.example\r\n" * 5, True),
        (b"email,n\n" + b"a@x.example,\n" * 5, True),
        (b"a@x.example\r\n" * 7, False),
    ],
)
def test_a_list_has_a_limit_of_lines(
    octets: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, accepted: bool
) -> None:
    monkeypatch.setattr(file, "MOST_LINES", 5)
    monkeypatch.setattr(file, "CHUNK", 13)  # a line end in two chunks is one
    name = written(tmp_path, octets)
    if accepted:
        assert len([*list_file(name).lines()]) == 5
        return

    with pytest.raises(MailError, match="has more than 5 lines; split it"):
        list_file(name)


def test_a_line_has_a_limit_of_octets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "CHUNK", 100)
    name = written(tmp_path, b"a@x.example\n" + b"b" * 300)

    with pytest.raises(MailError, match="has a line of more than 100 octets; split it"):
        list_file(name)


def test_a_list_that_changes_during_the_run_is_refused(tmp_path: Path) -> None:
    name = written(tmp_path, b"a@x.example\n")
    found = list_file(name)
    written(tmp_path, b"a@x.example\nb@x.example\n")

    with pytest.raises(MailError, match=r"changed during the run; run again"):
        next(found.lines())
