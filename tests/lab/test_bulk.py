"""The bulk stream on both Debians: its own instance, and what is left of it without the setting."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.lab.labs import Raised
from tests.lab.mail_client import PASSWORD, VISITOR, account, connected, found, submitted
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    deployed,
    on,
    pyinfra,
    restored,
    settled,
    undone,
)
from tests.lab.test_signing import both, signatures
from tests.lab.verification import PART, report

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
UNIT = "pyinfra-mail-bulk.service"
RECIPIENTS = 200
# Parameters of the instance: nobody wants to wait five minutes in a lab.
SOON = {"minimal_backoff_time": "2s", "maximal_backoff_time": "4s", "queue_run_delay": "2s"}
CHECKS = ("bulk.separation", "dns.ptr", "dns.spf_senders", "host.services", "host.drift")
# Reads the entries of the table of accounts from its input.
POSTMAP = (
    "cd /etc/postfix && cat > new && postmap lmdb:new && mv new.lmdb bulk_accounts.lmdb && rm new"
)
MAILDIR = "/var/mail/traveller@faraway.example/Maildir/new"
OWN_ADDRESS = str(LAB.lab.network4[41])  # of mx1; mx2 sends by its only address


def news(name: str) -> str:
    """Return the address of a host's bulk account."""
    return f"news@{domain(name)}"


def domain(name: str) -> str:
    return MAIL_HOSTS[name].partition("@")[2]


def own_data(*, bulk: bool) -> str:
    """Return the data of the hosts: an ordinary account and one for news, with one password."""
    secret = PASSWORD.read_text().strip()
    command = ("openssl", "passwd", "-6", "-salt", "saltsalt", "-stdin")
    hashed = subprocess.run(command, input=secret, capture_output=True, text=True, check=True)
    password = {"password": hashed.stdout.strip()}
    data = {}
    for name in MAIL_HOSTS:
        keys = {
            "mail_accounts": {account(name): password, news(name): password},
            "mail_aliases": {"captain": "root", "news": "root"},
            "mail_account_rate": "20/1h",  # of people, and not of a bulk account
        }
        if bulk:
            addresses = [OWN_ADDRESS] if name == "mx1" else []
            stream = {"accounts": [news(name)], "bounces": f"bounces.{domain(name)}"}
            keys["mail_bulk"] = {
                **stream,
                "secret": {"env": "BULK_SECRET"},
                "addresses": addresses,
                "header": "X-Stream: bulk",
            }
        data[name] = keys
    return json.dumps(data)


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts with a bulk stream, that of mx1 with an address of its own."""
    assert lab
    on("mx1", f"ip address replace {OWN_ADDRESS}/26 dev eth0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_HOST_DATA", own_data(bulk=True))
        patch.setenv("BULK_SECRET", uuid4().hex)
        done = pyinfra("deploys/site.py", "-y", *UNPROVED)
        assert done.returncode == 0, done.stdout
        yield
    restored()


def sent(name: str, *recipients: str, sender: str = "", header: str = "") -> str:
    """Submit a message, with the bulk account of a host, and return the token in its subject."""
    token, sender = uuid4().hex, sender or news(name)
    text = f"From: {sender}\r\nTo: {sender}\r\nSubject: {token}\r\n{header}\r\nAhoi, Käpt'n.\r\n"
    with connected(name) as smtp:
        smtp.login(sender, PASSWORD.read_text().strip())
        assert smtp.sendmail(sender, recipients, text.encode()) == {}
    return token


def arrived(token: str, count: int) -> list[str]:
    """Return the messages of the traveller with a token, once so many are there."""
    listed = f"grep -rl 'Subject: {token}' {MAILDIR} || true"
    for _ in range(600):
        if len(files := on("peer", listed).split()) >= count:
            break
        time.sleep(0.1)
    assert len(files) == count
    return on("peer", f"for one in $({listed}); do cat $one; printf '\\001'; done").split("\1")[:-1]


def test_a_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_a_newsletter_leaves_by_its_own_instance_signed_once(name: str) -> None:
    recipients = [f"traveller+{number}@faraway.example" for number in range(RECIPIENTS)]
    hostname = LAB.host(name).hostname
    sources = [OWN_ADDRESS] if name == "mx1" else LAB.lab.addresses(LAB.host(name))
    helo = f"bulk.{hostname}" if name == "mx1" else hostname

    messages = arrived(sent(name, *recipients), RECIPIENTS)

    assert {re.search(r"for <?(traveller\+\d+@[^>;\s]+)", one)[1] for one in messages} == {  # type: ignore[index]
        *recipients
    }
    for one in messages:
        head = one.partition("\n\n")[0]
        assert f"by bulk.{hostname} (Postfix)" in head
        assert re.search(rf"Return-Path: <traveller\+\d+=\S+@bounces.{domain(name)}>", head)
        assert any(f"[{source}]" in head for source in sources)
        assert f"helo={helo}" in head or f"from {helo} " in head
        assert head.count("DKIM-Signature: ") == len(both(name, domain(name)))
        assert signatures(head) == both(name, domain(name))
        assert "spf=pass" in head


@BOTH
def test_an_ordinary_account_does_not_pass_the_bulk_instance(name: str) -> None:
    message = found("peer", "/var/mail/visitor", submitted(name))

    assert "by bulk." not in message
    assert signatures(message) == both(name, domain(name))


@BOTH
def test_a_header_field_makes_bulk_mail_of_what_an_ordinary_account_submits(name: str) -> None:
    recipients = [f"traveller+{uuid4().hex[:8]}@faraway.example" for _ in range(2)]
    chosen, forged = "X-Stream: Bulk \r\n", "X-Pyinfra-Mail-Stream: yes\r\nX-Stream: no\r\n"

    bulk = arrived(sent(name, *recipients, sender=account(name), header=chosen), 2)
    (ordinary,) = arrived(sent(name, recipients[0], sender=account(name), header=forged), 1)

    for one in bulk:
        head = one.partition("\n\n")[0]
        assert f"by bulk.{LAB.host(name).hostname} (Postfix)" in head
        assert re.search(rf"Return-Path: <traveller\+\S+@bounces.{domain(name)}>", head)
        assert "List-Unsubscribe: " in head
        assert "Stream: " not in head
        assert head.count("DKIM-Signature: ") == len(both(name, domain(name)))
        assert signatures(head) == both(name, domain(name))
    assert "by bulk." not in ordinary
    assert signatures(ordinary) == both(name, domain(name))


@BOTH
def test_a_suppressed_recipient_of_such_mail_gets_none_and_the_sender_is_told(name: str) -> None:
    recipient = f"traveller+{uuid4().hex[:8]}@faraway.example"
    other = f"traveller+{uuid4().hex[:8]}@faraway.example"
    suppress = {"suppress_address": recipient, "suppress_reason": "asked"}
    words = (word for key, value in suppress.items() for word in ("--data", f"{key}={value}"))
    done = pyinfra("deploys/suppression.py", "-y", "--data", "suppress=add", *words)
    assert done.returncode == 0, done.stdout

    token = sent(name, recipient, other, sender=account(name), header="X-Stream: bulk\r\n")

    assert len(arrived(token, 1)) == 1
    bounce = found(name, "/var/mail/root", recipient, "Suppressed since", token)
    assert "(by the operator): asked" in bounce
    assert other not in bounce
    assert on("peer", f"grep -rl '{recipient}' {MAILDIR} || true") == ""


@BOTH
def test_incoming_mail_keeps_its_envelope_sender_and_its_header_fields(name: str) -> None:
    token = uuid4().hex
    text = f"From: {VISITOR}\\nX-Stream: bulk\\nSubject: {token}\\n\\nAhoy.\\n"
    on("peer", f"printf '{text}' | /usr/sbin/sendmail -i -f {VISITOR} {MAIL_HOSTS[name]}")

    message = found(name, "/var/mail/root", token)

    assert message.startswith(f"{VISITOR} ")  # mbox: the envelope sender
    assert "X-Stream: bulk" in message
    assert "by bulk." not in message
    assert "List-Unsubscribe" not in message


@BOTH
def test_bulk_mail_for_the_host_itself_arrives_signed_once(name: str) -> None:
    message = found(name, "/var/mail/root", sent(name, MAIL_HOSTS[name]))

    assert f"by bulk.{LAB.host(name).hostname} (Postfix)" in message
    assert message.count("DKIM-Signature: ") == len(both(name, domain(name)))


def test_the_checks_find_each_kind_of_mail_in_its_queue_and_name_the_one_that_is_not() -> None:
    only = ("--data", f"verify_only={','.join(CHECKS)}")
    good = pyinfra("deploys/verify.py", "-y", *only)
    findings = report(PART)["findings"]
    seen = {(one["id"], one["severity"]) for one in findings if one["id"] in CHECKS}
    with undone("mx1", f"echo {news('mx1')} bulk_stream | ({POSTMAP})"):
        on("mx1", f"echo nobody@harbor.example bulk_stream | ({POSTMAP})")
        bad = pyinfra("deploys/verify.py", "-y", *only)

    assert good.returncode == 0, good.stdout
    assert seen == {(one, "ok") for one in CHECKS}
    assert bad.returncode == 1
    assert f"mail of {news('mx1')} is not handed over to the bulk instance" in bad.stdout


@BOTH
def test_bulk_mail_waits_while_its_instance_is_stopped_and_other_mail_goes(name: str) -> None:
    with undone(name, f"systemctl start {UNIT}; postqueue -f"):
        on(name, f"systemctl stop {UNIT}")
        token = sent(name, "traveller+later@faraway.example")
        found("peer", "/var/mail/visitor", submitted(name))
        assert arrived(token, 0) == []

    arrived(token, 1)


@BOTH
def test_a_bulk_instance_that_dies_comes_back(name: str) -> None:
    on(name, "kill -9 $(cat /var/spool/postfix-bulk/pid/master.pid)")

    settled(name, f"systemctl is-active {UNIT}")
    arrived(sent(name, "traveller+again@faraway.example"), 1)


@BOTH
def test_it_keeps_the_hosts_resolver_when_another_file_comes_in_its_place(name: str) -> None:
    """A file that is renamed over one takes the mounts on it along."""
    pid = "$(tr -d ' ' </var/spool/postfix-bulk/pid/master.pid)"
    same = f"cmp /proc/{pid}/root/etc/resolv.conf /etc/unbound/resolv.conf"
    on(name, f"{same} && nsenter -t {pid} -m umount /etc/resolv.conf && ! {same}")

    on(name, "touch /etc/resolv.conf")

    settled(name, same)
    arrived(sent(name, "traveller+resolved@faraway.example"), 1)


def test_an_instance_without_its_setting_stays_until_its_queue_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with undone("peer", "systemctl start exim4"):
        on("peer", "systemctl stop exim4")
        tokens = {name: sent(name, "traveller+last@faraway.example") for name in MAIL_HOSTS}
        for name in MAIL_HOSTS:
            settled(name, "find /var/spool/postfix-bulk/deferred -type f | grep .")
        monkeypatch.setenv("OWN_HOST_DATA", own_data(bulk=False))
        said = deployed()
        again = deployed()

    for text in (said, again):
        assert text.count("stays until its queue is empty; messages in it: 1") == 2
    assert again.count("No changes") == again.count("--> Starting operation") * len(MAIL_HOSTS)
    for name, token in tokens.items():
        assert on(name, f"systemctl is-active {UNIT}") == "active"
        on(name, "postqueue -c /etc/postfix-bulk -f")
        arrived(token, 1)
        settled(name, "! find /var/spool/postfix-bulk/deferred -type f | grep .")
    assert "pyinfra-mail-bulk.service" in deployed()
    for name in MAIL_HOSTS:
        assert on(name, f"systemctl is-active {UNIT} || true") == "inactive"
        assert on(name, f"systemctl is-enabled {UNIT} 2>/dev/null || true") in (
            "",
            "disabled",
            "not-found",
        )
    said = deployed()
    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)
    found("peer", "/var/mail/visitor", submitted("mx1", recipient=VISITOR))
