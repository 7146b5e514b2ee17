"""Mailboxes, as people use them, on both Debians."""

import imaplib
import json
import poplib
import re
import smtplib
import socket
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRWPair
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploys.lab.definition import CLIENT
from tests.lab import service_records
from tests.lab.labs import ROOT, Raised
from tests.lab.mail_client import (
    PASSWORD,
    VISITOR,
    account,
    any_certificate,
    connected,
    found,
    rcpt,
)
from tests.lab.mistakes import (
    MAILBOXES_ON_HOSTS,
    OTHER_NAME,
    VALID_OF_MAILBOXES,
    VALID_OF_RELEASES,
    Mistake,
)
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    UNTRIED,
    deployed,
    live_sets,
    on,
    pyinfra,
    refused,
    settled,
    undone,
)
from tests.lab.trials import OTHER_CERTIFICATE, Host, Keys, all_tried, together
from tests.lab.verification import PART, report, with_severity

WORD = "sesame and poppy"
BOX = {"password": {"env": "BOX_PASSWORD"}}
RULES = """require ["vacation", "fileinto", "subaddress", "mailbox", "variables"];
if address :detail "to" "lists" { fileinto :create "Lists"; stop; }
if header :matches "Subject" "*" { set "about" "${1}"; }
vacation :handle "away" :subject "Away: ${about}" "I am at sea.";
"""
MESSAGES = "/var/vmail/*/*/Maildir/new/* /var/vmail/*/*/Maildir/cur/*"
NO_WARNINGS = 'if header :contains "subject" "% full" { discard; }'
EARLY = (Path(__file__).parent / "early_client.py").read_text()
BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
RELEASES = {"mx1": "2.3", "mx2": "2.4"}  # of Dovecot
DOMAINS = {name: address.partition("@")[2] for name, address in MAIL_HOSTS.items()}
# Answers of a list in the DNS: the client is on it by one of its addresses, and by the other the
# list refuses the resolver.
LISTED = [
    f'"{address.reverse_pointer.rpartition(zone)[0]}.bl.example. A {answer}"'
    for address, zone, answer in zip(
        LAB.lab.addresses(CLIENT),
        (".in-addr", ".ip6"),
        ("127.255.255.254", "127.0.0.2"),
        strict=True,
    )
]
OWN: dict[str, dict[str, Any]] = {
    name: {
        "mail_mailboxes": {
            f"anna@{domain}": {**BOX, "aliases": [f"sales@{domain}"]},
            f"bert@{domain}": {
                **BOX,
                "quota": "1M",
                "aliases": [f"cook@{domain}"],
                "sieve": NO_WARNINGS,
            },
            f"carol@{domain}": {**BOX, "sieve": RULES},
        },
        "mail_aliases": {"captain": "root", "office": ["anna"], "far": VISITOR, "crew": "bert"},
        "mail_managesieve": True,
        "mail_pop3": True,
        "mail_postscreen": True,
        "mail_postscreen_dnsbl": ["bl.example"],
        "mail_unbound": {"server": {"local-data": LISTED}},
        "mail_filter": False,  # mail comes from senders who do not exist
        "mail_ban_failures": 3,
        "mail_ban_seconds": 30,
    }
    for name, domain in DOMAINS.items()
}
# The other host is a backup MX of mx1's domain.
HARBOR = DOMAINS["mx1"]
OWN["mx2"] |= {"mail_domains": [DOMAINS["mx2"], HARBOR], "mail_mx": {HARBOR: 20}}
ASK = (
    "import smtplib, sys; smtp = smtplib.SMTP(sys.argv[1], timeout=20); smtp.ehlo(); "
    "smtp.mail(''); print(*smtp.rcpt(sys.argv[2]))"
)
SDBOX = {
    name: {**own, "mail_mailbox_format": "sdbox", "mail_pop3": False, "mail_ban_seconds": 3600}
    for name, own in OWN.items()
}
JAIL = "pyinfra-mail"
BANNED = "198.51.100.9"
# The commands of the page for users.
(CONVERSION,) = re.findall(
    r"```bash\n(.*?)```", (ROOT / "docs/mailboxes.md").read_text(), re.DOTALL
)
PROOF = (
    "verify_only=imap.login,delivery.arrived,delivery.recipients,smtp.tls,smtp.key_exchange,dns.srv"
    ",smtp.backscatter"
)


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts with a mailbox each; without them at the end."""
    service_records.withdrawn(lab, *DOMAINS.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOX_PASSWORD", WORD)
        patch.setenv("OWN_HOST_DATA", json.dumps(OWN))
        done = pyinfra("deploys/site.py", "-y", *UNPROVED)
        assert done.returncode == 0, done.stdout
        yield
    done = pyinfra("deploys/site.py", "-y", *UNPROVED, *UNTRIED)
    assert done.returncode == 0, done.stdout
    for name in MAIL_HOSTS:
        on(name, "rm -rf /var/vmail/* /var/lib/postfix/postscreen_cache.*")


@contextmanager
def opened(name: str, login: str = "", word: str = WORD) -> Iterator[imaplib.IMAP4_SSL]:
    """Open the mailbox of a host, or another login's."""
    address = LAB.address(name)
    client = imaplib.IMAP4_SSL(address, ssl_context=any_certificate(), timeout=20)
    try:
        client.login(login or f"anna@{DOMAINS[name]}", word)
        client.select()
        yield client
    finally:
        client.shutdown()


def received(name: str, *words: str, login: str = "") -> str:
    """Return the message in a mailbox that has all words, waiting a moment for it."""
    for _ in range(300):
        with opened(name, login) as client:
            for number in client.search(None, "ALL")[1][0].split():
                (part, *_) = client.fetch(number.decode(), "BODY.PEEK[]")[1]
                text = part[1].decode() if isinstance(part, tuple) else ""
                if all(word in text for word in words):
                    return text
        time.sleep(0.1)
    raise AssertionError(f"the mailbox of {name} has no message with {words}")


def asked(client: str, server: str, recipient: str) -> str:
    """Return what a host says to a recipient of a client that is another host."""
    return LAB.run(client, "python3", "-c", ASK, LAB.address(server), recipient)


def handed_over() -> None:
    """Wait until no queue has mail for the domain of mx1."""
    for name in ("mx2", "mx1"):
        settled(name, "postqueue -f; ! postqueue -p | grep -q '^ .*@harbor.example'")


def sent(name: str, recipient: str, sender: str = "") -> str:
    """Send a message from outside and return its id."""
    token = uuid4().hex
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        message = f"From: {VISITOR}\r\nTo: {recipient}\r\nSubject: {token}\r\n\r\nAhoy.\r\n"
        smtp.sendmail(sender, recipient, message)
    return token


def test_the_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
@pytest.mark.parametrize("local", ["anna", "sales", "office", "anna+news", "office+news"])
def test_mail_from_outside_is_read_by_imap(name: str, local: str) -> None:
    token = sent(name, f"{local}@{DOMAINS[name]}")

    message = received(name, token)

    assert "Delivered-To: anna" in message
    assert re.search(rf"\bby {re.escape(LAB.host(name).hostname)}\b", message)


@BOTH
def test_a_forward_takes_subaddresses_too(name: str) -> None:
    token = sent(name, f"far+news@{DOMAINS[name]}", VISITOR)

    assert found("peer", "/var/mail/visitor", token)


@BOTH
def test_an_unknown_recipient_is_refused_at_once(name: str) -> None:
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.ehlo()
        for local in ("nobody", "nobody+anna", "anna.x"):
            assert rcpt(smtp, VISITOR, f"{local}@{DOMAINS[name]}").startswith("550 5.1.1")
        assert rcpt(smtp, VISITOR, f"ANNA@{DOMAINS[name]}").startswith("250")


@BOTH
def test_a_session_of_ten_thousand_recipients_ends_and_another_goes_on(name: str) -> None:
    codes: Counter[int] = Counter()
    line = f"RCPT TO:<anna@{DOMAINS[name]}>\r\n"
    with (
        suppress(smtplib.SMTPServerDisconnected),
        smtplib.SMTP(LAB.address(name), timeout=20) as smtp,
    ):
        smtp.ehlo()
        smtp.mail("")
        for _ in range(100):
            smtp.send(line * 100)
            codes.update(smtp.getreply()[0] for _ in range(100))
    subject = uuid4().hex
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.ehlo()
        smtp.mail("")
        last = [smtp.rcpt(f"anna@{DOMAINS[name]}") for _ in range(1001)][-1]
        smtp.data(f"Subject: {subject}\r\n\r\nAhoy.\r\n".encode())

    assert codes[250] == 1000
    assert 1000 <= codes[452] < 2000
    assert last == (452, b"4.5.3 Error: too many recipients")
    assert received(name, subject)
    assert on(name, f"grep -l {subject} {MESSAGES} 2>/dev/null | wc -l") == "1"


def screened(name: str, target: str, *words: str) -> list[str]:
    """Return what a new client on another host is told, and the certificate that it gets."""
    own = LAB.host(name).hostname
    return LAB.run(
        "client", "python3", "-W", "ignore", "-c", EARLY, target, own, *words
    ).splitlines()


@BOTH
def test_a_client_that_speaks_before_the_greeting_is_refused(name: str) -> None:
    recipient = f"anna@{DOMAINS[name]}"
    file = f"/etc/ssl/private/pyinfra-mail/{LAB.host(name).hostname}.pem"
    own = on(name, f"openssl x509 -in {file} -outform DER | sha256sum").split()[0]

    early = screened(name, LAB.address(name), recipient, "early")
    polite = screened(name, LAB.address(name), recipient)

    assert early == ["TLSv1.3", own, "550 5.5.1 Protocol error", "TLSv1.1 is refused"]
    assert polite == ["TLSv1.3", own, "250 2.1.5 Ok", "TLSv1.1 is refused"]


@BOTH
def test_a_client_on_a_list_in_the_dns_is_refused(name: str) -> None:
    address = str(LAB.lab.address6(LAB.host(name)))

    _, _, said, _ = screened(name, address, f"anna@{DOMAINS[name]}")

    listed = LAB.lab.address6(CLIENT)
    assert said == f"550 5.7.1 Service unavailable; client [{listed}] blocked using bl.example"


@BOTH
def test_mail_that_dovecot_does_not_take_is_not_asked_for(name: str) -> None:
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("smtputf8")
        subject = f"Grüße {uuid4().hex}"
        message = f"From: Jürgen <{VISITOR}>\r\nSubject: {subject}\r\n\r\nÄhoy.\r\n"
        smtp.sendmail("", f"anna@{DOMAINS[name]}", message.encode(), ["BODY=8BITMIME"])
    assert received(name, subject, "Ähoy")


@BOTH
def test_only_a_mailbox_with_its_password_is_opened(name: str) -> None:
    with opened(name) as client:
        folders = b" ".join(one for one in client.list()[1] if isinstance(one, bytes))
    assert all(use in folders for use in (rb"\Drafts", rb"\Sent", rb"\Junk", rb"\Trash"))
    other = LAB.run(name, "cat", "/etc/dovecot/accounts")
    assert other.startswith(f"{account(name)}:")
    with (
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
        opened(name, account(name), PASSWORD.read_text().strip()),
    ):
        pass
    with pytest.raises(ConnectionRefusedError):
        imaplib.IMAP4(LAB.address(name), timeout=20)


@BOTH
def test_a_mailbox_sends_with_its_own_addresses_alone(name: str) -> None:
    domain = DOMAINS[name]
    with connected(name) as smtp:
        smtp.login(f"anna@{domain}", WORD)
        for own in ("anna", "sales", "anna+news"):
            token = uuid4().hex
            message = f"From: {own}@{domain}\r\nSubject: {token}\r\n\r\nAhoy.\r\n"
            smtp.sendmail(f"{own}@{domain}", VISITOR, message)
            assert found("peer", "/var/mail/visitor", token)
        for other in (account(name), f"bert@{domain}", f"nobody@{domain}"):
            assert rcpt(smtp, other).startswith("553 5.7.1")
        with pytest.raises(smtplib.SMTPDataError, match=r"554.*5\.7\.1"):
            smtp.sendmail(f"anna@{domain}", VISITOR, f"From: {account(name)}\r\n\r\nAhoy.\r\n")


@BOTH
def test_a_renewed_certificate_is_served_after_a_reload(name: str) -> None:
    host, file = LAB.host(name).hostname, "/etc/ssl/private/pyinfra-mail"
    ask = f"openssl s_client -connect 127.0.0.1:993 -servername {host} </dev/null 2>/dev/null"
    with undone(name, f"mv /root/kept.pem {file}/{host}.pem; systemctl reload dovecot"):
        before = on(name, f"{ask} | openssl x509 -noout -fingerprint")
        on(name, f"cp -p {file}/{host}.pem /root/kept.pem")
        on(
            name,
            f"cd /root && openssl ecparam -name prime256v1 -genkey -noout -out k && openssl req"
            f" -x509 -new -key k -days 30 -subj /CN={host} -out c && cat k c >{file}/{host}.pem",
        )
        on(name, "systemctl reload dovecot")
        settled(name, f"test '{before}' != \"$({ask} | openssl x509 -noout -fingerprint)\"")
        with opened(name):
            pass


def test_each_mailbox_is_proved_and_no_message_stays() -> None:
    done = pyinfra("deploys/verify.py", "-y", "--data", PROOF)

    findings = report(PART)["findings"]
    assert done.returncode == 0, done.stdout
    for name, domain in DOMAINS.items():
        saw = [one["saw"] for one in findings if one["severity"] == "ok"]
        place = f"anna@{domain}: found in the mailbox anna@{domain} on {name}"
        assert [one for one in saw if one.endswith(place)], saw
        if name == "mx1":
            path = f"mx2 at {LAB.address('mx2')} -> postmaster@{domain}"
            assert [one for one in saw if one.endswith(f"{path}: found in /var/mail/root on mx1")]
        assert f"{name} at {LAB.address(name)} port 993 opens the mailbox anna@{domain}" in saw
        assert [one for one in saw if f"{LAB.address(name)} port 993 has for " in one]
        assert [one for one in saw if "1,179,648 octets: 552 5.2.2" in one and domain in one]
        assert not on(name, f"grep -l X-Pyinfra-Mail-Test {MESSAGES} 2>/dev/null || true")


def test_mail_waits_while_dovecot_is_away_and_arrives() -> None:
    with undone("mx1", "systemctl start dovecot"), undone("mx2", "systemctl start dovecot"):
        for name in MAIL_HOSTS:
            on(name, "systemctl stop dovecot")
        tokens = {name: sent(name, f"anna@{DOMAINS[name]}") for name in MAIL_HOSTS}
        for name in MAIL_HOSTS:
            settled(name, "postqueue -p | grep -E 'refused|No such file'")
        pyinfra("deploys/verify.py", "-y", "--data", "verify_only=imap.login,smtp.backscatter")
        wrong = {(one, name) for one in ("imap.login", "smtp.backscatter") for name in MAIL_HOSTS}
        assert wrong <= with_severity(report(PART), "error")
    for name, token in tokens.items():
        on(name, "postqueue -f")
        assert received(name, token)


def test_a_backup_knows_the_recipients_and_relays_for_nobody() -> None:
    with smtplib.SMTP(LAB.address("mx2"), timeout=20) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("smtputf8")
        for local in ("anna", "sales", "office", "captain", "postmaster", "anna+news"):
            assert rcpt(smtp, "", f"{local}@{HARBOR}").startswith("250")
        for local in ("nobody", "nobody+anna", "anna.x"):
            assert rcpt(smtp, "", f"{local}@{HARBOR}").startswith("550 5.1.1")
        assert rcpt(smtp, "", VISITOR).startswith("554 5.7.1")
    assert asked("mx2", "mx1", VISITOR).startswith("554 b'5.7.1")
    assert asked("mx2", "mx1", f"nobody@{HARBOR}").startswith("550 b'5.1.1")
    # Mail that would go round waits.
    assert asked("mx1", "mx2", f"anna@{HARBOR}").startswith("450 b'4.4.6")


def test_mail_that_comes_while_the_primary_is_away_arrives_once() -> None:
    locals_ = ("anna", "sales", "office", "anna+news", "anna")
    with undone("mx1", "systemctl start postfix"):
        on("mx1", "systemctl stop postfix postfix@-")
        tokens = [sent("mx2", f"{local}@{HARBOR}") for local in locals_]
        user = sent("mx2", f"captain@{HARBOR}")
        with smtplib.SMTP(LAB.address("mx2"), timeout=20) as smtp:
            smtp.ehlo()
            assert rcpt(smtp, "", f"nobody@{HARBOR}").startswith("550 5.1.1")
        settled("mx2", f"postqueue -p | grep captain@{HARBOR}")
    settled("mx1", "ss -Hltn sport = :25 | grep .")
    handed_over()

    assert f"by {LAB.host('mx2').hostname}" in found("mx1", "/var/mail/root", user)
    for token in tokens:
        assert "\nAuthentication-Results: mx1" not in received("mx1", token)
        assert on("mx1", f"grep -l {token} {MESSAGES} 2>/dev/null | wc -l") == "1"
    assert "\nAuthentication-Results: mx1" in received("mx1", sent("mx1", f"anna@{HARBOR}"))
    log = "journalctl -o cat SYSLOG_IDENTIFIER=postfix/relay/smtp"
    settled("mx2", f"{log} | grep 'Verified TLS connection established to mx1.{HARBOR}'")


@BOTH
def test_a_message_larger_than_the_mailbox_is_refused_at_rcpt(name: str) -> None:
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.ehlo()
        for size, said in (("2000000", "552 5.2.2 "), ("1000", "250 2.1.5 ")):
            for local in ("bert", "cook"):
                smtp.mail(VISITOR, [f"SIZE={size}"])
                code, text = smtp.rcpt(f"{local}@{DOMAINS[name]}")
                smtp.rset()
                assert f"{code} {text.decode()}".startswith(said)


@BOTH
def test_a_full_mailbox_is_refused_at_rcpt_and_its_user_is_warned(name: str) -> None:
    bert = f"bert@{DOMAINS[name]}"
    # With the second it is at 83 %; the third fills it, before the warning of 95 % is delivered.
    for size in (600, 260, 200):
        text = f"Subject: {size}\r\n\r\n" + ("x" * 70 + "\r\n") * (size * 14)
        with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
            smtp.sendmail("", bert, text)
        settled(
            name, 'test -z "$(find /var/spool/postfix/incoming /var/spool/postfix/active -type f)"'
        )

    for port, sender in ((25, VISITOR), (465, f"anna@{DOMAINS[name]}")):
        with smtplib.SMTP(LAB.address(name)) if port == 25 else connected(name) as smtp:
            smtp.ehlo()
            if port != 25:
                smtp.login(sender, WORD)
            for name_of_bert in ("bert", "cook", "crew", "bert+news", "crew+news"):
                recipient = f"{name_of_bert}@{DOMAINS[name]}"
                assert rcpt(smtp, sender, recipient) == (
                    f"552 5.2.2 <{recipient}>: Recipient address rejected: The mailbox is full"
                )
            assert rcpt(smtp, sender, f"sales@{DOMAINS[name]}").startswith("250 ")
    # What a backup has accepted waits for room.
    if name == "mx1":
        assert asked("mx2", "mx1", bert).startswith("250")
    for percent in (80, 95):
        assert received(name, f"Subject: Your mailbox is {percent} % full", login=bert)
    pyinfra("deploys/verify.py", "-y", "--data", "verify_only=host.quota")
    saw = [one["saw"] for one in report(PART)["findings"] if one["severity"] == "warning"]
    assert [one for one in saw if f"the mailbox {bert} is 1" in one], saw


@BOTH
def test_rules_answer_and_sort_mail(name: str) -> None:
    carol = f"carol@{DOMAINS[name]}"
    begin = on(name, "date +%s")
    token = sent(name, carol, VISITOR)
    again = sent(name, carol, VISITOR)
    nobody = sent(name, carol)
    sent(name, f"carol+lists@{DOMAINS[name]}")

    answer = found("peer", "/var/mail/visitor", f"Subject: Away: {token}", f"From: <{carol}>")
    assert "Auto-Submitted: auto-replied" in answer
    assert "Return-path: <>" in answer or answer.startswith("MAILER-DAEMON")
    for one in (token, again, nobody):
        assert received(name, one, login=carol)
    assert on("peer", f"grep -Ec 'Away: ({again}|{nobody})' /var/mail/visitor || true") == "0"
    with opened(name, carol) as client:
        assert client.select("Lists") == ("OK", [b"1"])
    # Dovecot takes the compiled script, and does not compile it for each message.
    said = on(name, f"journalctl --no-pager -u dovecot --since @{begin}")
    assert f"lmtp({carol})" in said
    assert "pre-compiled" not in said


@BOTH
def test_users_change_their_rules_and_read_by_pop3(name: str) -> None:
    bert = f"bert@{DOMAINS[name]}"
    with socket.create_connection((LAB.address(name), 4190), 20) as plain:
        lines = plain.makefile("rwb")
        assert b'"STARTTLS"' in said(lines)
        lines.write(b"STARTTLS\r\n")
        lines.flush()
        assert said(lines).startswith(b"OK")
        with any_certificate().wrap_socket(plain) as secured:
            lines = secured.makefile("rwb")
            assert b'"SASL" "PLAIN LOGIN"' in said(lines)
            token = b64encode(f"\0{bert}\0{WORD}".encode()).decode()
            for command in (f'AUTHENTICATE "PLAIN" "{token}"', 'PUTSCRIPT "own" "discard;"'):
                lines.write(f"{command}\r\n".encode())
                lines.flush()
                assert said(lines).splitlines()[-1].startswith(b"OK")
    client = poplib.POP3_SSL(LAB.address(name), context=any_certificate(), timeout=20)
    client.user(bert)
    assert client.pass_(WORD).startswith(b"+OK")
    client.quit()


def said(lines: BufferedRWPair) -> bytes:
    """Return an answer of ManageSieve, up to its last line."""
    text = b""
    while not text.splitlines() or not text.splitlines()[-1].startswith((b"OK", b"NO", b"BYE")):
        text += lines.readline()
    return text


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], str]:
    """The answers of both hosts to mistakes in their settings, and to valid ones, by the row."""
    rows: dict[Host, list[tuple[Keys, list[Keys]]]] = {}
    for name, release in RELEASES.items():
        alone: list[tuple[Keys, list[Keys]]] = [(row.keys, [row.keys]) for row in mistakes(release)]
        valid = (*VALID_OF_MAILBOXES, *VALID_OF_RELEASES[release])
        # Mail of this host's own addresses is not judged, but its rules take long to load.
        rows[Host(name, own={"mail_filter": False})] = [*alone, *together(valid)]
        on(name, OTHER_CERTIFICATE)
    before = live_sets()
    said = all_tried({host: [keys for keys, _ in own] for host, own in rows.items()})
    assert live_sets() == before
    for name in RELEASES:
        on(name, f"rm {OTHER_NAME}")
    return {
        (host.name, json.dumps(keys)): answer
        for host, own in rows.items()
        for (_, members), answer in zip(own, said[host], strict=True)
        for keys in members
    }


def mistakes(release: str) -> list[Mistake]:
    """Return the rows in the words of a release of Dovecot, and half of those in both's."""
    own = [row for row in MAILBOXES_ON_HOSTS if row.dovecot == release]
    of_both = [row for row in MAILBOXES_ON_HOSTS if not row.dovecot]
    return [*own, *of_both[list(RELEASES.values()).index(release) :: len(RELEASES)]]


@pytest.mark.parametrize(
    ("name", "row"),
    [(name, row) for name, release in RELEASES.items() for row in mistakes(release)],
    ids=lambda one: one if isinstance(one, str) else one.effect,
)
def test_a_host_refuses_a_mistake_by_name(
    name: str, row: Mistake, answers: dict[tuple[str, str], str]
) -> None:
    said = answers[name, json.dumps(row.keys)]

    assert re.match("(stage|validate|preflight): ", said), said
    assert re.search(row.words, said), said


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (name, keys)
        for name, release in RELEASES.items()
        for keys in (*VALID_OF_MAILBOXES, *VALID_OF_RELEASES[release])
    ],
    ids=str,
)
def test_a_host_does_not_refuse_a_valid_setting(
    name: str, keys: Keys, answers: dict[tuple[str, str], str]
) -> None:
    assert answers[name, json.dumps(keys)] == ""


def test_a_script_with_a_mistake_is_refused_by_its_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    anna = OWN["mx1"]["mail_mailboxes"]["anna@harbor.example"]
    wrong = {
        **OWN["mx1"],
        "mail_mailboxes": {
            **OWN["mx1"]["mail_mailboxes"],
            "anna@harbor.example": {**anna, "sieve": "keeep;"},
        },
    }
    monkeypatch.setenv("OWN_HOST_DATA", json.dumps({**OWN, "mx1": wrong}))

    why = refused("--limit", "mx1")

    assert "Refused at validate: mail_mailboxes.anna@harbor.example.sieve: " in why
    assert "line 1: error: unknown command 'keeep'" in why


@BOTH
def test_an_address_that_guesses_the_password_of_a_mailbox_is_banned(name: str) -> None:
    program = (Path(__file__).parent / "mailbox_guesses.py").read_text()
    with undone(name, "fail2ban-client unban --all"):
        login = f"anna@{DOMAINS[name]}"
        answers = LAB.run("peer", "python3", "-c", program, LAB.address(name), login, "4")
        assert "AUTHENTICATIONFAILED" in answers
        for _ in range(200):
            last = LAB.run("peer", "python3", "-c", program, LAB.address(name), login, "1")
            if "refused" in last:
                break
            time.sleep(0.1)
        assert "refused" in last
        with opened(name):
            pass


def test_mailboxes_change_their_format_once_they_are_converted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = {name: sent(name, f"anna@{DOMAINS[name]}") for name in MAIL_HOSTS}
    for name, token in tokens.items():
        assert received(name, token)
        with opened(name) as client:
            (number,) = client.search(None, "SUBJECT", token)[1][0].split()
            client.store(number.decode(), "+FLAGS", r"(\Seen \Flagged)")
    monkeypatch.setenv("OWN_HOST_DATA", json.dumps(SDBOX))

    why = refused()

    for name, domain in DOMAINS.items():
        there = f"3 mailboxes of the host are in the format 'maildir', such as /var/vmail/{domain}/"
        assert f"mail_mailbox_format is 'sdbox', and {there}anna/Maildir" in why
        on(name, f"systemctl stop dovecot postfix postfix@- 2>/dev/null; {CONVERSION}")
        on(
            name,
            f"fail2ban-client set {JAIL} bantime 3600; fail2ban-client set {JAIL} banip {BANNED}",
        )
    deployed()
    for name, token in tokens.items():
        assert received(name, sent(name, f"sales@{DOMAINS[name]}"))
        with opened(name) as client:
            assert len(client.search(None, "SUBJECT", token, "SEEN", "FLAGGED")[1][0].split()) == 1
        assert on(name, f"grep -rl {token} /var/vmail/{DOMAINS[name]}/anna/sdbox")


@BOTH
def test_a_ban_holds_for_the_ports_that_a_run_leaves(name: str) -> None:
    """The run of the test before has closed POP3; the address was banned before it."""
    rules = on(name, "nft list table inet f2b-table")

    assert BANNED in rules
    assert "dport { 465, 587, 993, 4190 }" in rules


def test_the_files_of_a_removed_mailbox_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {
        **SDBOX["mx1"],
        "mail_mailboxes": {"bert@harbor.example": BOX},
        "mail_aliases": {"captain": "root"},
    }
    equal = {one: SDBOX["mx2"][one] for one in SDBOX["mx2"] if one != "mail_mx"}
    equal["mail_aliases"] = other["mail_aliases"]
    equal["mail_mailboxes"] = {**OWN["mx2"]["mail_mailboxes"], "dora@harbor.example": BOX}
    monkeypatch.setenv("OWN_HOST_DATA", json.dumps({"mx1": other, "mx2": equal}))
    token = sent("mx1", "anna@harbor.example")
    assert received("mx1", token)

    deployed()

    with smtplib.SMTP(LAB.address("mx1"), timeout=20) as smtp:
        smtp.ehlo()
        assert rcpt(smtp, VISITOR, "anna@harbor.example").startswith("550 5.1.1")
    assert on("mx1", f"grep -rl {token} /var/vmail/harbor.example/anna/sdbox")


@pytest.mark.parametrize(
    ("local", "home", "other"), [("bert", "mx1", "mx2"), ("dora", "mx2", "mx1")]
)
def test_a_mailbox_gets_what_the_other_mx_has_taken(local: str, home: str, other: str) -> None:
    address = f"{local}@harbor.example"
    tokens = [
        sent(name, f"{local}{tag}@harbor.example") for name in (home, other) for tag in ("", "+x")
    ]

    for token in tokens:
        assert received(home, token, login=address)
    with smtplib.SMTP(LAB.address(other), timeout=20) as smtp:
        smtp.ehlo()
        assert rcpt(smtp, "", "anna@harbor.example").startswith("550 5.1.1")
        assert rcpt(smtp, "", VISITOR).startswith("554 5.7.1")
    assert on(other, f"grep -rlE '{'|'.join(tokens)}' /var/vmail || true") == ""
