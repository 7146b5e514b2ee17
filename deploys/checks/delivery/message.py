"""
Test messages: each has an id of its own, wherever it is looked at.

The id stands in the Subject, in the Message-ID, in a header of its own and in the last line, by
which a mailbox that is still being written is told from one that holds the whole message.
RFC 3834 `Auto-Submitted` keeps vacation programs from answering.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import format_datetime, localtime

HEADER = "X-Pyinfra-Mail-Test"


@dataclass(frozen=True)
class TestMessage:
    """A message to send: its id, its envelope, and the author named in it."""

    __test__ = False  # pytest takes every Test... for a case

    id: str
    author: str
    recipient: str
    sender: str = ""
    program: str = ""
    notify: str = ""  # RFC 3461 section 4.1: what its sender wants to be told
    written: datetime = field(default_factory=localtime, compare=False)

    def compose(self) -> bytes:
        """Return the message as it is submitted."""
        message = EmailMessage()
        message["From"] = self.author
        message["To"] = self.recipient
        message["Subject"] = f"Test message {self.id}"
        message["Date"] = format_datetime(self.written)
        message["Message-ID"] = f"<{self.id}@{self.author.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message[HEADER] = self.id
        if self.program:
            message["User-Agent"] = self.program
        message.set_content(
            "This message proves that mail arrives. It is a test and can be deleted.\n\n"
            f"end of test message {self.id}\n"
        )
        return message.as_bytes()


def new_run() -> str:
    """Return a name for one run's messages that no other run has."""
    return secrets.token_hex(6)


def id_in(raw: bytes) -> str:
    """Return the id of a received message, empty for a message of someone else."""
    return str(BytesParser(policy=default).parsebytes(raw, headersonly=True)[HEADER] or "").strip()
