"""Findings that follow from another are folded under it, in the order of the damage."""

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import filter as matching

import pytest

from deploys.checks.causes.causes import Cause, causes, notes
from deploys.checks.causes.damage import DAMAGE, Damage, damage
from deploys.checks.causes.facts import facts
from deploys.checks.causes.problems import problems
from deploys.checks.causes.relations import RELATIONS
from deploys.checks.core.finding import Severity
from deploys.checks.run.catalogue import CHECKS
from tests.checks.broken_lab import (
    BROKEN,
    DELETED,
    DROPPED,
    HARBOR,
    INWARD,
    KEY,
    LATER,
    NS,
    ORCHARD,
    OTHER,
    OUTSIDE,
    RCPT,
    SENT,
    STOPPED,
    V4,
    Row,
    finding,
    report,
)
from tests.checks.report_samples import good

ERROR, UNKNOWN, WARNING = Severity.ERROR, Severity.UNKNOWN, Severity.WARNING


def explained(rows: Iterable[Row]) -> list[tuple[str, tuple[str, ...], int]]:
    """Return the check, subjects and number of effects of each cause."""
    return [(one.problem.ids[0], one.problem.subjects, len(one.effects)) for one in found(rows)]


def found(rows: Iterable[Row]) -> list[Cause]:
    return causes(report(rows))


def test_a_broken_lab_has_four_causes_on_top() -> None:
    rows = [*DELETED[2:], *BROKEN, *DROPPED[::-1], *STOPPED[::-1], *DELETED[:2]]

    assert explained(rows) == [
        ("host.services", ("mx1",), len(STOPPED) - 1),
        ("smtp.connect", ("mx2",), len(DROPPED) - 1),
        ("dns.dkim", ("orchard.example",), len(DELETED) - 2),
        ("dns.spf", ("harbor.example",), len(BROKEN) - 2),
    ]
    assert [one.damage for one in found(rows)] == [
        Damage.LOST,
        Damage.REFUSED,
        Damage.REFUSED,
        Damage.REFUSED,
    ]


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        pytest.param(rows[0], row, id=f"{rows[0][0]}-{row[0]}-{number}")
        for rows in (STOPPED, DROPPED, BROKEN, DELETED)
        for number, row in enumerate(rows[1:])
        if row[0] != rows[0][0] and "did not arrive" not in row[3]
    ],
)
def test_each_finding_follows_from_its_cause_and_stands_alone_without_it(
    cause: Row, effect: Row
) -> None:
    assert explained([effect, cause]) == [(cause[0], (cause[2],), 1)]
    assert explained([effect]) == [(effect[0], (effect[2],), 0)]


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        # another host, address, domain, key, or reply
        (STOPPED[0], ("smtp.postmaster", ERROR, "mx2", f"mx2 at 203.0.113.12 answered x: {LATER}")),
        (STOPPED[0], ("smtp.postmaster", ERROR, "mx1", f"{V4} answered RCPT: 550 5.1.1 Unknown")),
        (STOPPED[0], ("smtp.connect", ERROR, "mx1", f"{V4} port 25 took longer than 430 s")),
        (STOPPED[0], ("host.drift", ERROR, "mx1", "mx1: /etc/postfix/main.cf is missing")),
        (DROPPED[0], ("smtp.starttls", ERROR, "mx2", "mx2 at 203.0.113.12: not offered")),
        (DROPPED[0], ("smtp.starttls", ERROR, "mx2", "mx2 at 2001:db8:25::1: not offered")),
        (BROKEN[0], ("delivery.spf", ERROR, ORCHARD, f"{OTHER}: spf=fail")),
        (DELETED[0], ("delivery.dkim", ERROR, ORCHARD, f"{OTHER}: signature mx2-ed25519: fail")),
        (DELETED[0], ("delivery.signature", ERROR, HARBOR, f"{SENT}: {KEY} (rsa) fails")),
        (("dns.spf", WARNING, HARBOR, "ends in ?all"), BROKEN[2]),
    ],
)
def test_a_finding_of_its_own_is_not_folded(cause: Row, effect: Row) -> None:
    assert {one for _, _, one in explained([effect, cause])} == {0}


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        (
            ("run.host", ERROR, "mx1", "it could not be reached over SSH"),
            ("host.queue", UNKNOWN, "mx1", "mx1 did not answer within 30 s"),
        ),
        (
            ("run.host", ERROR, "mx1", "it could not be reached over SSH"),
            ("bulk.separation", UNKNOWN, "mx1", "mx1 is not connected"),
        ),
        (
            ("run.host", ERROR, "mx1", "it could not be reached over SSH"),
            ("reports.reader", UNKNOWN, "mx1", "mx1 is not connected"),
        ),
        (
            ("dns.servers", ERROR, HARBOR, f"{NS[0]} is lame: it has no SOA record"),
            ("dns.mx", UNKNOWN, HARBOR, f"{NS[0]} about harbor.example: REFUSED"),
        ),
        (
            ("delivery.arrived", ERROR, HARBOR, f"{SENT}: not in /var/mail/visitor on peer"),
            ("delivery.dkim", UNKNOWN, HARBOR, f"{SENT}: the message did not arrive"),
        ),
        (
            ("host.disk", ERROR, "mx1", "mx1: / has 1 MiB free, 0%: less than 5 messages"),
            ("smtp.size", UNKNOWN, "mx1", f"{V4} answered MAIL FROM:<>: 452 4.3.1 Insufficient"),
        ),
        (
            ("dns.dmarc", ERROR, HARBOR, f"{NS[0]}: 0 TXT records at _dmarc.harbor.example"),
            ("delivery.dmarc", ERROR, HARBOR, f"{SENT}: harbor.example has no DMARC policy"),
        ),
        (
            ("host.services", ERROR, "mx1", "mx1: Postfix is not running"),
            ("smtp.connect", ERROR, "mx1", f"{V4} port 25 refused the connection: no service"),
        ),
        (
            ("host.services", ERROR, "mx1", "mx1: pyinfra-mail-bulk-handler.service is failed"),
            ("bulk.verp", ERROR, "mx1", "mx1: no bounce of bulk mail to a@mx1 was read in 30 s"),
        ),
        (
            ("smtp.starttls", ERROR, "mx1", f"{V4}: EHLO does not offer STARTTLS"),
            (
                "delivery.hops",
                ERROR,
                HARBOR,
                f"{INWARD}: mx1.harbor.example received it in clear text",
            ),
        ),
        (
            ("smtp.postmaster", ERROR, "mx1", f"{V4} {RCPT}: 550 5.1.1 x"),
            (
                "delivery.arrived",
                ERROR,
                HARBOR,
                f"{OUTSIDE}: refused, the server answered 550 5.1.1 x",
            ),
        ),
    ],
)
def test_other_failures_explain_what_follows(cause: Row, effect: Row) -> None:
    assert explained([effect, cause]) == [(cause[0], (cause[2],), 1)]


def test_a_chain_leads_to_its_first_cause() -> None:
    postfix = ("host.services", ERROR, "mx1", "mx1: Postfix is not running")
    refused = ("smtp.connect", ERROR, "mx1", f"{V4} port 25 refused the connection: no service")
    banner = ("smtp.banner", ERROR, "mx1", f"not checked: {V4} port 25 refused the connection")
    lost = ("delivery.arrived", ERROR, HARBOR, f"{OUTSIDE}: refused, {V4}")
    body = ("delivery.intact", UNKNOWN, HARBOR, f"{OUTSIDE}: the message did not arrive")

    assert explained([body, lost, banner, refused, postfix]) == [("host.services", ("mx1",), 4)]


def test_one_fact_is_one_problem_wherever_it_was_seen() -> None:
    drift = "{0}: /etc/postfix/main.cf changed since postfix loaded it"
    rows = [
        replace(finding(("host.drift", ERROR, name, drift.format(name))), fix=f"deploy {name}")
        for name in ("mx1", "mx2")
    ]
    (problem,) = problems(rows)

    assert problem.subjects == ("mx1", "mx2")
    assert problem.fixes == ("deploy mx1", "deploy mx2")
    assert [str(one) for one in problem.saw] == [drift.format("mx1"), drift.format("mx2")]


def test_another_fact_is_another_problem() -> None:
    rows = [
        replace(finding(("host.drift", ERROR, name, f"{name}: {saw}")), fix=f"deploy {name}")
        for name, saw in (("mx1", "main.cf changed"), ("mx2", "master.cf changed"))
    ]

    assert len(problems(rows)) == 2


def test_messages_with_one_remedy_are_one_problem() -> None:
    rows = [
        replace(finding(("delivery.arrived", ERROR, HARBOR, f"{SENT}: not in x")), fix=fix)
        for fix in ("look for 5f0c2a9be714-2 in the log", "look for 5f0c2a9be714-3 in the log")
    ]
    (problem,) = problems(rows)

    assert problem.fixes == ("look for 5f0c2a9be714-2 in the log",)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([f"{NS[0]}: 2 records"], f"{NS[0]}: 2 records"),
        ([f"{one}: 2 records" for one in NS], f"2 records (2 times: {NS[0]}, {NS[1]})"),
        (["192.0.2.1: old", "2001:db8::1: old"], "old (2 times: 192.0.2.1, 2001:db8::1)"),
        (
            [f"{V4} answered 250", "mx1 at 2001:db8:25::11 answered 250"],
            f"answered 250 (2 times: {V4}, mx1 at 2001:db8:25::11)",
        ),
        ([f"{SENT}: 14.2 s", f"{OTHER}: 14.2 s"], f"14.2 s (2 times: {SENT}, {OTHER})"),
        (
            [f"mx{number} -> a@b.example: lost" for number in range(9)],
            "lost (9 times: "
            + ", ".join(f"mx{n} -> a@b.example" for n in range(6))
            + " and 3 more)",
        ),
    ],
)
def test_the_same_fact_is_told_once_with_its_places(seen: list[str], expected: str) -> None:
    assert [str(one) for one in facts(seen)] == [expected]


def test_a_note_that_does_not_apply_is_no_note() -> None:
    check = CHECKS["dns.mta_sts"]
    rows = (
        check.info("harbor.example", "so", "nothing to do"),
        check.not_applicable("harbor.example", "no policy"),
    )

    (note,) = notes(replace(good(), findings=rows))

    assert note.findings == rows[:1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("delivery.arrived", ERROR, HARBOR, f"{SENT}: not in x"), Damage.LOST),
        (("delivery.arrived", ERROR, HARBOR, f"{SENT}: refused, 550"), Damage.REFUSED),
        (("dns.mx", ERROR, HARBOR, "nothing"), Damage.REFUSED),
        (("smtp.submission", ERROR, "mx1", "no AUTH"), Damage.IMPAIRED),
        (("smtp.verbs", ERROR, "mx1", "250"), Damage.HYGIENE),
        (("dns.mx", WARNING, HARBOR, "nothing"), Damage.HYGIENE),
    ],
)
def test_each_finding_has_its_damage(row: Row, expected: Damage) -> None:
    assert damage(finding(row)) is expected


def test_the_tables_name_checks_that_exist() -> None:
    assert {relation.cause for relation in RELATIONS} <= set(CHECKS)
    patterns = [one for relation in RELATIONS for one in relation.effects]
    patterns += [pattern for pattern, _, _ in DAMAGE]
    assert all(matching(CHECKS, pattern) for pattern in patterns)
