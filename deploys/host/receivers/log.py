"""Results of deliveries in Postfix's log, by receiver group."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

PREFIX, DEFAULT = "receiver-", "default"
RELAY = "relay"  # receiver of mail that no group's transport takes
# Those of a new address in a warm-up have another beginning.
TRANSPORT = re.compile(rf"(?P<prefix>{PREFIX}|warmup[0-9]+-)(?P<group>[a-z0-9_]+)")
AGAIN = 2  # seconds until the log is read again
LONGEST_LINE = 1 << 20
IDENTIFIER = re.compile(r"postfix(-bulk)?(/(?P<service>[\w.-]+))?/smtp")
MAIN = "main"  # the transport to recipients of the host itself
QUEUE_MANAGER = "postfix-bulk/qmgr"
DeliveryOutcome = Literal["delivered", "deferred", "bounced"]
OUTCOMES: dict[str, DeliveryOutcome] = {
    "sent": "delivered",
    "deferred": "deferred",
    "bounced": "bounced",
}
RESULT = re.compile(
    r" relay=[^,]*?(\[(?P<peer>[^\]]*)\][^,]*)?,.*?"
    r"\bdsn=(?P<dsn>\d\.\d+\.\d+), status=(?P<status>\w+) \((?P<text>.*)\)"
)
# The envelope sender names the recipient: "anna=example.net+token@bounces.example.org".
EXPIRED = re.compile(r": from=<(?P<sender>[^>]+)>, status=expired, ")
ANSWERED = re.compile(r" said: | refused to talk to me: ")
# RFC 3463 sections 3.2 and 3.3: the state of one address or mailbox, not of the receiver.
OF_RECIPIENT = ("4.1.", "4.2.")


@dataclass(frozen=True)
class Result:
    """Result of one message at a receiver: a group, or the relays."""

    receiver: str
    outcome: DeliveryOutcome
    dsn: str = ""
    text: str = ""  # of the receiver, or of Postfix
    ipv6: bool = False
    prefix: str = PREFIX  # of the transport

    @property
    def way(self) -> str:
        """Return the name of the receiver, or of the transport that leaves by a new address."""
        return f"{self.prefix}{self.receiver}".removeprefix(PREFIX)

    @property
    def deferred(self) -> bool:
        """Tell whether the message waits."""
        return self.outcome == "deferred"

    @property
    def of_receiver(self) -> bool:
        """
        Tell whether the result says something of the receiver, and not of one mailbox.

        Postfix itself slows down where no receiver answers.
        """
        answered = bool(ANSWERED.search(self.text)) and not self.dsn.startswith(OF_RECIPIENT)
        return answered or not self.deferred

    @property
    def of_group(self) -> bool:
        """Tell whether it counts for a pace; all other receivers are never slowed as a whole."""
        return self.receiver not in (DEFAULT, RELAY) and self.of_receiver


@dataclass(frozen=True)
class JournalEntry:
    """An entry of the journal: its cursor, its time in seconds since 1970, and its text."""

    cursor: str
    time: float
    identifier: str
    message: str

    @property
    def result(self) -> Result | None:
        """The result of an attempt to deliver a message to another host, if it is one."""
        sender, found = IDENTIFIER.fullmatch(self.identifier), RESULT.search(self.message)
        if not sender or not found or sender["service"] == MAIN:
            return None
        outcome = OUTCOMES.get(found["status"])
        if not outcome:
            return None
        ipv6 = ":" in (found["peer"] or "")
        known = TRANSPORT.fullmatch(sender["service"] or "")
        receiver, prefix = (known["group"], known["prefix"]) if known else (RELAY, PREFIX)
        return Result(receiver, outcome, found["dsn"], found["text"], ipv6, prefix)

    @property
    def expired(self) -> str | None:
        """The domain of a recipient whose message has waited too long; "" if it is not known."""
        found = self.identifier == QUEUE_MANAGER and EXPIRED.search(self.message)
        if not found:
            return None
        name = found["sender"].rpartition("@")[0].rpartition("+")[0]
        return name.rpartition("=")[2] if "=" in name else ""


async def follow(
    command: Callable[[], Iterable[str]], note: Callable[[JournalEntry], None]
) -> None:
    """Read the log as it is written, as JSON of journalctl, and begin again if that ends."""
    while True:
        process = await asyncio.create_subprocess_exec(
            *command(), stdout=asyncio.subprocess.PIPE, limit=LONGEST_LINE
        )
        assert process.stdout  # noqa: S101 - a pipe
        try:
            async for line in _lines(process.stdout):
                with contextlib.suppress(ValueError, LookupError):  # the end of one, or no entry
                    note(_entry(json.loads(line)))
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await asyncio.sleep(AGAIN)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a stream; of one that is too long, only the end."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line


def _entry(fields: Mapping[str, Any]) -> JournalEntry:
    identifier, message = fields.get("SYSLOG_IDENTIFIER"), fields.get("MESSAGE")
    return JournalEntry(
        cursor=fields["__CURSOR"],
        time=int(fields["__REALTIME_TIMESTAMP"]) / 1_000_000,
        # Others are not of syslog, or have octets that are no text.
        identifier=identifier if isinstance(identifier, str) else "",
        message=message if isinstance(message, str) else "",
    )
