"""What the tests of TLS do on hosts: read certificates as clients do, send, change names."""

import base64
import re
import shlex
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cryptography import x509

from tests.lab.runs import LAB, MAIL_HOSTS, on

HOSTNAMES = {"mx1": "mx1.harbor.example", "mx2": "mx2.orchard.example"}
SERVED = "/etc/ssl/private/pyinfra-mail"
Result = TypeVar("Result")


def both(work: Callable[[str], Result]) -> dict[str, Result]:
    """Do the same on both hosts, side by side."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(MAIL_HOSTS, pool.map(work, MAIL_HOSTS), strict=True))


def session(name: str, server_name: str = "", *, rsa: bool = False) -> smtplib.SMTP:
    """Open a session with TLS as somebody who asks for a name, and knows only RSA or more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if rsa:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    client = smtplib.SMTP(LAB.address(name), timeout=15)
    client._host = server_name or HOSTNAMES[name]  # type: ignore[attr-defined]  # noqa: SLF001
    client.starttls(context=context)
    client.ehlo()
    return client


def certificate(client: smtplib.SMTP) -> x509.Certificate:
    """Return the certificate that a session was opened with."""
    assert isinstance(client.sock, ssl.SSLSocket)
    shown = client.sock.getpeercert(binary_form=True)
    assert shown
    return x509.load_der_x509_certificate(shown)


def shown(name: str, server_name: str = "", *, rsa: bool = False) -> x509.Certificate:
    """Return the certificate that a new session is shown."""
    with session(name, server_name, rsa=rsa) as client:
        return certificate(client)


def issuer(of: x509.Certificate) -> str:
    """Return who signed a certificate."""
    return of.issuer.rfc4514_string()


def put(name: str, files: Mapping[str, str]) -> None:
    """Write files on a host, each as a whole."""
    on(name, "; ".join(_written(path, text) for path, text in files.items()))


def _written(path: str, text: str) -> str:
    content = base64.b64encode(text.encode()).decode()
    target = shlex.quote(path)
    make = f"mkdir -p $(dirname {target}); echo {content} | base64 -d > {target}.new"
    return f"{make}; mv {target}.new {target}"


def records(*changes: tuple[str, str, str]) -> None:
    """Let names below faraway.example have a record or, of that kind, none; all see it at once."""
    commands = [
        f"pdnsutil replace-rrset faraway.example {name} {kind} 1 {shlex.quote(value)}"
        if value
        else f"pdnsutil delete-rrset faraway.example {name} {kind}"
        for name, kind, value in changes
    ]
    told = "pdnsutil rectify-zone faraway.example; pdns_control purge 'faraway.example$'"
    on("ns", "; ".join((*commands, told)))
    on("resolver", "systemctl reset-failed unbound; systemctl restart unbound")
    both(lambda host: on(host, "unbound-control flush_zone faraway.example"))


def delivery(name: str, recipient: str = "visitor@faraway.example") -> str:
    """Send a message from a host and return what its log says of the attempt."""
    # A destination that failed is left alone for a while, by the queue manager that remembers it.
    on(name, "postsuper -d ALL; systemctl reload postfix")
    cursor = on(name, "journalctl -n 0 --show-cursor").rpartition("cursor: ")[2]
    on(name, f"echo hello | sendmail -f {MAIL_HOSTS[name]} {recipient}")
    show = f"journalctl -o short --after-cursor={shlex.quote(cursor)} | grep postfix/smtp || true"
    for _ in range(600):
        log = on(name, show)
        if re.search(rf"to=<{re.escape(recipient)}>.* status=", log):
            return log
        time.sleep(0.1)
    raise AssertionError(log)
