"""Bounces of the bulk stream on both Debians: noted, refused from then on, and never lost."""

import json
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from shlex import quote
from typing import Any
from uuid import uuid4

import pytest

from deploys.host.bulk.inbox import Stream
from deploys.mail.verp import day_number
from tests.host.bulk import samples
from tests.lab.labs import Raised
from tests.lab.mail_client import PASSWORD, account, connected, found, logged_in, rcpt, submitted
from tests.lab.runs import (
    HERE,
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    deployed,
    on,
    pyinfra,
    refused,
    restored,
    settled,
    undone,
)
from tests.lab.test_bulk import arrived, domain, news, own_data, sent
from tests.lab.test_signing import both, signatures
from tests.lab.verification import PART, report

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
UNIT = "pyinfra-mail-bulk-handler"
EVENTS = "/var/lib/pyinfra-mail-bulk/events.jsonl"
SECRET = "the secret of the lab's bulk stream"
QUEUES = "postqueue -f; postqueue -c /etc/postfix-bulk -f"


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts with a bulk stream and its handler of bounces."""
    assert lab
    on("mx1", f"ip address replace {LAB.lab.network4[41]}/26 dev eth0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_HOST_DATA", own_data(bulk=True))
        patch.setenv("BULK_SECRET", SECRET)
        done = pyinfra("deploys/site.py", "-y", *UNPROVED)
        assert done.returncode == 0, done.stdout
        yield
    restored()


def stream(name: str) -> Stream:
    return Stream(f"bounces.{domain(name)}", SECRET)


def verp(name: str, recipient: str) -> str:
    return stream(name).verp.address(recipient, day_number(time.time()))


def somebody() -> str:
    return f"nobody-{uuid4().hex[:8]}@faraway.example"


def events(name: str, recipient: str, count: int = 1) -> list[dict[str, Any]]:
    """Return the events of a recipient, once so many are logged."""
    for _ in range(300):
        lines = on(name, f"cat {EVENTS} 2>/dev/null || true").splitlines()
        found_events = [one for one in map(json.loads, lines) if one["recipient"] == recipient]
        if len(found_events) >= count:
            break
        time.sleep(0.1)
    return found_events


def noted(name: str, recipient: str) -> None:
    """Have the queues tried again until the handler has noted something of a recipient."""
    settled(name, f"{QUEUES}; sleep 1; grep -q {recipient} {EVENTS}")


def asked_as_bulk(name: str, recipient: str) -> str:
    """Return what the bulk account hears at RCPT."""
    with connected(name) as smtp:
        smtp.login(news(name), PASSWORD.read_text().strip())
        return rcpt(smtp, news(name), recipient)


def asked(name: str, recipient: str) -> str:
    """Return what an ordinary account hears at RCPT."""
    with logged_in(name) as smtp:
        return rcpt(smtp, account(name), recipient)


def from_outside(name: str, recipient: str, raw: bytes) -> tuple[int, bytes]:
    """Send a message to a host as another server does, and return its last answer."""
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.ehlo()
        smtp.mail("")
        code, said = smtp.rcpt(recipient)
        return smtp.data(raw) if code == 250 else (code, said)


def test_a_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_a_recipient_that_bounces_is_refused_to_the_stream_alone(name: str) -> None:
    recipient = somebody()
    assert asked_as_bulk(name, recipient).startswith("250")
    sent(name, recipient)

    (event,) = events(name, recipient)

    assert (event["kind"], event["suppressed"]) == ("hard", True)
    assert "no such mailbox" in event["reason"]
    assert re.match(
        r"550 5\.7\.1 .*Suppressed since [\d-]+ \(hard bounce\): .*no such mailbox",
        asked_as_bulk(name, recipient),
    )
    assert asked(name, recipient).startswith("250")


@BOTH
def test_an_envelope_sender_names_its_recipient_as_the_handler_reads_it(name: str) -> None:
    recipient = f"traveller+{uuid4().hex[:6]}@faraway.example"

    (message,) = arrived(sent(name, recipient), 1)

    assert f"Return-Path: <{verp(name, recipient)}>" in message
    assert f"spf=pass smtp.mailfrom=bounces.{domain(name)}" in message


@BOTH
def test_a_message_says_how_to_unsubscribe_signed_and_a_mail_does_it(name: str) -> None:
    recipient = f"traveller+{uuid4().hex[:6]}@faraway.example"
    (message,) = arrived(sent(name, recipient), 1)
    assert signatures(message) == both(name, domain(name))
    assert "list-unsubscribe" in "".join(re.findall(r"\bh=([^;]+);", message)).lower()
    head = re.sub(r"\r?\n[ \t]+", "", message)
    link = re.search(r"List-Unsubscribe:\s*<mailto:([^?>]+)\?subject=([\w-]+)>", head)
    assert link

    code, _ = from_outside(name, link[1], samples.simple(subject=link[2]))

    assert code == 250
    (event,) = events(name, recipient)
    assert event["kind"] == "unsubscribe"
    assert "(unsubscribed)" in asked_as_bulk(name, recipient)


@BOTH
def test_ordinary_mail_says_nothing_of_lists(name: str) -> None:
    message = found("peer", "/var/mail/visitor", submitted(name))

    assert "List-Unsubscribe" not in message
    assert f"Return-path: <{account(name)}>".lower() in message.lower()


@BOTH
def test_an_address_without_a_valid_token_is_refused_at_rcpt(name: str) -> None:
    bounces = f"bounces.{domain(name)}"
    expired = stream(name).verp.address("anna@example.net", 20_000)  # of 2024
    for address in (f"anybody@{bounces}", f"anna=example.net+{'a' * 20}@{bounces}", expired):
        code, said = from_outside(name, address, b"")
        assert (code, said[:5]) == (550, b"5.1.1"), said


@BOTH
def test_postmaster_of_the_bounces_domain_is_a_person(name: str) -> None:
    token = uuid4().hex

    from_outside(name, f"postmaster@bounces.{domain(name)}", samples.simple(subject=token))

    assert found(name, "/var/mail/root", token)


@BOTH
@pytest.mark.parametrize("dialect", [samples.qmail, samples.exim], ids=["qmail", "Exim"])
def test_a_bounce_of_another_server_is_read(name: str, dialect: Callable[..., bytes]) -> None:
    recipient = somebody()
    address = verp(name, recipient)
    raw = dialect("550 no such user", recipient=recipient, verp=address)

    assert from_outside(name, address, raw)[0] == 250

    (event,) = events(name, recipient)
    assert (event["kind"], event["reason"]) == ("hard", "550 no such user")


def suppress(action: str, *arguments: str) -> str:
    """Run deploys/suppression.py on both hosts and return its output."""
    words = (word for one in (f"suppress={action}", *arguments) for word in ("--data", one))
    done = pyinfra("deploys/suppression.py", "-y", *words)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_an_operator_lists_and_changes_the_suppressed_recipients() -> None:
    anna, otto = somebody(), somebody()
    file = HERE / "old.csv"
    file.write_text(f"{otto}\n")
    added = (f"suppress_address={anna}", "suppress_reason=asked by phone")

    assert f"suppress {anna} (asked by phone)" in suppress("add", *added)
    assert suppress("add", *added).count("No changes") == 2
    suppress("import", f"suppress_file={file}", "suppress_reason=old system")
    assert suppress("list").count(f"{otto} manual: old system") == 2
    suppress("export")
    exported = HERE / "reports/inventory/suppressions-mx1.csv"
    listed = pyinfra("deploys/verify.py", "-y", "--data", f"verify_list={exported}")

    assert listed.returncode == 0, listed.stdout
    result = (HERE / "reports/inventory/list.csv").read_text()
    assert f"{otto},warning,suppressed at mx1 since" in result
    for name in MAIL_HOSTS:
        assert "(by the operator): asked by phone" in asked_as_bulk(name, anna)
        assert anna in (HERE / f"reports/inventory/suppressions-{name}.csv").read_text()
    suppress("remove", f"suppress_address={anna}", "suppress_reason=asked again")
    for name in MAIL_HOSTS:
        assert asked_as_bulk(name, anna).startswith("250")
        assert asked_as_bulk(name, otto).startswith("550 5.7.1")
        assert events(name, anna)[0]["kind"] == "removed"


def test_a_wrong_wish_changes_nothing_and_is_one_sentence() -> None:
    said = refused("--data", "suppress=remove", deploy="deploys/suppression.py")

    assert "suppress_address is missing; write" in said


@BOTH
def test_without_the_handler_bulk_mail_waits_and_other_mail_goes(name: str) -> None:
    waiting, known = somebody(), somebody()
    with undone(name, f"systemctl start {UNIT}"):
        on("peer", "systemctl stop exim4")
        with undone("peer", "systemctl start exim4"):
            sent(name, waiting)
            settled(name, "find /var/spool/postfix-bulk/deferred -type f | grep .")
            on(name, f"systemctl stop {UNIT}")
        on(name, QUEUES)
        settled(name, "postqueue -c /etc/postfix-bulk -p | grep -q 'bounces\\.'")

        assert asked_as_bulk(name, known).startswith("451")
        found("peer", "/var/mail/visitor", submitted(name))
        assert asked(name, known).startswith("250")
        code, _ = from_outside(name, verp(name, known), b"")
        assert code == 451

    noted(name, waiting)
    assert [one["kind"] for one in events(name, waiting)] == ["hard"]


@BOTH
def test_a_handler_that_is_killed_comes_back_and_counts_once(name: str) -> None:
    recipient = somebody()
    on("peer", "systemctl stop exim4")
    with undone("peer", "systemctl start exim4"):
        sent(name, recipient)
        settled(name, "find /var/spool/postfix-bulk/deferred -type f | grep .")
    on(name, f"postqueue -c /etc/postfix-bulk -f; systemctl kill --signal=KILL {UNIT}")
    noted(name, recipient)
    on(name, QUEUES)

    assert len(events(name, recipient)) == 1


def checked() -> dict[str, set[tuple[str, str]]]:
    """Return the subjects and severities of the checks of the stream, by check."""
    pyinfra("deploys/verify.py", "-y", "--data", "verify_only=bulk.[rsv]*")
    found: dict[str, set[tuple[str, str]]] = {}
    for one in report(PART)["findings"]:
        subject = one.get("host") or one.get("domain")
        found.setdefault(one["id"], set()).add((subject, one["severity"]))
    return found


def volume(statement: str) -> str:
    """Return the command that changes what a host has counted."""
    path = "/var/lib/pyinfra-mail-receivers/volume.sqlite"
    program = f"import sqlite3; one = sqlite3.connect({path!r}); one.execute({statement!r})"
    return f"python3 -c {quote(f'{program}; one.commit()')}"


def test_the_checks_of_the_stream_pass_and_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    known = json.loads(own_data(bulk=True))
    for data in known.values():
        for account_ in data["mail_accounts"].values():
            account_["password"] = {"env": "ACCOUNT_PASSWORD"}
    monkeypatch.setenv("ACCOUNT_PASSWORD", PASSWORD.read_text().strip())
    monkeypatch.setenv("OWN_HOST_DATA", json.dumps(known))
    for name in MAIL_HOSTS:
        on(name, volume("DELETE FROM volume"))  # bounces of earlier tests
    good = checked()
    removed = volume("DELETE FROM volume WHERE address = 1")
    with undone("mx1", f"systemctl start {UNIT}; {removed}"):
        on("mx1", volume("INSERT INTO volume VALUES (date(), 1, 'harbor', 900, 0, 100)"))
        on("mx1", f"systemctl stop {UNIT}")
        bad = checked()

    for name in MAIL_HOSTS:  # what the checks did themselves is nobody's mail
        assert on(name, f"grep -c -e bounce-test -e refused-test {EVENTS} || true") == "0"
    stream = f"bounces.{domain('mx1')}"
    for id_ in ("bulk.verp", "bulk.suppression"):
        assert good[id_] == {("mx1", "ok"), ("mx2", "ok")}
        assert ("mx1", "error") in bad[id_]
        assert {one for one in bad[id_] if one[0] == "mx2"} == {("mx2", "ok")}
    assert (stream, "warning") not in good["bulk.rates"]
    assert (stream, "warning") in bad["bulk.rates"]
