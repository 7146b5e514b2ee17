"""Short dialogues with a server over SMTP or HTTPS, each step with its expected answer."""

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

SECONDS = 10.0
LONGEST = 65536  # octets; our own answers are shorter


def ask(step: str, dialogue: Dialogue, deadline: float | None = None) -> None:
    """Hold one dialogue; raise Refused with its name, what was sent and the answer."""
    try:
        (_ask_site if dialogue.site else _ask_smtp)(
            dialogue, deadline or time.monotonic() + SECONDS
        )
    except _Unexpected as unexpected:
        raise Refused(step, f"{dialogue.name}: {unexpected}; {dialogue.hint}") from None
    except (OSError, smtplib.SMTPException, http.client.HTTPException) as error:
        where = f"{dialogue.target} port {dialogue.port}"
        why = f"{dialogue.name}: {where} does not answer ({error})"
        raise Refused(step, f"{why}; {dialogue.hint}") from None


class _Unexpected(Exception):
    """An answer other than the expected one."""


def _ask_site(dialogue: Dialogue, deadline: float) -> None:
    """Ask a web site until the answers are right: a reload leaves the old one for a moment."""
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
    shown, answer = _answer(dialogue.site, address, step.send, _unverified(), SECONDS)
    _require(shown, dialogue.tls)
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


def _ask_smtp(dialogue: Dialogue, deadline: float) -> None:
    with _connected(dialogue, deadline) as smtp:
        if dialogue.tls:
            _require_own(smtp, dialogue.tls)
        for step in dialogue.steps:
            _send(smtp, step)


def _connected(dialogue: Dialogue, deadline: float) -> smtplib.SMTP:
    connect = partial(smtplib.SMTP_SSL, context=_unverified()) if dialogue.tls else smtplib.SMTP
    # A server needs a moment after its start before it listens.
    while True:
        try:
            return connect(
                dialogue.target,
                dialogue.port,
                local_hostname="probe.invalid",
                timeout=SECONDS,
                source_address=(dialogue.source, 0) if dialogue.source else None,
            )
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _send(smtp: smtplib.SMTP, step: Step) -> None:
    if step.certificate:
        _starttls(smtp, step.certificate)
        return
    special = {"EHLO": smtp.ehlo, "DATA": lambda: smtp.data("Subject: preflight\r\n\r\n")}
    code, text = special.get(step.send, lambda: smtp.docmd(step.send))()
    answer = f"{code} {text.decode('utf-8', 'replace')}"
    if not re.search(step.expect, answer, re.DOTALL):
        raise _Unexpected(f"{step.send!r} was answered {answer!r}")


def _starttls(smtp: smtplib.SMTP, path: str) -> None:
    smtp.ehlo()
    smtp.starttls(context=_unverified())
    _require_own(smtp, path)


def _unverified() -> ssl.SSLContext:
    """Return a context that accepts any certificate: it is compared with a file instead."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _require_own(smtp: smtplib.SMTP, path: str) -> None:
    assert isinstance(smtp.sock, ssl.SSLSocket)  # noqa: S101 - TLS has started
    _require(smtp.sock.getpeercert(binary_form=True), path)


def _require(shown: bytes | None, path: str) -> None:
    if shown != _first_certificate(path):
        raise _Unexpected(f"the server sent another certificate than that of {path}")


def _first_certificate(path: str) -> bytes:
    pem = re.search(r"-----BEGIN CERT.*?-----END CERT\w+-----", Path(path).read_text(), re.DOTALL)
    return ssl.PEM_cert_to_DER_cert(pem.group()) if pem else b""
