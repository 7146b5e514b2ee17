"""
Recipients of a host: each mailbox gets a message, and an alias that leads to nobody is found.

One domain has a catch-all. Trusted clients hear at once of a recipient that no mail can reach. Mail
for an address elsewhere gets a sender of the host, and its bounces reach the author.
"""

import json
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.lab.labs import Done, Raised
from tests.lab.mail_client import VISITOR, found, rcpt, send
from tests.lab.runs import LAB, MAIL_HOSTS, UNPROVED, on, pyinfra, restored, settled, undone
from tests.lab.verification import PART, report

BOX, ALIAS = "/var/mail/anna", "info@harbor.example"
AWAY = {"captain": "root", "away": VISITOR, "lost": "no-such-user@faraway.example"}
BOX_AWAY = "/var/mail/visitor"  # on the peer
# This machine as a client that may relay.
TRUSTED = {"mail_networks": [f"{LAB.address('mx1').rpartition('.')[0]}.1"]}
ASKED = {
    name: {"to": f"[{LAB.address(name)}]:25", "recipients": "verify"}
    for name in ("mx1", "mx2", "peer")
}
LISTED = {"listed.example": {**ASKED["peer"], "recipients": ["visitor"]}}
OWN = json.dumps(
    {
        "mx1": {
            "mail_aliases": {**AWAY, "info": "anna"},
            "mail_relay_domains": {"orchard.example": ASKED["mx2"], **LISTED},
            **TRUSTED,
        },
        "mx2": {
            "mail_aliases": {**AWAY, "@orchard.example": "root"},
            "mail_relay_domains": {"harbor.example": ASKED["mx1"], **LISTED},
            **TRUSTED,
        },
    }
)
CHECKED = "delivery.arrived,delivery.forwarded,delivery.recipients,smtp.unknown_recipient"
ONLY = ("--data", f"verify_only={CHECKED}")
BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
UNKNOWN = "smtp.unknown_recipient"
MADE = "id anna >/dev/null 2>&1 || useradd --create-home anna"


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """An alias on mx1 that leads to a user of its own."""
    assert lab
    with undone("mx1", f"userdel -rf anna 2>/dev/null; rm -f {BOX}"):
        on("mx1", MADE)
        done = pyinfra("deploys/site.py", "-y", *UNPROVED, OWN_HOST_DATA=OWN)
        assert done.returncode == 0, done.stdout
        yield
        restored()


@contextmanager
def client(name: str) -> Iterator[smtplib.SMTP]:
    """Connect to port 25 of a host, from this machine."""
    with smtplib.SMTP(LAB.address(name), timeout=30) as smtp:
        smtp.ehlo()
        yield smtp


def verified() -> Done:
    return pyinfra("deploys/verify.py", "-y", *ONLY, OWN_HOST_DATA=OWN)


def about(id_: str, found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the severity and the observation of each finding that names the alias."""
    findings = (one for one in found["findings"] if one["id"] == id_ and ALIAS in one["saw"])
    return [(one["severity"], one["saw"]) for one in findings]


def test_the_mailbox_of_an_alias_gets_a_message_that_is_removed_again() -> None:
    done = verified()
    path = f"outside -> mx1 at {LAB.address('mx1')} -> {ALIAS}"

    assert done.returncode == 0, done.stdout
    found_in = report(PART)
    assert about("delivery.arrived", found_in) == [("ok", f"{path}: found in {BOX} on mx1")]
    unknown = [one for one in found_in["findings"] if one["id"] == UNKNOWN]
    assert {one["severity"] for one in unknown} == {"ok", "info"}
    assert any("mail_aliases has the catch-all @orchard.example" in one["saw"] for one in unknown)
    forwarded = [one for one in found_in["findings"] if one["id"] == "delivery.forwarded"]
    assert {one["domain"]: one["severity"] for one in forwarded} == dict.fromkeys(
        ("harbor.example", "orchard.example"), "ok"
    )
    assert all("SPF passes, signatures that verify: " in one["saw"] for one in forwarded)
    assert on("mx1", f"grep -c X-Pyinfra-Mail-Test {BOX} || true") == "0"


@BOTH
def test_a_recipient_that_no_mail_can_reach_is_refused_at_port_25_too(name: str) -> None:
    with client(name) as smtp:
        for recipient, answer in {
            VISITOR: "250 2.1.5",
            "x@no-such-domain.example": "550 5.1.2",
            "x@nic.example": "550 5.1.2",
            "x@silent.faraway.example": "556 5.1.10",
            f"no-such-user@{LAB.host(name).hostname}": "550 5.1.1",
        }.items():
            assert rcpt(smtp, MAIL_HOSTS[name], recipient).startswith(answer)


def test_a_catch_all_takes_every_other_address_of_its_domain_and_of_no_other() -> None:
    token = uuid4().hex
    with client("mx2") as smtp:
        smtp.sendmail("", f"{token}@orchard.example", f"Subject: {token}\r\n\r\nAhoy.\r\n")
    with client("mx1") as smtp:
        assert rcpt(smtp, "", f"{token}@harbor.example").startswith("550 5.1.1")

    assert f"X-Original-To: {token}@orchard.example" in found("mx2", "/var/mail/root", token)


def address(name: str, local: str) -> str:
    return f"{local}@{MAIL_HOSTS[name].partition('@')[2]}"


def edited(old: str, new: str) -> str:
    """Return what changes the command of postsrsd, and starts it again."""
    return (
        f"sed -i 's/{old}/{new}/' /etc/systemd/system/postsrsd.service.d/pyinfra-mail.conf;"
        " systemctl daemon-reload; systemctl restart postsrsd"
    )


def sender_of(message: str) -> str:
    """Return the envelope sender of a message in the peer's mailbox."""
    (sender,) = re.findall(r"^Return-path: <(.*)>$", message, re.MULTILINE)
    return str(sender)


@BOTH
def test_forwarded_mail_has_a_sender_of_the_host_and_is_unchanged(name: str) -> None:
    sent = found("peer", BOX_AWAY, send("peer", VISITOR, address(name, "away")))

    sender = sender_of(sent)
    assert re.fullmatch(rf"SRS0=\S+=visitor@{re.escape(LAB.host(name).hostname)}", sender)
    assert sent.rstrip().endswith("\n\nHello.")
    assert f"\nTo: {address(name, 'away')}" not in sent  # nothing was added


@BOTH
def test_own_senders_and_the_null_sender_stay(name: str) -> None:
    own = send(name, MAIL_HOSTS[name], address(name, "away"))
    null = send(name, "'<>'", address(name, "away"))

    assert sender_of(found("peer", BOX_AWAY, own)) == MAIL_HOSTS[name]
    assert sender_of(found("peer", BOX_AWAY, null)) == ""


@BOTH
def test_a_bounce_of_forwarded_mail_reaches_the_author(name: str) -> None:
    token = send("peer", VISITOR, address(name, "lost"))

    bounce = found("peer", BOX_AWAY, "multipart/report", token)
    assert "no-such-user@faraway.example" in bounce
    assert f"\nTo: {VISITOR}\n" in bounce or "SRS0=" in bounce


@BOTH
def test_a_rewritten_address_is_accepted_and_a_forged_one_refused(name: str) -> None:
    sender = sender_of(found("peer", BOX_AWAY, send("peer", VISITOR, address(name, "away"))))
    token = uuid4().hex
    with client(name) as smtp:
        smtp.sendmail("", sender, f"Subject: {token}\r\n\r\nIt came back.\r\n")
        forged = sender.replace("=visitor@", "=another@")
        assert rcpt(smtp, "", forged).startswith("550 5.1.1")

    assert sender_of(found("peer", BOX_AWAY, token)) == ""


@BOTH
def test_while_senders_cannot_be_rewritten_forwarded_mail_waits_and_other_mail_goes(
    name: str,
) -> None:
    with undone(name, "systemctl start postsrsd"):
        on(name, "systemctl stop postsrsd")
        waits = send("peer", VISITOR, address(name, "away"))
        found(name, "/var/mail/root", send("peer", VISITOR, address(name, "captain")))
        settled(name, "mailq | grep -q forward.invalid")
    on(name, "postqueue -f")

    assert sender_of(found("peer", BOX_AWAY, waits)).startswith("SRS0=")


@pytest.mark.parametrize(("name", "other"), [("mx1", "mx2"), ("mx2", "mx1")])
def test_a_host_asks_the_server_of_a_domain_for_its_recipients(name: str, other: str) -> None:
    captain = address(other, "captain")
    with client(name) as smtp:
        assert rcpt(smtp, "", captain).startswith("250 2.1.5")
        assert rcpt(smtp, "", "visitor@listed.example").startswith("250 2.1.5")
        assert rcpt(smtp, "", "postmaster@listed.example").startswith("250 2.1.5")
        assert rcpt(smtp, "", "nobody@listed.example").startswith("550 5.1.1")
    token = uuid4().hex
    with client(name) as smtp:
        smtp.sendmail("", captain, f"Subject: {token}\r\n\r\nAhoy.\r\n")

    assert f"by {LAB.host(name).hostname}" in found(other, "/var/mail/root", token)


def test_what_the_server_does_not_know_is_refused_without_its_words() -> None:
    with client("mx2") as smtp:
        said = rcpt(smtp, "", f"{uuid4().hex}@harbor.example")

    assert said.startswith("550 5.1.1")
    assert said.endswith("Recipient address rejected: undeliverable address: User not known")


@pytest.mark.parametrize(("name", "other"), [("mx1", "mx2"), ("mx2", "mx1")])
def test_while_the_server_is_away_known_recipients_are_accepted_and_others_deferred(
    name: str, other: str
) -> None:
    captain, token = address(other, "captain"), uuid4().hex
    with undone(other, "systemctl start postfix"):
        on(other, "systemctl stop postfix postfix@-")
        with client(name) as smtp:
            assert rcpt(smtp, "", address(other, uuid4().hex)).startswith("450 4.1.1")
            smtp.sendmail("", captain, f"Subject: {token}\r\n\r\nAhoy.\r\n")
        settled(name, f"mailq | grep -q {captain}")
    on(name, "postqueue -f")

    assert found(other, "/var/mail/root", token)


def test_a_user_who_is_gone_and_a_sender_that_is_not_rewritten_are_found() -> None:
    with undone("mx1", MADE), undone("mx2", edited("-Xfaraway.example,", "-X")):
        on("mx1", "userdel -rf anna 2>/dev/null || true")
        on("mx2", edited("-X", "-Xfaraway.example,"))
        done = verified()

    found = report(PART)
    assert done.returncode == 1, done.stdout
    ((severity, saw),) = about("delivery.arrived", found)
    assert (severity, saw.endswith(f"{ALIAS}: not in {BOX} on mx1")) == ("error", True)
    assert not [one for one in about("delivery.recipients", found) if one[0] == "error"]
    forwarded = {
        one["domain"]: one for one in found["findings"] if one["id"] == "delivery.forwarded"
    }
    assert forwarded["harbor.example"]["severity"] == "ok"
    assert forwarded["orchard.example"]["severity"] == "error"
    assert f"the sender is <{VISITOR}>" in forwarded["orchard.example"]["saw"]
