"""Record sets as values, of types with one value and of types with many."""

import pytest
from octodns.zone import Zone

from deploys.zones.model import recordsets

SETS = {
    "A": ["198.51.100.11", "198.51.100.12"],
    "CAA": ['0 issue "ca.example; accounturi=https://ca.example/1"'],
    "CNAME": ["mx1.harbor.example."],
    "MX": ["10 mx1.harbor.example."],
    "SRV": ["0 1 465 mx1.harbor.example."],
    "TLSA": ["3 1 1 " + "ab" * 32],
}


@pytest.mark.parametrize(("kind", "texts"), SETS.items())
def test_a_record_set_made_of_texts_returns_them(kind: str, texts: list[str]) -> None:
    zone = Zone("harbor.example.", [])
    key = ("_submissions._tcp", kind)
    made = recordsets.new_record(zone, key, 300, recordsets.new_values(zone, key, texts))

    assert sorted(recordsets.texts(made)) == texts
    assert recordsets.record_set(made).values == tuple(texts)
    again = recordsets.from_content(zone, key, recordsets.content(made) or {})
    assert recordsets.content(again) == recordsets.content(made)
