"""A mail program: it logs in on 465 or 587 of a mail host, and sends."""

import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from deploys.lab import state
from deploys.lab.inventory import ACCOUNT
from tests.lab.runs import LAB, MAIL_HOSTS, on

VISITOR = "visitor@faraway.example"
PROGRAM = "Submarine 7.3"
PASSWORD = state.directory(LAB.lab.name) / "account-password"


def account(name: str) -> str:
    """Return the address of the account of a mail host."""
    return f"{ACCOUNT}@{MAIL_HOSTS[name].partition('@')[2]}"


@contextmanager
def connected(name: str, port: int = 465) -> Iterator[smtplib.SMTP]:
    """Connect to a host, under TLS whatever the port."""
    address = LAB.address(name)
    if port == 465:
        with smtplib.SMTP_SSL(address, port, context=any_certificate(), timeout=20) as smtp:
            smtp.ehlo()
            yield smtp
        return
    with smtplib.SMTP(address, port, timeout=20) as smtp:
        smtp.starttls(context=any_certificate())
        smtp.ehlo()
        yield smtp


def any_certificate() -> ssl.SSLContext:
    """Return a context that takes the lab's certificates, which nobody else vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def logged_in(name: str, port: int = 465) -> Iterator[smtplib.SMTP]:
    """Log in with the account of a host."""
    with connected(name, port) as smtp:
        smtp.login(account(name), PASSWORD.read_text().strip())
        yield smtp


def rcpt(smtp: smtplib.SMTP, sender: str, recipient: str = VISITOR) -> str:
    """Return what a server says to a recipient of a sender, and take both back."""
    smtp.mail(sender)
    code, said = smtp.rcpt(recipient)
    smtp.rset()
    return f"{code} {said.decode()}"


def submitted(
    name: str, *, recipient: str = VISITOR, options: Sequence[str] = (), port: int = 465
) -> str:
    """Submit a message with the account of a host and return the id that it is found by."""
    token, sender = uuid4().hex, account(name)
    headers = f"From: {sender}\r\nTo: {recipient}\r\nSubject: {token}\r\nX-Mailer: {PROGRAM}\r\n"
    more = f"User-Agent: {PROGRAM}\r\nX-Originating-IP: [198.51.100.99]\r\n"
    with logged_in(name, port) as smtp:
        sending = [f"ENVID={token}", "RET=HDRS"]
        smtp.sendmail(sender, recipient, f"{headers}{more}\r\nAhoy.\r\n", sending, options)
    return token


def send(name: str, sender: str, recipient: str) -> str:
    """Send a message from a program of a host, and return the word in its identifier."""
    token = uuid4().hex
    text = f"Message-ID: <{token}@x.example>\\nSubject: {token}\\n\\nHello.\\n"
    on(name, f"printf '{text}' | sendmail -i -f {sender} {recipient}")
    return token


def found(name: str, mailbox: str, *words: str) -> str:
    """Return the message in a mailbox that holds all these words, waiting a moment for it."""
    for _ in range(600):
        for message in f"\n{on(name, f'cat {mailbox} 2>/dev/null || true')}".split("\nFrom "):
            if all(word in message for word in words):
                return message
        time.sleep(0.1)
    raise AssertionError(f"{mailbox} on {name} holds no message with {words}")
