"""The list of records that an operator publishes by hand."""

from pathlib import Path

import pytest

from deploys.mail.errors import MailError
from deploys.zones.model.changes import RecordChange, RecordSet
from deploys.zones.record_list import ListedRecord, listed_records, write, zone_file

KEY = "v=DKIM1; k=rsa; p=" + "A" * 392
CUT = f'"{KEY[:255]}" "{KEY[255:]}"'


def listed(record_type: str, value: str, name: str = "a.b.example") -> ListedRecord:
    change = RecordChange(name, record_type, None, RecordSet(60, (value,)), "a reason")
    (record,) = listed_records("b.example", [change])
    return record


@pytest.mark.parametrize(
    ("record_type", "value", "numbers", "shown"),
    [
        ("A", "198.51.100.11", "", "198.51.100.11"),
        ("MX", "10 mx1.b.example.", "10", "mx1.b.example"),
        ("SRV", "0 1 465 mx1.b.example.", "0 1 465", "mx1.b.example"),
        ("CNAME", "k.keys.example.", "", "k.keys.example"),
        ("TXT", CUT, "", KEY),
        ("TLSA", "3 1 1 ab12", "", "3 1 1 ab12"),
        ("CAA", '0 issue "letsencrypt.org"', "", '0 issue "letsencrypt.org"'),
    ],
)
def test_a_value_is_what_a_form_asks_for(
    record_type: str, value: str, numbers: str, shown: str
) -> None:
    record = listed(record_type, value)

    assert (record.numbers, record.value) == (numbers, shown)
    assert record.line == f"a.b.example. 60 IN {record_type} {value}"


@pytest.mark.parametrize(
    ("name", "host"), [("a.b.example", "a"), ("x.a.b.example", "x.a"), ("b.example", "@")]
)
def test_a_name_is_below_the_zone(name: str, host: str) -> None:
    assert listed("A", "198.51.100.11", name).host == host


def test_it_is_written_in_every_form(tmp_path: Path) -> None:
    records = [listed("TXT", CUT)]

    page = write(records, tmp_path / "reports" / "mine")

    assert sorted(one.name for one in page.parent.iterdir()) == [
        "publish.html",
        "publish.txt",
        "publish.zone",
    ]
    assert KEY in page.read_text()
    assert KEY in page.with_suffix(".txt").read_text()
    assert page.with_suffix(".zone").read_text() == zone_file(records)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")

    with pytest.raises(MailError, match="the list of records cannot be written to"):
        write([listed("TXT", CUT)], tmp_path / "reports" / "mine")
