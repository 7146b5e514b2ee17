"""Mail with a report: a message of the standard input, handed to Postfix on this host."""

import smtplib
import sys
from email import message_from_bytes, policy

HOST = "127.0.0.1"
TIMEOUT = 8.0  # seconds; the sender of reports ends this program after 10


def main() -> None:
    """Hand the message over; end with status 1 if Postfix does not take it."""
    message = message_from_bytes(sys.stdin.buffer.read(), policy=policy.SMTP)
    try:
        with smtplib.SMTP(HOST, local_hostname="localhost", timeout=TIMEOUT) as server:
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as problem:
        sys.exit(f"Postfix at {HOST} did not take a report for {message['To']}: {problem}")


if __name__ == "__main__":
    main()
