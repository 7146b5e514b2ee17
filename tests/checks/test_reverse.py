"""PTR records, good and bad."""

from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.dns.reverse import pointers
from tests.checks.cases.dns_zone import Records, asked, of
from tests.checks.worlds import Gone, fleet

OK, WARNING, ERROR = Severity.OK, Severity.WARNING, Severity.ERROR
PTR = ("1.0.0.127.in-addr.arpa", "PTR")
ELSEWHERE: Records = {("other.example", "A"): ("192.0.2.1",)}
BACK: Records = {("other.example", "A"): ("192.0.2.1", "127.0.0.1")}


@pytest.mark.parametrize(
    ("changed", "severity", "words"),
    [
        ({}, OK, "127.0.0.1 has the name mx1.harbor.example"),
        ({PTR: ("MX1.Harbor.Example.",)}, OK, "127.0.0.1 has the name mx1.harbor.example"),
        ({PTR: ()}, ERROR, "127.0.0.1 has no PTR record"),
        ({PTR: ("other.example.",)}, ERROR, "which does not lead back to it"),
        ({PTR: ("other.example.",), **ELSEWHERE}, ERROR, "which does not lead back to it"),
        (
            {PTR: ("other.example.",), **BACK},
            WARNING,
            "the host's name in HELO is mx1.harbor",
        ),
        ({PTR: ("other.example.", "mx1.harbor.example."), **BACK}, OK, "other.example, mx1.harbor"),
        ({PTR: (".",)}, ERROR, "does not lead back"),
    ],
)
def test_an_address_has_the_name_of_its_host(
    changed: Records, severity: Severity, words: str, tmp_path: Path
) -> None:
    (finding,) = asked(pointers, changed)(tmp_path)

    assert words in finding.saw
    assert finding.severity is severity
    assert finding.fix or severity is OK


def test_names_without_an_answer_are_unknown() -> None:
    (finding,) = pointers(fleet(), of(Gone()))

    assert finding.severity is Severity.UNKNOWN
