"""DKIM keys in the DNS, and results of signatures on messages."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer
from deploys.checks.delivery.dkim import results as dkim_results
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.test_messages import Route
from deploys.checks.dns import keys
from deploys.mail.dkim import ALGORITHMS
from tests.checks.worlds import KEYS, Machine, Zone, fleet, inspected, world

RSA, ED25519 = "mx1-rsa", "mx1-ed25519"
OTHERS = (RSA, ED25519, "mx1-2-ed25519")
NAME = f"{RSA}._domainkey.harbor.example"
KEY = f"v=DKIM1; k=rsa; p={KEYS['rsa']}"
OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN


def judged(results: str, *selectors: str) -> list[Severity]:
    """Return the severities of both signatures of a message that bears some of them."""
    return [finding.severity for finding in findings(results, *selectors)]


def findings(results: str, *selectors: str) -> list[Finding]:
    bears = "".join(f"DKIM-Signature: v=1; d=harbor.example; s={one}; b=A\n" for one in selectors)
    header = f"Authentication-Results: mail.faraway.example; {results}\n"
    sender = "postmaster@harbor.example"
    raw = f"{header}{bears}From: {sender}\nSubject: x\n\nbody\n".encode()
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    route = Route(message, "mx1", "harbor.example", (Mailbox("peer", "/var/mail/visitor"),))
    found = list(inspected(dkim_results, [Delivery(route, Submitted(1.0), Received(2.0, raw))]))
    assert all(finding.fix or finding.severity is OK for finding in found)
    return found


def said(selector: str, result: str, domain: str = "harbor.example") -> str:
    return f"dkim={result} header.d={domain} header.s={selector}"


@pytest.mark.parametrize(
    ("results", "severities"),
    [
        (f"{said(RSA, 'pass')}; {said(ED25519, 'pass')}", [OK, OK]),
        ("dkim=pass header.d=HARBOR.example", [OK, OK]),  # a witness without selectors
        (said(RSA, "pass"), [OK, ERROR]),  # no receiver took the other one, and it does not verify
        (f"{said(RSA, 'fail')}; {said(ED25519, 'pass')}", [ERROR, OK]),
        (f"{said(RSA, 'pass')}; {said(ED25519, 'fail')}", [OK, ERROR]),
        (f"{said(RSA, 'temperror')}; {said(ED25519, 'pass')}", [ERROR, OK]),
        (said(RSA, "pass", "other.example"), [ERROR, ERROR]),
        ("spf=pass smtp.mailfrom=harbor.example", [ERROR, ERROR]),
    ],
)
def test_the_witness_has_a_result_for_each_signature(
    results: str, severities: list[Severity]
) -> None:
    assert judged(results, RSA, ED25519) == severities


def test_a_signature_that_is_missing_is_an_error_whatever_passed() -> None:
    assert judged(f"{said(RSA, 'pass')}; {said(ED25519, 'pass')}", RSA) == [OK, ERROR]


def test_without_any_signature_the_fix_names_smtpd_milters() -> None:
    assert {"smtpd_milters" in finding.fix for finding in findings("none")} == {True}
    assert "smtpd_milters" not in findings(said(RSA, "pass"), RSA)[1].fix


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ([KEY], OK),
        ([f"p={KEYS['rsa']}", "site-verification=1"], OK),
        ([], ERROR),
        (["v=DKIM1; k=rsa; p=AAAA"], ERROR),
        (["v=DKIM1; k=rsa; p="], ERROR),
        ([KEY, "v=DKIM1; p=AAAA"], ERROR),
    ],
)
@pytest.mark.parametrize("signs", [True, False])
def test_a_record_has_to_hold_the_key_that_signs_and_should_hold_the_others(
    values: list[str], severity: Severity, *, signs: bool
) -> None:
    key = keys.HeldKey(RSA, KEY, signs)
    finding = keys.finding(NAME, key, "harbor.example", Answer("ns", tuple(values)))

    worst = ERROR if signs else Severity.WARNING
    assert finding.severity is (OK if severity is OK else worst)
    assert finding.subject == "harbor.example"
    assert severity is OK or f'exactly this TXT: "{KEY}"' in finding.fix


def test_each_key_is_found_by_its_cname_and_its_severity_depends_on_signing(
    tmp_path: Path,
) -> None:
    signing = tmp_path / "table"
    signing.write_text("".join(f'"path": "{tmp_path}/mx1-2-{a}.key"\n' for a in ALGORITHMS))
    for name, text in KEYS.items():
        (tmp_path / f"mx1-2-{name}.pub").write_text(f"{text}\n")
    here = world(tmp_path)
    told = fleet({"mail_domains": [], "mail_dkim_cname": "keys.example.net"})
    name, home = "mx1-2-rsa._domainkey.mx1.harbor.example", "keys.example.net"
    zone = {(f"{name}.{home}", "TXT"): [Answer("ns", (KEY,))]} | {
        (f"{one}._domainkey.mx1.harbor.example", "CNAME"): [Answer("ns", (f"{name}.{home}.",))]
        for one in ("mx1-2-rsa", "mx1-2-ed25519", "mx1-rsa")
    }
    gone = {
        (f"{one}._domainkey.mx1.harbor.example.{home}", "TXT"): [Answer("ns")] for one in OTHERS
    }

    asked = partial(keys.records, world=replace(here, names=Zone(zone | gone)))
    found = {one.saw: one.severity for one in asked(told)}

    assert found[f"ns: {name} is an alias of {name}.{home}"] is OK
    assert found[f"ns: {name}.{home} holds the key that signs"] is OK
    missing = "ns: no key at {}._domainkey.mx1.harbor.example.keys.example.net"
    assert found[missing.format("mx1-2-ed25519")] is ERROR
    assert found[missing.format("mx1-rsa")] is Severity.WARNING
    assert [
        one for one, severity in found.items() if severity is ERROR and "no alias of" in one
    ] == [
        f"ns: {one}._domainkey.mx1.harbor.example is no alias of {one}._domainkey.mx1.harbor."
        f"example.{home}"
        for one in ("mx1-rsa", "mx1-2-ed25519")
    ]


def test_a_message_signed_with_the_second_keys_is_checked_with_those() -> None:
    assert judged(
        f"{said('mx1-2-rsa', 'pass')}; {said(ED25519, 'pass')}", "mx1-2-rsa", ED25519
    ) == [
        OK,
        OK,
    ]


def test_a_host_without_keys_is_an_error_and_a_silent_host_is_unknown(tmp_path: Path) -> None:
    here = world(tmp_path)
    (tmp_path / "mx1-rsa.pub").unlink()
    silent = fleet().hosts[0].model_copy(update={"inventory_name": "silent"})
    asked = partial(keys.records, world=here)

    assert isinstance(here.hosts, Machine)
    assert isinstance(here.names, Zone)
    assert {one.severity for one in asked(fleet())} == {ERROR}
    assert {one.severity for one in asked(fleet().model_copy(update={"hosts": (silent,)}))} == {
        UNKNOWN
    }
