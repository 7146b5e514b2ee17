"""
New client of a mail host: `early_client.py ADDRESS NAME RECIPIENT [early]`.

It prints the version of TLS, the digest of the certificate, and the reply to the recipient. With
`early` it speaks before the greeting. A second session tries TLS 1.1.
"""

import hashlib
import socket
import ssl
import sys
from collections.abc import Iterable

ADDRESS, NAME, RECIPIENT, *EARLY = sys.argv[1:]
COMMANDS = ("EHLO again.example", "MAIL FROM:<>", f"RCPT TO:<{RECIPIENT}>")


def any_certificate() -> ssl.SSLContext:
    """Return a context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def after_starttls() -> socket.socket:
    """Return a connection on which TLS may begin."""
    plain = socket.create_connection((ADDRESS, 25), 30)
    if EARLY:
        plain.sendall(b"EHLO early.example\r\n")  # postscreen(8) drops it
    with plain.makefile("rb") as lines:
        reply(lines)
        for command in (b"EHLO polite.example\r\n", b"STARTTLS\r\n"):
            plain.sendall(command)
            reply(lines)
    return plain


def reply(lines: Iterable[bytes]) -> str:
    """Return the last line of a reply."""
    for line in lines:
        if line[3:4] != b"-":
            return line.decode().strip()
    return ""


def asked() -> list[str]:
    """Return the version of TLS, the digest of the certificate, and the last reply."""
    with any_certificate().wrap_socket(after_starttls(), server_hostname=NAME) as client:
        digest = hashlib.sha256(client.getpeercert(binary_form=True) or b"").hexdigest()
        said = ""
        with client.makefile("rb") as lines:
            for command in COMMANDS:
                client.sendall(f"{command}\r\n".encode())
                said = reply(lines)
        return [client.version() or "", digest, said]


def old() -> str:
    """Return what comes of TLS 1.1."""
    context = any_certificate()
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with after_starttls() as plain:
        try:
            return str(context.wrap_socket(plain, server_hostname=NAME).version())
        except (ssl.SSLError, ConnectionError):
            return "TLSv1.1 is refused"


print("\n".join((*asked(), old())))  # noqa: T201 - its output
