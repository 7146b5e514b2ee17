"""Guesses passwords, on the peer: guesses.py ADDRESS TIMES prints each answer, or its absence."""

import smtplib
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor


def guess(number: int) -> str:
    """Try one password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with smtplib.SMTP_SSL(sys.argv[1], 465, context=context, timeout=5) as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = "captain@harbor.example", f"guess {number}"
            code, said = smtp.auth("PLAIN", smtp.auth_plain)
            return f"{code} {said.decode()}"
    except smtplib.SMTPAuthenticationError as error:
        return f"{error.smtp_code} {error.smtp_error!r}"
    except (OSError, smtplib.SMTPException) as error:
        return f"closed: {error}"


with ThreadPoolExecutor(5) as pool:
    print("\n".join(pool.map(guess, range(int(sys.argv[2])))))  # noqa: T201 - its output
