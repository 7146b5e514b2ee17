"""Short dialogues with a server: SMTP, HTTPS, or lines of another protocol such as IMAP."""

import contextlib
import http.client
import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from ...model.desired import Dialogue, Step
from ..system.patience import Patience, bound, watched
from ..system.shell import Refused, run

SECONDS = 10.0  # until a server that runs listens, or a site has its new answers
NEW_CLIENT = "450 4.3.2 "  # of postscreen(8)
LONGEST = 65536  # octets; our own answers are shorter
Connected = TypeVar("Connected", smtplib.SMTP, socket.socket)


def ask(
    step: str,
    dialogue: Dialogue,
    deadline: float | None = None,
    *,
    unit: str = "",
    password: str = "",
) -> None:
    """
    Hold one dialogue; raise Refused with its name, what was sent and the answer.

    It waits for an answer while the unit that answers shows signs of life. A server that does not
    listen has time until the deadline.
    """
    deadline = deadline or time.monotonic() + SECONDS
    try:
        with watched(Patience(unit)):
            _hold(dialogue, deadline, password)
    except _Unexpected as unexpected:
        raise Refused(step, f"{dialogue.name}: {unexpected}; {dialogue.hint}") from None
    except (OSError, smtplib.SMTPException, http.client.HTTPException) as error:
        port = "" if dialogue.target.startswith("/") else f" port {dialogue.port}"
        where = f"{dialogue.target}{port}"
        why = f"{dialogue.name}: {where} does not answer ({error})"
        raise Refused(step, f"{why}; {dialogue.hint}") from None


class _Unexpected(Exception):
    """An answer other than the expected one."""


def _hold(dialogue: Dialogue, deadline: float, password: str) -> None:
    if dialogue.closed:
        _require_closed(dialogue)
    elif dialogue.site:
        _ask_site(dialogue, deadline)
    elif any(step.ends for step in dialogue.steps):
        _ask_in_lines(dialogue, deadline, password)
    else:
        _ask_smtp(dialogue, deadline, password)


def _require_closed(dialogue: Dialogue) -> None:
    with contextlib.suppress(ConnectionError):
        socket.create_connection((dialogue.target, dialogue.port), SECONDS).close()
        raise _Unexpected(f"{dialogue.target} port {dialogue.port} takes connections")


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
    shown, answer = _answer(dialogue.site, address, step.send, _unverified(), bound())
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


def _ask_in_lines(dialogue: Dialogue, deadline: float, password: str) -> None:
    with _retried(partial(_socket, dialogue), deadline) as connection:
        if isinstance(connection, ssl.SSLSocket):
            _require(connection.getpeercert(binary_form=True), dialogue.tls)
        with connection.makefile("rwb") as stream:
            for step in dialogue.steps:
                if step.send:
                    stream.write(f"{step.send.replace('PASSWORD', password)}\r\n".encode())
                    stream.flush()
                answer = _lines(stream, step.ends)
                if not re.search(step.expect, answer, re.DOTALL):
                    said = answer.splitlines()[-1] if answer else "nothing"
                    raise _Unexpected(f"{step.send or 'a connection'!r} was answered {said!r}")


def _socket(dialogue: Dialogue) -> socket.socket:
    if dialogue.target.startswith("/"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(bound())
        client.connect(dialogue.target)
        return client
    plain = socket.create_connection((dialogue.target, dialogue.port), bound())
    return _unverified().wrap_socket(plain) if dialogue.tls else plain


def _lines(stream: io.BufferedRWPair, end: str) -> str:
    """Return an answer up to its last line, or up to the end of the connection."""
    text = ""
    for line in iter(lambda: stream.readline(LONGEST), b""):
        text += line.decode("utf-8", "replace")
        if re.search(end, line.decode("utf-8", "replace")):
            break
    return text


def _ask_smtp(dialogue: Dialogue, deadline: float, password: str) -> None:
    """Hold a dialogue by SMTP, once more if postscreen(8) wants to see the client again."""
    try:
        _hold_session(dialogue, deadline, password, NEW_CLIENT)
    except _PostponedError:
        _hold_session(dialogue, deadline, password)


class _PostponedError(Exception):
    """An answer to a client that has passed tests within the session, and may come back."""


def _hold_session(dialogue: Dialogue, deadline: float, password: str, postponed: str = "") -> None:
    with _connected(dialogue, deadline) as smtp:
        if dialogue.tls:
            _require_own(smtp, dialogue.tls)
        for step in dialogue.steps:
            if step.certificate:
                _starttls(smtp, step)
            else:
                _send(smtp, step, password, postponed)


def _connected(dialogue: Dialogue, deadline: float) -> smtplib.SMTP:
    connect = partial(smtplib.SMTP_SSL, context=_unverified()) if dialogue.tls else smtplib.SMTP
    bound_to = partial(
        connect,
        dialogue.target,
        dialogue.port,
        local_hostname="probe.invalid",
        timeout=bound(),
        source_address=(dialogue.source, 0) if dialogue.source else None,
    )
    return _retried(bound_to, deadline)


def _retried(connect: Callable[[], Connected], deadline: float) -> Connected:
    """Return a connection: a server needs a moment after its start before it listens."""
    while True:
        try:
            return connect()
        except (ConnectionRefusedError, FileNotFoundError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _send(smtp: smtplib.SMTP, step: Step, password: str, postponed: str) -> None:
    special = {"EHLO": smtp.ehlo, "DATA": lambda: smtp.data(step.message)}
    code, text = (
        _login(smtp, step.login, password)
        if step.login
        else special.get(step.send, lambda: smtp.docmd(step.send))()
    )
    answer = f"{code} {text.decode('utf-8', 'replace')}"
    if postponed and answer.startswith(postponed):
        raise _PostponedError
    if not re.search(step.expect, answer, re.DOTALL):
        raise _Unexpected(f"{step.send or 'AUTH'!r} was answered {answer!r}")


def _login(smtp: smtplib.SMTP, login: str, password: str) -> tuple[int, bytes]:
    """Log in by a mechanism that sends the password itself, as only its hash is stored."""
    offered = smtp.esmtp_features.get("auth", "").split()
    smtp.user, smtp.password = login, password
    try:
        if "PLAIN" in offered:
            return smtp.auth("PLAIN", smtp.auth_plain)
        return smtp.auth("LOGIN", smtp.auth_login)
    except smtplib.SMTPAuthenticationError as error:
        said = error.smtp_error
        return error.smtp_code, said if isinstance(said, bytes) else said.encode()


def _starttls(smtp: smtplib.SMTP, step: Step) -> None:
    smtp.ehlo()
    smtp.starttls(context=_unverified())
    shown = _require_own(smtp, step.certificate)
    said = _checked(shown, step.name) if step.name else ""
    if "does NOT match" in said:
        raise _Unexpected(f"the certificate in {step.certificate} is not for {step.name}")


def _checked(certificate: bytes, name: str) -> str:
    """Return OpenSSL's sentence about a certificate and the name of a server."""
    pem = ssl.DER_cert_to_PEM_cert(certificate)
    return run("openssl", "x509", "-noout", "-checkhost", name, stdin=pem).stdout


def _unverified() -> ssl.SSLContext:
    """Return a context that accepts any certificate: it is compared with a file instead."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _require_own(smtp: smtplib.SMTP, path: str) -> bytes:
    assert isinstance(smtp.sock, ssl.SSLSocket)  # noqa: S101 - TLS has started
    shown = smtp.sock.getpeercert(binary_form=True)
    _require(shown, path)
    return shown or b""


def _require(shown: bytes | None, path: str) -> None:
    if shown != _first_certificate(path):
        raise _Unexpected(f"the server sent another certificate than that of {path}")


def _first_certificate(path: str) -> bytes:
    pem = re.search(r"-----BEGIN CERT.*?-----END CERT\w+-----", Path(path).read_text(), re.DOTALL)
    return ssl.PEM_cert_to_DER_cert(pem.group()) if pem else b""
