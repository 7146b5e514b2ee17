"""
Test messages, each with an id.

The id is in the Subject, in the Message-ID, in a header of its own and in the last line. The last
line shows that a mailbox holds the whole message. `Auto-Submitted` (RFC 3834) keeps vacation
programs from answering.

An `international` message has a Subject beyond ASCII, unencoded if the server offers SMTPUTF8 (RFC
6531). It is only for servers that deliver by themselves, as the next server may not offer SMTPUTF8.

The body holds content that mail systems are known to change: octets beyond ASCII, a long line,
leading dots, trailing spaces, a line like the first of an mbox message, and a file of every octet.
An `overlong` message has a line that is longer than a server has to accept. It is only for senders
that encode such content before they sign it (RFC 6376 section 5.3).
"""

import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import format_datetime, localtime
from hashlib import sha256

from ...mail.gtube import MARKED

HEADER = "X-Pyinfra-Mail-Test"
PROGRAM = "pyinfra-mail"
HOUR = 3600  # seconds; no run takes as long
LONGEST_LINE, OVERLONG_LINE = 998, 2500
FILE = bytes(range(256)) * 2
_BEYOND = " Привет-日本"  # one word, which is not folded however long the id is
_TEXT = f"""This message proves that mail arrives. It is a test and can be deleted.

Beyond ASCII: Grüße, naïve café, Ελληνικά, 日本語, \N{SAILBOAT}
A line of {{length}} octets (RFC 5322 section 2.1.1 allows 998):
{{line}}
Leading dots (RFC 5321 section 4.5.2):
.
..
.one
Trailing spaces and a tab:  \t
From the beginning of a line, as in an mbox.
The file's SHA-256: {sha256(FILE).hexdigest()}
"""


@dataclass(frozen=True)
class TestMessage:
    """A message to send: its id, its envelope, and its author."""

    __test__ = False  # pytest takes every Test... for a case

    id: str
    author: str
    recipient: str
    sender: str = ""
    program: str = ""
    international: bool = False
    overlong: bool = False
    notify: str = ""  # NOTIFY of RFC 3461 section 4.1
    bulk: bool = False  # of the bulk stream of its host
    marked: bool = False  # it has the test line for Junk
    written: datetime = field(default_factory=localtime, compare=False)

    @property
    def message_id(self) -> str:
        """Return its Message-ID."""
        return f"<{self.id}@{self.author.partition('@')[2]}>"

    def compose(self, *, eight: bool = True, utf8: bool = False) -> bytes:
        """Return the message for submission: as 8bit, with headers in UTF-8, or in ASCII."""
        message = EmailMessage()
        message["From"] = self.author
        message["To"] = self.recipient
        more = f" {MARKED}" if self.marked else _BEYOND if self.international else ""
        message["Subject"] = f"Test message {self.id}{more}"
        message["Date"] = format_datetime(self.written)
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"
        message[HEADER] = self.id
        if self.program:
            message["User-Agent"] = self.program
        length = OVERLONG_LINE if self.overlong else LONGEST_LINE
        text = _TEXT.format(length=length, line=("0123456789" * length)[:length])
        message.set_content(text, cte="8bit" if eight else "quoted-printable")
        message.add_attachment(
            FILE, maintype="application", subtype="octet-stream", filename="octets.bin"
        )
        message.set_boundary(f"=_{self.id}")
        # The last line comes after the last part: a message that has it is whole.
        message.epilogue = f"\nend of test message {self.id}\n"
        return message.as_bytes(policy=default.clone(utf8=utf8))


def new_run() -> str:
    """Return a unique name for the messages of one run; it begins with the time of its start."""
    return f"{int(time.time()):08x}{secrets.token_hex(3)}"


def is_left_behind(id_: str, now: float) -> bool:
    """Tell whether a test message is of a run that must have ended long ago, interrupted."""
    began = re.match(r"([0-9a-f]{8})[0-9a-f]{6}-", id_)
    return began is not None and int(began[1], 16) < now - HOUR


def id_in(raw: bytes) -> str:
    """Return the id of a received message, empty if it is no test message."""
    return str(BytesParser(policy=default).parsebytes(raw, headersonly=True)[HEADER] or "").strip()
