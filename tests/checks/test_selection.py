"""Checks are selected by patterns; a check that is left out does not count as passed."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.report import Verdict
from deploys.checks.report.summary import headline, scope
from deploys.checks.run.catalogue import CHECKS
from deploys.checks.run.runner import verify
from deploys.checks.run.selection import selected
from deploys.mail.errors import MailError
from deploys.mail.settings.verification import Verification
from tests.checks.cases.dns_records import zone
from tests.checks.test_report import on_terminal
from tests.checks.worlds import Machine, Zone, fleet, world

OF_THE_RUN = {"run.host", "run.tidied", "run.waiver"}


SLOW = {"smtp.protocols", "smtp.guessing", "smtp.smuggling"}


def chosen(*patterns: str, fast: bool = False) -> set[str]:
    return set(selected(Verification(only=patterns, fast=fast)).ids) - OF_THE_RUN


def family(name: str) -> set[str]:
    return {id_ for id_ in CHECKS if id_.startswith(f"{name}.")}


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [
        ((), set(CHECKS) - OF_THE_RUN),
        (("dns.*",), family("dns")),
        (("dns.mx", "smtp.relay"), {"dns.mx", "smtp.relay"}),
        (("*.dkim",), {"dns.dkim", "delivery.dkim"}),
    ],
    ids=["all", "a family", "two", "across families"],
)
def test_patterns_choose_among_the_ids(patterns: tuple[str, ...], ids: set[str]) -> None:
    assert chosen(*patterns) == ids


def test_a_fast_run_leaves_out_what_waits_for_messages_and_what_scans() -> None:
    of_messages = family("delivery") - {"delivery.recipients", "delivery.unsubscribe"}
    of_messages |= {"bulk.unsubscribe"}
    assert chosen(fast=True) == set(CHECKS) - OF_THE_RUN - of_messages - SLOW
    assert selected(Verification(only=("delivery.*",), fast=True)).mailed is False


def test_a_severity_selects_checks_that_can_be_as_bad() -> None:
    errors = set(selected(Verification(severity="error")).ids) - OF_THE_RUN

    assert (
        errors
        == {id_ for id_, check in CHECKS.items() if check.worst is Severity.ERROR} - OF_THE_RUN
    )
    assert "delivery.seconds" not in errors
    assert "delivery.seconds" in selected(Verification(severity="warning")).ids
    assert Verification(severity="error").limits == ("only checks that can be as bad as error",)


@pytest.mark.parametrize(
    ("pattern", "near"),
    [("dns.mxx", "dns.mx"), ("smpt.*", "smtp.*"), ("SMTP.relay", "smtp.relay")],
)
def test_a_pattern_that_fits_nothing_is_one_sentence_with_the_nearest(
    pattern: str, near: str
) -> None:
    with pytest.raises(MailError) as told:
        chosen(pattern)

    assert str(told.value) == (
        f"verify_only: {pattern!r} is no check; did you mean {near}? "
        "docs/checks.md lists all checks"
    )


@pytest.mark.parametrize("pattern", ["x", "smtp.foo", "mail_domains"])
def test_a_pattern_that_resembles_none_gets_no_suggestion(pattern: str) -> None:
    with pytest.raises(MailError) as told:
        chosen(pattern)

    assert str(told.value) == (
        f"verify_only: {pattern!r} is no check; docs/checks.md lists all checks"
    )


def test_a_check_that_is_left_out_is_neither_made_nor_passed(tmp_path: Path) -> None:
    here = replace(world(tmp_path), names=zone())
    assert isinstance(here.hosts, Machine)

    report = verify(fleet({"verify_only": "dns.mx,dns.d*"}), here, dict, ())

    asked = {id_ for id_ in CHECKS if id_ == "dns.mx" or id_.startswith("dns.d")}
    assert asked >= {"dns.mx", "dns.dmarc", "dns.dmarc_reports", "dns.dkim", "dns.dnssec"}
    assert {finding.id for finding in report.findings} == asked
    assert set(report.not_asked) == set(CHECKS) - asked - OF_THE_RUN
    assert list(here.hosts.spool.iterdir()) == []
    assert report.messages == ()
    assert report.succeeded
    assert headline(report) == "All checks passed."
    left = len(report.not_asked)
    assert scope(report) == f"Partial run: only dns.mx, dns.d*; {left} checks left out."
    assert scope(report) in " ".join(on_terminal(report).split())


def test_one_check_of_an_inspection_can_be_made_alone(tmp_path: Path) -> None:
    here = replace(world(tmp_path), names=zone())

    report = verify(fleet({"verify_only": "dns.mx"}), here, dict, ())

    assert {finding.id for finding in report.findings} == {"dns.mx"}


def test_a_run_without_an_answer_has_not_passed(tmp_path: Path) -> None:
    here = replace(world(tmp_path), names=Zone({}))

    report = verify(fleet({"verify_only": "dns.mx"}), here, dict, ())

    assert report.verdict is Verdict.UNKNOWN
    assert not report.succeeded
    assert headline(report) == "Some checks are unknown."


@pytest.mark.parametrize(
    ("fail_on", "severity", "succeeds"),
    [
        ("error", Severity.ERROR, False),
        ("error", Severity.UNKNOWN, True),
        ("unknown", Severity.UNKNOWN, False),
        ("unknown", Severity.WARNING, True),
        ("warning", Severity.WARNING, False),
        ("warning", Severity.UNKNOWN, False),
        ("warning", Severity.WAIVED, True),
        ("warning", Severity.INFO, True),
        ("info", Severity.INFO, False),
        ("info", Severity.OK, True),
    ],
)
def test_the_least_severity_that_fails_a_run_is_the_operators_choice(
    fail_on: str, severity: Severity, *, succeeds: bool, tmp_path: Path
) -> None:
    here = replace(world(tmp_path), names=zone())
    words = {"verify_only": "dns.mx", "verify_fail_on": fail_on}

    report = verify(fleet(words), here, dict, ())
    found = (*report.findings, replace(report.findings[0], severity=severity))

    assert replace(report, findings=found).succeeded is succeeds


def test_the_other_hosts_of_the_inventory_stay_known(tmp_path: Path) -> None:
    """Mail for the domain may go to either host, so both are looked at, and one is asked."""
    here = replace(world(tmp_path), names=zone())
    one = fleet()
    other = one.hosts[0].model_copy(
        update={"inventory_name": "mx2", "hostname": "mx2.harbor.example"}
    )
    both = one.model_copy(update={"hosts": (*one.hosts, other)})
    exchanges = {
        ("harbor.example", "MX"): ("10 mx1.harbor.example.", "10 mx2.harbor.example."),
        ("mx2.harbor.example", "A"): ("127.0.0.1",),
    }

    narrowed = both.narrowed(["mx1"])

    report = verify(
        narrowed.model_copy(update={"verification": Verification(only=("dns.mx",))}),
        replace(here, names=zone(exchanges)),
        dict,
        (),
    )
    assert [host.inventory_name for host in narrowed.hosts] == ["mx1"]
    assert {finding.severity for finding in report.findings} == {Severity.OK}


@pytest.mark.parametrize(
    ("only", "limits", "told"),
    [("dns.*", (), ["error"]), ("dns.mx", (), []), ("dns.spf", ("limited to mx1",), ["error"])],
    ids=["of what is asked", "of something else", "within a limit"],
)
def test_a_waiver_is_checked_only_with_its_checks(
    only: str, limits: tuple[str, ...], told: list[str], tmp_path: Path
) -> None:
    here = replace(world(tmp_path), names=zone())
    ended = {"id": "dns.spf", "reason": "an exercise", "until": "2026-01-01"}

    report = verify(fleet({"verify_only": only, "verify_waivers": [ended]}), here, dict, (), limits)

    assert [str(one.severity) for one in report.findings if one.id == "run.waiver"] == told
    assert report.limits == (f"only {only}", *limits)
