"""Keys in the DNS and signatures on messages, judged."""

from functools import partial
from pathlib import Path

import pytest

from deploys.checks import keys
from deploys.checks.errands import Errand
from deploys.checks.exchange import Delivery
from deploys.checks.finding import Severity
from deploys.checks.message import TestMessage
from deploys.checks.remote import Mailbox, Received, Submitted
from deploys.checks.signatures import verified
from deploys.checks.world import Answer
from tests.checks.worlds import Machine, Zone, fleet, world

RSA, ED25519 = "mx1-rsa", "mx1-ed25519"
NAME = f"{RSA}._domainkey.harbor.example"
KEY = "v=DKIM1; k=rsa; p=MIIB"
OK, INFO, ERROR, UNKNOWN = Severity.OK, Severity.INFO, Severity.ERROR, Severity.UNKNOWN


def judged(results: str, *selectors: str) -> list[Severity]:
    """Return the severities of both signatures of a message that bears some of them."""
    bears = "".join(f"DKIM-Signature: v=1; d=harbor.example; s={one}; b=A\n" for one in selectors)
    header = f"Authentication-Results: mail.faraway.example; {results}\n"
    sender = "postmaster@harbor.example"
    raw = f"{header}{bears}From: {sender}\nSubject: x\n\nbody\n".encode()
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    errand = Errand(message, "mx1", "harbor.example", (Mailbox("peer", "/var/mail/visitor"),))
    found = list(verified([Delivery(errand, Submitted(1.0), Received(2.0, raw))], fleet()))
    assert all(finding.fix or finding.severity is OK for finding in found)
    return [finding.severity for finding in found]


def said(selector: str, result: str, domain: str = "harbor.example") -> str:
    return f"dkim={result} header.d={domain} header.s={selector}"


@pytest.mark.parametrize(
    ("results", "severities"),
    [
        (f"{said(RSA, 'pass')}; {said(ED25519, 'pass')}", [OK, OK]),
        ("dkim=pass header.d=HARBOR.example", [OK, OK]),  # a witness without selectors
        (said(RSA, "pass"), [OK, INFO]),  # not every receiver knows RFC 8463
        (f"{said(RSA, 'fail')}; {said(ED25519, 'pass')}", [ERROR, OK]),
        (f"{said(RSA, 'pass')}; {said(ED25519, 'fail')}", [OK, ERROR]),
        (f"{said(RSA, 'temperror')}; {said(ED25519, 'pass')}", [UNKNOWN, OK]),
        (said(RSA, "pass", "other.example"), [UNKNOWN, INFO]),
        ("spf=pass smtp.mailfrom=harbor.example", [UNKNOWN, INFO]),
    ],
)
def test_the_witness_judges_each_signature(results: str, severities: list[Severity]) -> None:
    assert judged(results, RSA, ED25519) == severities


def test_a_signature_that_is_missing_is_an_error_whatever_passed() -> None:
    assert judged(f"{said(RSA, 'pass')}; {said(ED25519, 'pass')}", RSA) == [OK, ERROR]


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ([KEY], OK),
        (["p=MIIB", "site-verification=1"], OK),
        ([], ERROR),
        (["v=DKIM1; k=rsa; p=AAAA"], ERROR),
        (["v=DKIM1; k=rsa; p="], ERROR),
        ([KEY, "v=DKIM1; p=AAAA"], ERROR),
    ],
)
def test_a_record_has_to_hold_the_key_that_signs(values: list[str], severity: Severity) -> None:
    finding = keys.judged(NAME, KEY, Answer("ns", tuple(values)))

    assert (finding.severity, finding.subject) == (severity, "harbor.example")
    assert severity is OK or f'exactly this TXT: "{KEY}"' in finding.fix


def test_a_host_without_keys_is_an_error_and_one_that_is_silent_a_question(tmp_path: Path) -> None:
    here = world(tmp_path)
    (tmp_path / "mx1-rsa.pub").unlink()
    silent = fleet().hosts[0].model_copy(update={"inventory_name": "silent"})
    asked = partial(keys.published, world=here)

    assert isinstance(here.hosts, Machine)
    assert isinstance(here.names, Zone)
    assert {one.severity for one in asked(fleet())} == {ERROR}
    assert {one.severity for one in asked(fleet().model_copy(update={"hosts": (silent,)}))} == {
        UNKNOWN
    }
