"""Integrity, signatures, SPF and ARC of messages by the octets that arrived."""

import quopri
import re
from collections.abc import Iterable
from dataclasses import replace

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, UnansweredError
from deploys.checks.delivery import evaluation, integrity
from deploys.checks.delivery.host_commands import Received
from tests.checks.cases.delivery_content import (
    RECIPIENT,
    TRACE,
    ZONE,
    Change,
    delivered,
    same,
    swapped,
)
from tests.checks.signing import KEYS, sealed
from tests.checks.worlds import Zone, inspected

OK, INFO, WARNING, ERROR, UNKNOWN = (
    Severity.OK,
    Severity.INFO,
    Severity.WARNING,
    Severity.ERROR,
    Severity.UNKNOWN,
)


def only(findings: Iterable[Finding], id_: str) -> Finding:
    (finding,) = (one for one in findings if one.id == f"delivery.{id_}")
    assert finding.fix or finding.severity is OK
    return finding


def reencoded(raw: bytes) -> bytes:
    """Make 8bit quoted-printable, as a hop does whose next one has no 8BITMIME."""
    head, _, rest = raw.partition(b"Content-Transfer-Encoding: 8bit\n\n")
    text, mark, tail = rest.partition(b"\n--=_")
    return (
        head
        + b"Content-Transfer-Encoding: quoted-printable\n\n"
        + (quopri.encodestring(text) + mark + tail)
    )


@pytest.mark.parametrize(
    ("change", "severity", "saw"),
    [
        (same, OK, "octets of its body"),
        (reencoded, OK, "re-encoded on its path; decoded, it is what was sent"),
        (lambda raw: raw + b"\n\n", OK, "octets of its body"),
        (swapped(b"\n..\n", b"\n.\n"), ERROR, "was sent as '..' and arrived as '.'"),
        (swapped(b"tab:  \t\n", b"tab:\n"), ERROR, "arrived as 'and a tab:'"),
        (swapped(b"567\n", b"\n 567\n"), ERROR, "arrived as"),
        (swapped("日本語".encode(), b"\xff\xfe"), ERROR, r"\\xff\\xfe"),
        (swapped(b"AAECAwQF", b"AAECAwQG"), ERROR, "arrived as"),
        (swapped(b"--\n\nend of", b"--\n\nDisclaimer\nend of"), ERROR, "Disclaimer"),
        (lambda raw: raw.partition(b"\n\n")[0], ERROR, "arrived as ''"),
    ],
)
def test_a_body_is_compared_octet_by_octet(change: Change, severity: Severity, saw: str) -> None:
    finding = only(inspected(integrity.contents, [delivered(change)]), "intact")

    assert (finding.severity, saw in finding.saw) == (severity, True), finding.saw
    assert len(finding.saw) < 300


@pytest.mark.parametrize(
    ("change", "severity", "saw"),
    [
        (same, OK, "Return-Path <postmaster@harbor.example>"),
        (swapped(b"Message-ID: <run-1@", b"Message-ID: <new@"), ERROR, "Message-ID is <new@"),
        (swapped(b"Date: ", b"Date: x\nDate: "), ERROR, "2 Date headers"),
        (swapped(b"\nFrom: ", b"\nFrom: evil@x.example\nFrom: "), ERROR, "2 From headers"),
        (swapped(b"Subject: ", b"Subject: [SPAM] "), ERROR, "Subject is [SPAM] Test"),
        (swapped(b"\nSubject: Test message run-1", b""), ERROR, "Subject is missing"),
        (swapped(b"Return-Path: <post", b"Return-Path: <other"), ERROR, "instead of"),
        (swapped(b"Return-Path: <post", b"Return-Path: <SRS0=abc=post"), OK, "SRS0="),
        (swapped(b"Return-Path: <postmaster@harbor.example>\n", b""), WARNING, "no Return-Path"),
        (lambda _: b"\xff\x00\n\n\xff", ERROR, "Message-ID is missing"),
    ],
)
def test_each_header_arrives_once_as_it_was_sent(
    change: Change, severity: Severity, saw: str
) -> None:
    finding = only(inspected(integrity.contents, [delivered(change)]), "headers")

    assert (finding.severity, saw in finding.saw) == (severity, True), finding.saw


def signatures(change: Change = same, zone: Zone = ZONE) -> list[Severity]:
    found = inspected(evaluation.evaluations, [delivered(change)], zone)
    return [one.severity for one in found if one.id == "delivery.signature"]


FOREIGN = b"DKIM-Signature: v=1; a=rsa-sha256; d=list.example; s=x; h=from; bh=AAAA; b=AAAA\n"


@pytest.mark.parametrize(
    ("change", "severities"),
    [
        (same, [OK, OK]),
        (lambda raw: FOREIGN + raw, [INFO, OK, OK]),
        (lambda raw: b"DKIM-Signature: \xff;;=\n" + raw, [INFO, OK, OK]),
        (swapped(b"Subject: Test", b"Subject: Best"), [ERROR, ERROR]),
        (lambda raw: re.sub(rb"DKIM-Signature: (?s:.*?)\n(?=\S)", b"", raw), [ERROR]),
        (swapped(b"s=mx1-rsa", b"s=mx1-gone"), [ERROR, OK]),
    ],
)
def test_signatures_are_verified_over_the_octets_that_arrived(
    change: Change, severities: list[Severity]
) -> None:
    assert signatures(change) == severities


@pytest.mark.parametrize(
    ("record", "saw"),
    [
        ("", "the DNS has no such key"),
        ("v=DKIM1; p=", "cannot be read"),
        ("v=DKIM1; k=rsa; p=AAAA", "cannot be read"),
        ("v=DKIM2; p=AAAA", "cannot be read"),
        ("\N{SNOWMAN};;p=", "cannot be read"),
        (f"k=ed25519; p={KEYS['rsa']}", "cannot be read"),
        (f"v=DKIM1; s=fax; p={KEYS['rsa']}", "does not verify"),
        (f"v=DKIM1; k=ed25519; p={'A' * 43}=", "does not verify"),
    ],
    ids=["none", "revoked", "short", "version", "garbage", "mixed", "service", "another"],
)
def test_a_wrong_key_is_named(record: str, saw: str) -> None:
    name = "mx1-rsa._domainkey.harbor.example"
    zone = Zone({(name, "TXT"): [Answer("ns", (record,) if record else ())]})
    found = [
        one
        for one in inspected(evaluation.evaluations, [delivered()], zone)
        if f" {name} " in one.saw
    ]

    assert [(one.severity, saw in one.saw) for one in found] == [(ERROR, True)], found


class Unreachable(Zone):
    def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        raise UnansweredError(f"no answer about {rdtype} of {name}: timeout")


def test_without_a_resolver_nothing_passes_and_nothing_fails() -> None:
    found = list(inspected(evaluation.evaluations, [delivered()], Unreachable({})))

    assert [one.severity for one in found] == [UNKNOWN, UNKNOWN, UNKNOWN, INFO]


def test_a_message_that_did_not_arrive_is_unknown() -> None:
    lost = replace(delivered(), received=None)

    found = [
        *inspected(integrity.contents, [lost]),
        *inspected(evaluation.evaluations, [lost], ZONE),
    ]

    assert {one.severity for one in found} == {UNKNOWN}
    assert len(found) == 5


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        (same, OK),
        (swapped(b"[203.0.113.11]", b"[IPv6:2001:db8::1]"), ERROR),
        (swapped(b"[203.0.113.11]", b"[not an address]"), UNKNOWN),
        (
            swapped(b"Return-Path: <postmaster@harbor.example>", b"Return-Path: <x@y.example>"),
            ERROR,
        ),
        (lambda raw: raw.removeprefix(TRACE), UNKNOWN),
    ],
)
def test_spf_is_evaluated_for_the_address_in_the_topmost_received_header(
    change: Change, severity: Severity
) -> None:
    assert (
        only(inspected(evaluation.evaluations, [delivered(change)], ZONE), "spf_evaluated").severity
        is severity
    )


def test_mail_of_other_domains_is_not_checked_with_our_keys() -> None:
    whole = delivered()
    message = replace(whole.route.message, sender=RECIPIENT)

    assert not list(
        inspected(
            evaluation.evaluations,
            [replace(whole, route=replace(whole.route, message=message))],
            ZONE,
        )
    )


@pytest.mark.parametrize("raw", [b"", b"\x00" * 5000, b"Received: \n\t;;;((([[[\n" * 99 + b"\n\n"])
def test_garbage_ends_in_findings(raw: bytes) -> None:
    whole = replace(delivered(), received=Received(1.0, raw))

    found = [
        *inspected(integrity.contents, [whole]),
        *inspected(evaluation.evaluations, [whole], ZONE),
    ]

    assert {one.severity for one in found if one.applies} <= {OK, ERROR, UNKNOWN}
    assert all(len(one.saw) < 600 for one in found)


def test_a_chain_that_verifies_is_ok() -> None:
    """A forwarder seals, with the key of harbor.example for its own."""
    finding = only(inspected(evaluation.evaluations, [delivered(sealed)], ZONE), "arc")

    assert (finding.severity, "the chain of 1 verifies" in finding.saw) == (OK, True), finding.saw
