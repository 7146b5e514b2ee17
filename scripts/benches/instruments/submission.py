"""
Messages of an account: through a submission port, over TLS, after a login.

Messages are due at a steady pace, whether the earlier ones are accepted or not. The latency of a
message counts from the time at which it was due, so a slow server does not hide its delays.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from statistics import quantiles

from aiosmtplib import SMTP, SMTPException

from .command import BenchError, run

SESSIONS = 20
OCTETS = 5120
SECONDS = 30


@dataclass(frozen=True)
class Submission:
    """
    A submission endpoint (implicit TLS, RFC 8314), a login and recipients.

    A message is for one recipient, the next one in turn; `{}` in it stands for the message's
    number. Without a password there is neither TLS nor a login.
    """

    address: str
    login: str
    password: str
    recipients: Sequence[str]
    port: int = 465
    sessions: int = SESSIONS

    def send(self, turns: Iterable[int], rate: float) -> "Sent":
        """Submit messages with these numbers at a rate per second; 0 is as fast as possible."""
        try:
            return asyncio.run(_all_sent(self, iter(turns), rate))
        except (OSError, SMTPException) as error:
            raise BenchError(f"{self.address} port {self.port} took no message: {error}") from error

    def client(self) -> SMTP:
        """Return a client with TLS that trusts the certificate of the lab."""
        if not self.password:
            return SMTP(hostname=self.address, port=self.port, start_tls=False, timeout=SECONDS)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return SMTP(
            hostname=self.address,
            port=self.port,
            use_tls=True,
            tls_context=context,
            username=self.login,
            password=self.password,
            timeout=SECONDS,
        )

    def recipient(self, turn: int) -> str:
        """Return the recipient of the message with a number."""
        return self.recipients[turn % len(self.recipients)].format(turn)

    def message(self) -> bytes:
        """Return a message of the size that all contenders carry."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.login, self.login, "bench"
        message.set_content("A line of forty letters, and a line's end\n" * (OCTETS // 42))
        return message.as_bytes()


@dataclass(frozen=True)
class Sent:
    """The time at which the first message was due, and the seconds until each was accepted."""

    began: float
    latencies: tuple[float, ...]

    def percentile_ms(self, percent: int) -> float:
        """Return a percentile of the seconds, in milliseconds."""
        return round(quantiles(self.latencies, n=100, method="inclusive")[percent - 1] * 1000, 1)


async def _all_sent(submission: Submission, turns: Iterator[int], rate: float) -> Sent:
    clients = [submission.client() for _ in range(submission.sessions)]
    await asyncio.gather(*(client.connect() for client in clients))
    began = time.time()
    beat = asyncio.get_running_loop().time()
    pace = 1 / rate if rate else 0
    sent = await asyncio.gather(
        *(_session(client, submission, turns, beat, pace) for client in clients)
    )
    await asyncio.gather(*(client.quit() for client in clients))
    return Sent(began, tuple(latency for session in sent for latency in session))


async def _session(
    client: SMTP, submission: Submission, turns: Iterator[int], beat: float, pace: float
) -> list[float]:
    clock, message, latencies = asyncio.get_running_loop().time, submission.message(), []
    for turn in turns:
        due = beat + turn * pace if pace else clock()
        await asyncio.sleep(due - clock())
        await client.sendmail(submission.login, [submission.recipient(turn)], message)
        latencies.append(clock() - due)
    return latencies


def submitted(submission: Submission, count: int) -> tuple[float, float]:
    """
    Submit messages as fast as possible, and return the times of the first and the last.

    That is done by a process of its own, or other messages would wait for this one's interpreter.
    """
    given = json.dumps({"count": count, "submission": asdict(submission)})
    began, ended = json.loads(run((sys.executable, "-m", __name__), stdin=given))
    return began, ended


def main() -> None:
    """Submit what the standard input says."""
    given = json.load(sys.stdin)
    sent = Submission(**given["submission"]).send(range(given["count"]), 0)
    sys.stdout.write(json.dumps([sent.began, time.time()]))


if __name__ == "__main__":
    main()
