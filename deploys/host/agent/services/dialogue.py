"""Asking a server: short SMTP dialogues or a web site, each with the answer that has to come."""

import http.client
import re
import smtplib
import socket
import ssl
import time
from functools import partial
from pathlib import Path

from ...model.desired import Dialogue, Step
from ..system.shell import Refused

PATIENCE = 10.0
LONGEST = 65536  # octets; no answer of ours is longer


def hold(step: str, dialogue: Dialogue, deadline: float | None = None) -> None:
    """Hold one dialogue; refuse with its name, what was sent and what came back."""
    try:
        (_visit if dialogue.site else _talk)(dialogue, deadline or time.monotonic() + PATIENCE)
    except _Unexpected as unexpected:
        raise Refused(step, f"{dialogue.name}: {unexpected}; {dialogue.hint}") from None
    except (OSError, smtplib.SMTPException, http.client.HTTPException) as error:
        where = f"{dialogue.target} port {dialogue.port}"
        why = f"{dialogue.name}: {where} does not answer ({error})"
        raise Refused(step, f"{why}; {dialogue.hint}") from None


class _Unexpected(Exception):
    """An answer other than the one that had to come."""


def _visit(dialogue: Dialogue, deadline: float) -> None:
    """Ask a web site until it answers rightly: a reload leaves the old one there for a moment."""
    while True:
        try:
            for step in dialogue.steps:
                _request(dialogue, step)
        except (_Unexpected, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _request(dialogue: Dialogue, step: Step) -> None:
    address = (dialogue.target, dialogue.port)
    shown, answer = _answer(dialogue.site, address, step.send, _any(), PATIENCE)
    _expect(shown, dialogue.tls)
    if not re.search(step.expect, answer, re.DOTALL):
        said = answer.splitlines()[0]
        raise _Unexpected(f"{step.send!r} at {dialogue.site} was answered {said!r}")


def _answer(
    name: str, address: tuple[str, int], line: str, context: ssl.SSLContext, seconds: float
) -> tuple[bytes | None, str]:
    """Send a request line; return the certificate, and the answer's status, type and body."""
    method, path = line.split(" ")
    connection = http.client.HTTPSConnection(name, context=context, timeout=seconds)
    plain = socket.create_connection(address, seconds)
    with plain, context.wrap_socket(plain, server_hostname=name) as connection.sock:
        shown = connection.sock.getpeercert(binary_form=True)
        connection.request(method, path)
        reply = connection.getresponse()
        body = reply.read(LONGEST).decode("utf-8", "replace")
        return shown, f"{reply.status} {reply.headers.get_content_type()}\n{body}"


def _talk(dialogue: Dialogue, deadline: float) -> None:
    with _connected(dialogue, deadline) as smtp:
        if dialogue.tls:
            _expect_certificate(smtp, dialogue.tls)
        for line in dialogue.steps:
            _say(smtp, line)


def _connected(dialogue: Dialogue, deadline: float) -> smtplib.SMTP:
    _client = partial(smtplib.SMTP_SSL, context=_any()) if dialogue.tls else smtplib.SMTP
    # A server that has just been started may need a moment before it listens.
    while True:
        try:
            return _client(
                dialogue.target,
                dialogue.port,
                local_hostname="probe.invalid",
                timeout=PATIENCE,
                source_address=(dialogue.source, 0) if dialogue.source else None,
            )
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _say(smtp: smtplib.SMTP, step: Step) -> None:
    if step.certificate:
        _starttls(smtp, step.certificate)
        return
    special = {"EHLO": smtp.ehlo, "DATA": lambda: smtp.data("Subject: rehearsal\r\n\r\n")}
    code, text = special.get(step.send, lambda: smtp.docmd(step.send))()
    answer = f"{code} {text.decode('utf-8', 'replace')}"
    if not re.search(step.expect, answer, re.DOTALL):
        raise _Unexpected(f"{step.send!r} was answered {answer!r}")


def _starttls(smtp: smtplib.SMTP, path: str) -> None:
    smtp.ehlo()
    smtp.starttls(context=_any())
    _expect_certificate(smtp, path)


def _any() -> ssl.SSLContext:
    """Return a context that takes any certificate: it is compared with the file instead."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _expect_certificate(smtp: smtplib.SMTP, path: str) -> None:
    assert isinstance(smtp.sock, ssl.SSLSocket)  # noqa: S101 - TLS was begun
    _expect(smtp.sock.getpeercert(binary_form=True), path)


def _expect(shown: bytes | None, path: str) -> None:
    if shown != _first_certificate(path):
        raise _Unexpected(f"TLS shows another certificate than {path}")


def _first_certificate(path: str) -> bytes:
    pem = re.search(r"-----BEGIN CERT.*?-----END CERT\w+-----", Path(path).read_text(), re.DOTALL)
    return ssl.PEM_cert_to_DER_cert(pem.group()) if pem else b""
