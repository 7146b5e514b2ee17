"""Mailbox of a host, read by IMAP: the time at which each message was there."""

import imaplib
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from .command import BenchError

POLL = 0.01  # seconds between two looks
SECONDS = 30  # for one command
NUMBER = re.compile(rb"^Subject: .*?(\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Inbox:
    """A mailbox at port 993, with its login."""

    address: str
    login: str
    password: str

    def arrivals(self, count: int, patience: float, ready: Event) -> Mapping[int, float]:
        """
        Look for so many new messages, and return the time of each by the number in its subject.

        + patience: seconds until the last one has to be there
        + ready: set when messages are looked for
        """
        found: dict[int, float] = {}
        with self._connected() as client:
            seen = int(client.select("INBOX", readonly=True)[1][0] or 0)
            ready.set()
            end = time.monotonic() + patience
            while len(found) < count:
                if time.monotonic() > end:
                    raise BenchError(
                        f"{self.login}: {count - len(found)} of {count} messages did not arrive"
                    )
                client.noop()
                exists = [int(one) for one in client.response("EXISTS")[1] if one]
                if exists and exists[-1] > seen:
                    now = time.time()
                    found.update(dict.fromkeys(_numbers(client, seen + 1, exists[-1]), now))
                    seen = exists[-1]
                time.sleep(POLL)
        return found

    def _connected(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            client = imaplib.IMAP4_SSL(self.address, ssl_context=context, timeout=SECONDS)
            client.login(self.login, self.password)
        except (OSError, imaplib.IMAP4.error) as error:
            raise BenchError(f"{self.login} cannot read mail at {self.address}: {error}") from error
        return client


def _numbers(client: imaplib.IMAP4_SSL, first: int, last: int) -> list[int]:
    parts = client.fetch(f"{first}:{last}", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    texts = [part[1] for part in parts if isinstance(part, tuple)]
    return [int(number) for text in texts for number in NUMBER.findall(text)]
