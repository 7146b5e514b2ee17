"""Submission, as people and those who guess meet it, on both Debians."""

import json
import re
import smtplib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.lab.labs import Raised
from tests.lab.mail_client import (
    PASSWORD,
    PROGRAM,
    VISITOR,
    account,
    any_certificate,
    connected,
    found,
    logged_in,
    rcpt,
    submitted,
)
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    deployed,
    on,
    pyinfra,
    refused,
    restored,
    settled,
    undone,
)

WORDS = "Das Schiff ist nicht angekommen. Grüße, $myhostname"
OWN = (
    *("--data", "mail_ban_seconds=30"),
    *("--data", "mail_delay_warning=1"),
    *("--data", "mail_message_size_limit=100000"),
    *("--data", "mail_bounce_texts=" + json.dumps({"failure": WORDS, "delay": "Noch auf See."})),
)
BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
PROCESSES = 100  # of a service, by default


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts with words of the operator's, warnings after a second and a small limit."""
    assert lab
    deployed(*OWN)
    yield
    restored()


def test_the_second_run_changes_nothing() -> None:
    said = deployed(*OWN)

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_a_password_is_asked_for_under_tls_only_and_never_on_port_25(name: str) -> None:
    for port, starttls in ((25, True), (587, False)):
        with smtplib.SMTP(LAB.address(name), port, timeout=20) as smtp:
            if starttls:
                smtp.starttls(context=any_certificate())
            smtp.ehlo()
            assert not smtp.has_extn("auth")
            code, said = smtp.docmd("AUTH", "PLAIN AGEAYg==")
            assert (code, said[:5]) in ((503, b"5.5.1"), (530, b"5.7.0"))
    for port in (465, 587):
        with connected(name, port) as smtp:
            assert smtp.has_extn("auth")
            assert smtp.mail(account(name))[0] == 250
            assert smtp.rcpt(VISITOR)[0] in (553, 554)


@BOTH
def test_a_wrong_password_is_refused(name: str) -> None:
    with (
        connected(name) as smtp,
        pytest.raises(smtplib.SMTPAuthenticationError, match=r"535.*5\.7\.8"),
    ):
        smtp.login(account(name), "wrong")


@BOTH
@pytest.mark.parametrize("port", [465, 587])
def test_what_leaves_tells_neither_the_clients_address_nor_its_program(
    name: str, port: int
) -> None:
    received = found("peer", "/var/mail/visitor", submitted(name, port=port))

    client = LAB.address(name).rpartition(".")[0] + ".1"
    assert not re.search(rf"{re.escape(client)}\b", received)
    for secret in ("127.0.0.1", PROGRAM, "198.51.100.99", account(name).upper()):
        assert secret not in received
    assert f"by {LAB.host(name).hostname} (Postfix)" in received


@BOTH
def test_a_login_sends_with_its_own_address_alone(name: str) -> None:
    with logged_in(name) as smtp:
        assert rcpt(smtp, account(name)).startswith("250")
        for sender in (MAIL_HOSTS[name], "captain@elsewhere.example"):
            assert rcpt(smtp, sender).startswith("553 5.7.1")


@BOTH
def test_a_login_writes_with_its_own_address_alone(name: str) -> None:
    own, other = account(name), MAIL_HOSTS[name]
    forgeries = (
        f"From: {other}",
        f"From: Captain <{own}>, {other}",
        f"From: {own}\r\nFrom: {other}",
        "From: nobody in particular",
    )
    with logged_in(name) as smtp:
        for header in forgeries:
            with pytest.raises(smtplib.SMTPDataError, match=r"554.*5\.7\.1.*owned by this account"):
                smtp.sendmail(own, VISITOR, f"{header}\r\nSubject: forged\r\n\r\nAhoy.\r\n")
        smtp.sendmail(own, VISITOR, f"From: The Captain <{own.upper()}>\r\n\r\nAhoy.\r\n")
        smtp.sendmail(own, VISITOR, "Subject: no author\r\n\r\nAhoy.\r\n")


@BOTH
def test_a_recipient_that_no_mail_can_reach_is_refused_at_once(name: str) -> None:
    with logged_in(name) as smtp:
        for recipient, answer in {
            "x@no-such-domain.example": "550 5.1.2",
            "x@nic.example": "550 5.1.2",
            "x@silent.faraway.example": "556 5.1.10",
            f"nobody@{account(name).partition('@')[2]}": "550 5.1.1",
        }.items():
            assert rcpt(smtp, account(name), recipient).startswith(answer)


@BOTH
def test_a_message_over_the_limit_is_refused_announced_or_not(name: str) -> None:
    with logged_in(name) as smtp:
        assert smtp.esmtp_features["size"] == "100000"
        code, said = smtp.mail(account(name), ["SIZE=100001"])
        assert f"{code} {said.decode()}".startswith("552 5.3.4")
        smtp.rset()
        smtp.mail(account(name))
        smtp.rcpt(VISITOR)
        code, said = smtp.data(of_size(100001))
        assert f"{code} {said.decode()}".startswith("552 5.3.4")


@BOTH
def test_a_message_of_exactly_the_announced_size_arrives(name: str) -> None:
    accounts, outside = uuid4().hex, uuid4().hex

    with logged_in(name) as smtp:
        smtp.sendmail(account(name), VISITOR, of_size(100000, accounts))
    with connected(name, 25) as smtp:
        smtp.sendmail("", MAIL_HOSTS[name], of_size(100000, outside))

    assert found("peer", "/var/mail/visitor", accounts)
    assert found(name, "/var/mail/root", outside)


def of_size(octets: int, subject: str = "long") -> str:
    """Return a message with so many octets, as they are sent."""
    header = f"Subject: {subject}\r\n\r\n"
    lines, rest = divmod(octets - len(header), 72)
    return header + ("x" * 70 + "\r\n") * (lines - 1) + "x" * (70 + rest) + "\r\n"


@pytest.fixture
def no_stress() -> Iterator[None]:
    """
    Postfix without stress afterwards.

    Once all processes of a service are in use, master(8) lets it work under stress for 1000 s.
    """
    with ExitStack() as stack:
        for name in MAIL_HOSTS:
            stack.enter_context(undone(name, "systemctl restart postfix"))
        yield


@pytest.mark.usefixtures("no_stress")
def test_connections_that_stay_silent_soon_end_and_accounts_send_again() -> None:
    silent = [
        (name, socket.create_connection((LAB.address(name), 465), timeout=60))
        for name in MAIL_HOSTS
        for _ in range(PROCESSES)
    ]

    for name, connection in silent:
        with connection:
            assert connection.recv(1) == b"", name
    for name in MAIL_HOSTS:
        with logged_in(name) as smtp:
            assert rcpt(smtp, account(name)).startswith("250")


@BOTH
def test_delivery_is_reported_to_an_account_that_asks(name: str) -> None:
    token = submitted(name, options=["NOTIFY=SUCCESS", f"ORCPT=rfc822;{VISITOR}"])

    report = found(name, "/var/mail/root", token, "Action: relayed")

    assert f"Original-Recipient: rfc822;{VISITOR}" in report
    assert "Ahoy" not in report  # RET=HDRS


@BOTH
def test_failure_is_reported_in_the_operators_words(name: str) -> None:
    token = submitted(name, recipient="nobody@faraway.example")

    report = found(name, "/var/mail/root", token, "Action: failed")

    parts = message_from_string(report.partition("\n")[2], policy=default).walk()
    words = next(part for part in parts if part.get_content_type() == "text/plain")
    assert f"Grüße, {LAB.host(name).hostname}" in words.get_content()
    assert "Status: 5.1.1" in report


def test_delay_is_reported_and_the_message_arrives_all_the_same() -> None:
    on("peer", "systemctl stop exim4")
    with undone("peer", "systemctl start exim4"):
        tokens = {name: submitted(name) for name in MAIL_HOSTS}
        time.sleep(1.1)  # the delay after which a sender wants to hear
        for name, token in tokens.items():
            settled(name, "postqueue -p | grep refused")  # an attempt has failed before
            on(name, "postqueue -f")
            assert "Noch auf See." in found(name, "/var/mail/root", token, "Action: delayed")
    settled("peer", "ss -Hltn 'sport = :25' | grep :25")
    for name, token in tokens.items():
        on(name, "postqueue -f")
        assert found("peer", "/var/mail/visitor", token)


@BOTH
def test_strangers_do_not_get_reports_offered(name: str) -> None:
    with smtplib.SMTP(LAB.address(name), 25, timeout=20) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("dsn")
    asking = "import smtplib as s; c = s.SMTP('127.0.0.1'); c.ehlo(); print(c.has_extn('dsn'))"
    assert on(name, f'python3 -c "{asking}"') == "True"


def test_who_guesses_is_kept_out_and_nobody_else() -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(_guessed_at, MAIL_HOSTS))


def _guessed_at(name: str) -> None:
    program = (Path(__file__).parent / "guesses.py").read_text()
    with undone(name, "fail2ban-client unban --all"):
        answers = LAB.run("peer", "python3", "-c", program, LAB.address(name), "20").splitlines()
        assert not [answer for answer in answers if answer.startswith("235")]

        for _ in range(200):
            last = LAB.run("peer", "python3", "-c", program, LAB.address(name), "1")
            if last.startswith("closed"):
                break
            time.sleep(0.1)
        assert "refused" in last
        with logged_in(name) as smtp:
            assert rcpt(smtp, account(name)).startswith("250")
        assert found("peer", "/var/mail/visitor", submitted(name))


def test_a_password_that_changes_is_in_force_and_in_no_output() -> None:
    before = PASSWORD.read_text()
    try:
        PASSWORD.write_text("another one\n")
        shown = pyinfra("deploys/hosts.py", "--dry", "--diff", "-vvv", "--json", *OWN).stdout
        shown += deployed(*OWN, "-vvv", "--diff")
        for name in MAIL_HOSTS:
            with logged_in(name) as smtp:
                assert rcpt(smtp, account(name)).startswith("250")
            known = on(name, "cut -d: -f2 /etc/dovecot/accounts")
            assert known.startswith("{ARGON2ID}$argon2id$")
            assert known not in shown
            assert on(name, "stat -c '%a %U:%G' /etc/dovecot/accounts") == "640 root:dovecot"
    finally:
        PASSWORD.write_text(before)
    assert "update /etc/dovecot/accounts" in shown
    assert "another one" not in shown
    assert before.strip() not in shown


def test_an_account_that_is_removed_is_refused_and_the_last_one_closes_the_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = {"mate@harbor.example": {"password": "$6$" + "a" * 8 + "$" + "b" * 86}}
    own = {
        "mx1": {"mail_accounts": other, "mail_aliases": {"mate": "root"}},
        "mx2": {"mail_accounts": {}},
    }
    monkeypatch.setenv("OWN_HOST_DATA", json.dumps(own))
    deployed(*OWN)

    with pytest.raises(smtplib.SMTPAuthenticationError), logged_in("mx1"):
        pass
    for port in (465, 587):
        with pytest.raises(ConnectionRefusedError), connected("mx2", port):
            pass
    for unit in ("dovecot", "fail2ban"):
        assert on("mx2", f"systemctl is-active {unit} || true") == "inactive"


@pytest.mark.parametrize(
    ("own", "tool", "named"),
    [
        ({"mail_dovecot": {"auth_nonsense": "yes"}}, "doveconf", "mail_dovecot['auth_nonsense']"),
        ({"mail_bounce_texts": {"delay": "$sea"}}, "postconf", "mail_bounce_texts['delay']"),
        ({"mail_unbound": {"server": {"nets": 1}}}, "/usr/libexec/unb", "mail_unbound['nets']"),
    ],
    ids=["a setting of Dovecot", "a name in a bounce", "an option of Unbound"],
)
def test_what_the_installed_version_does_not_know_is_refused_by_name(
    own: dict[str, dict[str, Any]], tool: str, named: str
) -> None:
    ((key, value),) = own.items()

    said = refused("--data", f"{key}={json.dumps(value)}")

    assert said.count(f"Refused at validate: {tool}") == 2
    assert said.count(f"look at {named}") == 2


def test_a_service_that_does_not_start_is_explained_by_its_own_words() -> None:
    own = {"server": {"interface": "203.0.113.99"}}

    said = refused("--data", f"mail_unbound={json.dumps(own)}")

    why = "unbound.service does not start: error: can't bind socket: Cannot assign requested"
    assert said.count(f"Refused at load: {why}") == 2
    assert said.count("; the previous configuration is active again; look at mail_unbound['") == 2
