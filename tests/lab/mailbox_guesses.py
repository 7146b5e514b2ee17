"""Guesses passwords of a mailbox, on the peer: ADDRESS LOGIN TIMES prints each answer."""

import imaplib
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor


def guess(number: int) -> str:
    """Try one password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        client = imaplib.IMAP4_SSL(sys.argv[1], ssl_context=context, timeout=5)
        return str(client.login(sys.argv[2], f"guess{number}"))
    except (OSError, imaplib.IMAP4.error) as error:
        return str(error)


with ThreadPoolExecutor(5) as pool:
    print("\n".join(pool.map(guess, range(int(sys.argv[3])))))  # noqa: T201 - its output
