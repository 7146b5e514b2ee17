"""The program openssl as a TLS client of a mail port."""

import re
import subprocess

from .endpoint import Endpoint, literal

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# What OpenSSL refuses by default, so that the server is asked and not this machine's policy.
_ANYTHING = ("-legacy_server_connect", "-cipher", "ALL:@SECLEVEL=0")


def shown(endpoint: Endpoint, name: str, timeout: float, *options: str) -> str | None:
    """
    Return the output about a session, nothing if the handshake fails or takes too long.

    `name` is for SNI, and the options say what is offered. None is returned where the program is
    not there, or does not know an option.
    """
    place = f"{literal(endpoint.address)}:{endpoint.port}"
    command = ("openssl", "s_client", "-connect", place)
    plain = () if endpoint.wrapped else ("-starttls", "smtp", "-name", "localhost")
    try:
        done = subprocess.run(
            (*command, "-servername", name, *_ANYTHING, *plain, *options),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    except OSError:
        return None
    text = done.stdout.decode(errors="replace")
    if PEM.search(text):
        return text
    known = "CONNECTED" in text or b"connect:errno" in done.stderr
    return "" if known else None
