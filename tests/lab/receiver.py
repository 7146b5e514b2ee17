"""
Stand-in for large receivers: it takes mail, counts connections and messages, and writes reports.

No real server says how many connections it had at the most, or writes bounces as others do.
Arguments: addresses with commas, port, file of the counts, file whose presence makes it defer every
recipient, and a file of rules as JSON, if it has any.
"""

import asyncio
import json
import re
import smtplib
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 0.05  # for a message, so that connections last
TRIES, PAUSE = 10, 1  # seconds between the tries for a report
ADDRESS = re.compile(rb"<([^>]*)>")


@dataclass(frozen=True)
class Rule:
    """
    Recipients by an expression, and the report that follows a message for one of them.

    `{sender}` and `{recipient}` stand in its text and its own recipient.
    """

    recipient: str
    to: str
    text: str

    def report(self, sender: str, recipient: str) -> tuple[str, str]:
        """Return the recipient and the text of a report."""
        values = {"sender": sender, "recipient": recipient}
        return self.to.format(**values), self.text.format(**values)


@dataclass
class Envelope:
    """Client, sender and recipients of the message that a connection has now."""

    client: str
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


class Receiver:
    """Counts, written down at the end of each connection and after each report."""

    def __init__(self, counts: Path, defers: Path, rules: list[Rule]) -> None:
        self.counts, self.defers, self.rules = counts, defers, rules
        self.open = self.most = self.deferred = 0
        self.messages: Counter[int] = Counter()  # connections by their number of messages
        self.domains: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()  # messages by address of the client, and domain
        self.reports: Counter[str] = Counter()  # by the domain of the recipient
        self.tasks: set[asyncio.Task[None]] = set()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        done, envelope = 0, Envelope(str(writer.get_extra_info("peername")[0]))
        try:
            writer.write(b"220 stand-in ESMTP\r\n")
            while line := await reader.readline():
                answer = self._answer(line, envelope)
                if answer.startswith(b"421"):
                    await asyncio.sleep(SECONDS)
                writer.write(answer)
                if answer.startswith(b"354"):
                    while await reader.readline() != b".\r\n":
                        pass
                    await asyncio.sleep(SECONDS)
                    done += 1
                    writer.write(b"250 2.0.0 taken\r\n")
                    self._follow(envelope)
                await writer.drain()
                if answer.startswith(b"221"):
                    break
        finally:
            self.open -= 1
            self.messages[done] += 1
            writer.close()
            self._write()

    def _answer(self, line: bytes, envelope: Envelope) -> bytes:
        verb, address = line[:4].upper(), ADDRESS.search(line)
        if verb == b"MAIL":
            envelope.sender, envelope.recipients = address[1].decode() if address else "", []
        if verb == b"RCPT" and address:
            if self.defers.exists():
                self.deferred += 1
                return b"421 4.7.0 Temporarily deferred\r\n"
            recipient = address[1].decode()
            envelope.recipients.append(recipient)
            domain = recipient.rpartition("@")[2]
            self.domains[domain] += 1
            self.sources[f"{envelope.client} {domain}"] += 1
        answers = {
            b"EHLO": b"250-stand-in\r\n250 PIPELINING\r\n",
            b"DATA": b"354 go on\r\n",
            b"QUIT": b"221 bye\r\n",
        }
        return answers.get(verb, b"250 2.0.0 ok\r\n")

    def _follow(self, envelope: Envelope) -> None:
        """Begin to send the reports that follow a message, to the server that has sent it."""
        for recipient in envelope.recipients:
            for rule in self.rules:
                if re.fullmatch(rule.recipient, recipient):
                    report = rule.report(envelope.sender, recipient)
                    task = asyncio.create_task(self._report(envelope.client, recipient, *report))
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)

    async def _report(self, server: str, recipient: str, to: str, text: str) -> None:
        for _ in range(TRIES):
            try:
                await asyncio.to_thread(_send, server, to, text)
            except (OSError, smtplib.SMTPException):
                await asyncio.sleep(PAUSE)
                continue
            self.reports[recipient.rpartition("@")[2]] += 1
            self._write()
            return

    def _write(self) -> None:
        values = {
            "most": self.most,
            "messages": self.messages,
            "domains": self.domains,
            "sources": self.sources,
            "deferred": self.deferred,
            "reports": self.reports,
        }
        new = self.counts.with_suffix(".new")
        new.write_text(json.dumps(values))
        new.replace(self.counts)


def _send(server: str, to: str, text: str) -> None:
    with smtplib.SMTP(server, timeout=20) as smtp:
        smtp.sendmail("", to, text.replace("\n", "\r\n"))


def read(path: str) -> list[Rule]:
    """Return the rules in a file."""
    values: list[dict[str, Any]] = json.loads(Path(path).read_text())
    return [Rule(**one) for one in values]


async def main(address: str, port: str, counts: str, defers: str, rules: list[Rule]) -> None:
    """Serve until the process is ended."""
    receiver = Receiver(Path(counts), Path(defers), rules)
    server = await asyncio.start_server(receiver.connection, address.split(","), int(port))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    where, number, counted, deferring, *files = sys.argv[1:]
    found = [rule for file in files for rule in read(file)]
    asyncio.run(main(where, number, counted, deferring, found))
