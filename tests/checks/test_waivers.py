"""Waivers of known findings, and their end."""

from dataclasses import replace
from datetime import date
from itertools import starmap

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.waivers import waived
from deploys.checks.dns.mx import MX
from deploys.checks.run.selection import selected
from deploys.checks.smtp.anonymous import RELAY
from deploys.mail.errors import MailError
from deploys.mail.settings.verification import Verification, Waiver
from tests.checks.report_samples import bad

TODAY = date(2026, 10, 4)
FOUND = (
    RELAY.error("mx1", "it relays", "close it"),
    RELAY.ok("mx2", "it refuses"),
    MX.unknown("harbor.example", "silent", "ask again"),
)


def waiver(id_: str, until: date = TODAY, **of: str) -> Waiver:
    return Waiver(id=id_, until=until, reason="an exercise", **of)


def after(*waivers: Waiver, whole: bool = True) -> list[tuple[str, str]]:
    found = waived(FOUND, waivers, TODAY, whole=whole)
    return [(finding.subject, str(finding.severity)) for finding in found]


MARKED = ("mx1", "waived")
LEFT = [("mx1", "error"), ("mx2", "ok"), ("harbor.example", "unknown")]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (waiver("smtp.relay"), [MARKED, *LEFT[1:], ("smtp.relay", "ok")]),
        (waiver("smtp.*"), [MARKED, *LEFT[1:], ("smtp.*", "ok")]),
        (waiver("smtp.relay", host="mx1"), [MARKED, *LEFT[1:], ("smtp.relay of mx1", "ok")]),
        (waiver("smtp.relay", host="mx2"), [*LEFT, ("smtp.relay of mx2", "warning")]),
        (waiver("smtp.relay", domain="mx1"), [*LEFT, ("smtp.relay of mx1", "warning")]),
        (
            waiver("dns.*", domain="harbor.example"),
            [*LEFT[:2], ("harbor.example", "waived"), ("dns.* of harbor.example", "ok")],
        ),
        (waiver("smtp.tls"), [*LEFT, ("smtp.tls", "warning")]),
        (waiver("smtp.relay", date(2026, 10, 3)), [*LEFT, ("smtp.relay", "error")]),
    ],
    ids=[
        "by id",
        "by pattern",
        "of a host",
        "of a host that is well",
        "of a domain, where a host is meant",
        "of a domain",
        "of nothing",
        "that ended yesterday",
    ],
)
def test_a_waiver_marks_its_findings_and_has_its_own_finding(
    one: Waiver, expected: list[tuple[str, str]]
) -> None:
    assert after(one) == expected


def test_a_partial_run_does_not_call_a_waiver_unused() -> None:
    assert after(waiver("smtp.tls"), whole=False)[-1] == ("smtp.tls", "ok")


def test_a_waived_finding_has_its_severity_end_and_reason() -> None:
    found: Finding = waived(FOUND, [waiver("smtp.relay")], TODAY, whole=True)[0]

    assert str(found.waived) == "error, waived until 2026-10-04: an exercise"
    assert found.saw == "it relays"


def test_a_waived_error_fails_no_run() -> None:
    errors = {finding.id for finding in bad().having(Severity.ERROR, Severity.UNKNOWN)}
    excuses = list(starmap(waiver, ((id_, date(2026, 12, 31)) for id_ in sorted(errors))))
    rest = tuple(one for one in bad().findings if one.id != "run.waiver")

    report = replace(bad(), findings=waived(rest, excuses, TODAY, whole=True))

    assert report.succeeded
    assert report.verdict == "passed"


def test_a_waiver_of_a_check_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(MailError, match=r"verify_waivers: 'smtp\.rely' is no check; did you mean"):
        selected(Verification(waivers=(waiver("smtp.rely"),)))
