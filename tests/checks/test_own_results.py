"""A witness without results, such as a plain Exim: the bytes that arrived have the answer."""

import re

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer
from deploys.checks.delivery import authentication, dkim
from tests.checks.cases.delivery_content import (
    ZONE,
    Change,
    delivered,
    same,
    swapped,
)
from tests.checks.cases.dns_records import zone
from tests.checks.worlds import Gone, Zone, inspected

OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN
POLICIES = {
    **ZONE._answers,  # noqa: SLF001 - a value of the tests
    ("_dmarc.harbor.example", "TXT"): [Answer("ns", ("v=DMARC1; p=reject",))],
}
ELSEWHERE = swapped(b"203.0.113.11", b"203.0.113.99")
CHANGED = swapped(b"Subject: Test", b"Subject: Best")


def untraced(raw: bytes) -> bytes:
    return re.sub(rb"Received: (?s:.*?)\n(?=\S)", b"", raw)


def unsigned(raw: bytes) -> bytes:
    return re.sub(rb"DKIM-Signature: (?s:.*?)\n(?=\S)", b"", raw)


def witnessed(results: bytes) -> Change:
    return lambda raw: b"Authentication-Results: mail.faraway.example; " + results + b"\n" + raw


def results(change: Change, names: Zone) -> dict[str, list[Finding]]:
    mail = [delivered(change)]
    found = [
        *inspected(authentication.results, mail, names),
        *inspected(dkim.results, mail, names),
    ]
    of = {id_: [one for one in found if one.id == f"delivery.{id_}"] for id_ in ("spf", "dmarc")}
    return {**of, "dkim": [one for one in found if one.id == "delivery.dkim"]}


@pytest.mark.parametrize(
    ("change", "spf", "dmarc", "signatures"),
    [
        (same, OK, OK, [OK, OK]),
        (ELSEWHERE, ERROR, OK, [OK, OK]),  # DKIM alone is enough for DMARC
        (CHANGED, OK, OK, [ERROR, ERROR]),  # and so is SPF
        (unsigned, OK, OK, [ERROR, ERROR]),
        (lambda raw: ELSEWHERE(CHANGED(raw)), ERROR, ERROR, [ERROR, ERROR]),
        (untraced, UNKNOWN, OK, [OK, OK]),  # no Received header names the client
        (lambda raw: untraced(CHANGED(raw)), UNKNOWN, UNKNOWN, [ERROR, ERROR]),
    ],
)
def test_our_own_evaluation_answers_for_a_witness_without_results(
    change: Change, spf: Severity, dmarc: Severity, signatures: list[Severity]
) -> None:
    found = results(change, Zone(POLICIES))

    assert [one.severity for one in found["spf"]] == [spf]
    assert [one.severity for one in found["dmarc"]] == [dmarc]
    assert [one.severity for one in found["dkim"]] == signatures


def test_without_any_evidence_nothing_passes_and_nothing_fails() -> None:
    found = results(same, Gone())

    assert {one.severity for group in found.values() for one in group} == {UNKNOWN}


def test_a_result_of_the_witness_is_compared_with_our_own() -> None:
    failed = witnessed(b"spf=fail smtp.mailfrom=harbor.example")
    passed = witnessed(b"spf=pass smtp.mailfrom=harbor.example")

    (disagrees,) = results(failed, Zone(POLICIES))["spf"]
    (agrees,) = results(lambda raw: failed(ELSEWHERE(raw)), Zone(POLICIES))["spf"]

    assert disagrees.severity is ERROR
    assert "evaluated here: pass for 203.0.113.11" in disagrees.saw
    assert disagrees.fix.startswith("verify again when")
    assert agrees.fix == "add 203.0.113.99 to the SPF policy of harbor.example"
    assert results(passed, Zone(POLICIES))["spf"][0].severity is OK


@pytest.mark.parametrize(
    ("policies", "fix"),
    [
        (("v=spf1 -all", "v=spf1 mx -all"), "correct the SPF policy of harbor.example: "),
        (("v=spf1 ip4:203.0.113 -all",), "correct the SPF policy of harbor.example: "),
        ((), "publish an SPF policy at harbor.example"),
        (("v=spf1 -all",), "add 203.0.113.11 to the SPF policy of harbor.example"),
    ],
)
def test_the_remedy_is_for_what_was_seen(policies: tuple[str, ...], fix: str) -> None:
    names = Zone({**POLICIES, ("harbor.example", "TXT"): [Answer("ns", policies)]})

    (spf,) = results(same, names)["spf"]

    assert spf.severity is ERROR
    assert spf.fix.startswith(fix)


@pytest.mark.parametrize(
    ("result", "fix"),
    [
        ("permerror", "correct the SPF policy of harbor.example"),
        ("none", "publish an SPF policy at harbor.example"),
        ("fail", "add every address"),
    ],
)
def test_the_remedy_for_a_result_of_the_witness_alone(result: str, fix: str) -> None:
    said = witnessed(f"spf={result} smtp.mailfrom=harbor.example".encode())

    (spf,) = results(lambda raw: said(untraced(raw)), zone())["spf"]

    assert spf.fix.startswith(fix)
