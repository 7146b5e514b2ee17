"""Submission ports without faults and with one, and the privacy of submitted mail."""

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploys.checks.clients.endpoint import Endpoint, SubmissionEndpoint, submission_endpoints
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.delivery.exchange import Delivery, exchange
from deploys.checks.delivery.host_commands import Received
from deploys.checks.delivery.privacy import submissions
from deploys.checks.delivery.test_messages import routes
from deploys.checks.smtp.submission import port_25, submission, submission_port
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import Secret, file
from tests.checks.smtp_servers import (
    AnotherPassword,
    AnySender,
    Handler,
    InClear,
    Submission,
    certified,
    serving,
)
from tests.checks.worlds import fleet, inspected, world

CAPTAIN = "captain@harbor.example"
HASH = "$6$" + "a" * 8 + "$" + "b" * 86
OURS = "Received: by mx1.harbor.example (Postfix) with ESMTPSA id 1; Mon, 5 Oct 2026 09:30:00 +0000"
TOLD = "Received: from [192.0.2.9] (unknown [192.0.2.9])\n\tby mx1.harbor.example (Postfix)"


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(name="password")
def _password(tmp_path: Path) -> Secret:
    (tmp_path / "password").write_text("ahoy\n")
    return file(tmp_path / "password")


def manned(password: Secret | str) -> Fleet:
    """Return a fleet in which the captain has an account."""
    account: dict[str, Any] = {CAPTAIN: {"password": password}}
    return fleet({"mail_aliases": {"captain": "root"}, "mail_accounts": account})


def severities(findings: list[Finding]) -> list[Severity]:
    assert {finding.id for finding in findings} == {"smtp.submission"}
    return [finding.severity for finding in findings]


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (Submission(), "ok ok ok: 550 5.1.2"),
        (AnySender(), "ok error error: 250 2.1.5"),
        (InClear(), "error ok ok ok: offers AUTH before TLS"),
        (Handler(), "error: does not offer AUTH under TLS"),
        (AnotherPassword(), "ok error: 535 5.7.8"),
    ],
    ids=["as it should be", "any sender", "in clear", "no AUTH", "another password"],
)
def test_a_submission_port_is_checked_by_its_replies(
    tmp_path: Path,
    tls: ssl.SSLContext,
    password: Secret,
    handler: Handler,
    expected: str,
) -> None:
    host = manned(password).hosts[0]
    with serving(handler, tls) as port:
        endpoint = SubmissionEndpoint("mx1", "127.0.0.1", port, login=CAPTAIN, password=password)
        findings = submission_port(endpoint, host, world(tmp_path))

    judged, _, words = expected.partition(": ")
    assert severities(findings) == judged.split()
    assert words in "".join(finding.saw for finding in findings)
    assert "ahoy" not in "".join(finding.saw for finding in findings)


def test_a_port_at_which_nothing_listens_is_an_error(tmp_path: Path, password: Secret) -> None:
    endpoint = SubmissionEndpoint(
        "mx1", "127.0.0.1", 1, wrapped=True, login=CAPTAIN, password=password
    )

    assert severities(submission_port(endpoint, manned(password).hosts[0], world(tmp_path))) == [
        "error"
    ]


@pytest.mark.parametrize(("handler", "severity"), [(Handler(), "ok"), (Submission(), "error")])
def test_port_25_must_not_offer_auth(
    tmp_path: Path, tls: ssl.SSLContext, handler: Handler, severity: str
) -> None:
    endpoint = Endpoint("mx1", "127.0.0.1")
    with serving(handler, tls) as port:
        assert severities(list(port_25(endpoint, world(tmp_path, port=port)))) == [severity]


def test_a_host_without_accounts_is_not_asked(tmp_path: Path) -> None:
    assert list(submission(fleet(), world(tmp_path))) == []
    assert [one for one in routes(fleet()) if isinstance(one.origin, SubmissionEndpoint)] == []


def test_an_account_sends_a_message_by_each_port_where_its_password_is_known(
    password: Secret,
) -> None:
    ways = [
        one.path for one in routes(manned(password)) if isinstance(one.origin, SubmissionEndpoint)
    ]

    assert ways == [
        f"outside -> mx1 at 127.0.0.1 port {port} as {CAPTAIN} -> visitor@faraway.example"
        for port in (465, 587)
    ]
    assert [one for one in routes(manned(HASH)) if isinstance(one.origin, SubmissionEndpoint)] == []
    assert len(submission_endpoints(manned(HASH).hosts[0], "127.0.0.1")) == 2


def test_a_message_is_submitted_with_the_accounts_password(
    tmp_path: Path, tls: ssl.SSLContext, password: Secret
) -> None:
    route = next(
        one for one in routes(manned(password)) if isinstance(one.origin, SubmissionEndpoint)
    )
    with serving(Submission(), tls) as port:
        endpoint = SubmissionEndpoint("mx1", "127.0.0.1", port, login=CAPTAIN, password=password)
        (delivery,) = exchange([replace(route, origin=endpoint)], world(tmp_path, patience=1))

    assert delivery.submitted
    assert delivery.submitted.refusal == ""


@pytest.mark.parametrize(
    ("headers", "severity"),
    [
        (OURS, Severity.OK),
        (f"Received: from mx1 by mail.faraway.example\n{OURS}", Severity.OK),
        (TOLD, Severity.ERROR),
        (f"{OURS}\nUser-Agent: pyinfra-mail", Severity.ERROR),
    ],
    ids=["nothing told", "another server's trace", "the address", "the program"],
)
def test_a_submitted_message_reveals_neither_address_nor_program(
    headers: str, severity: Severity, password: Secret
) -> None:
    ours = manned(password)
    route = next(one for one in routes(ours) if isinstance(one.origin, SubmissionEndpoint))
    delivery = Delivery(route, received=Received(0, f"{headers}\n\nAhoy.\n".encode()))

    (finding,) = inspected(submissions, [delivery], settings=ours)

    assert finding.severity is severity
