"""
Messages of an account: through a submission port, over TLS, after a login.

Messages are due at a steady pace, whether the earlier ones are accepted or not. The latency of a
message counts from the time at which it was due, so a slow server does not hide its delays.
"""

import asyncio
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from statistics import quantiles

from aiosmtplib import SMTP, SMTPException

from .command import BenchError

SESSIONS = 20
OCTETS = 5120
SECONDS = 30


@dataclass(frozen=True)
class Submission:
    """A submission endpoint (implicit TLS, RFC 8314), a login and a recipient."""

    address: str
    login: str
    password: str
    recipient: str
    port: int = 465

    def send(self, count: int, rate: float) -> "Sent":
        """Submit messages at a rate per second; 0 is as fast as possible."""
        try:
            return asyncio.run(_all_sent(self, count, rate))
        except (OSError, SMTPException) as error:
            raise BenchError(f"{self.address} port {self.port} took no message: {error}") from error

    def client(self) -> SMTP:
        """Return a client with TLS that trusts the certificate of the lab."""
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

    def message(self) -> bytes:
        """Return a message of the size that all contenders carry."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.login, self.recipient, "bench"
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


async def _all_sent(submission: Submission, count: int, rate: float) -> Sent:
    clients = [submission.client() for _ in range(SESSIONS)]
    await asyncio.gather(*(client.connect() for client in clients))
    began, turns = time.time(), iter(range(count))
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
        await client.sendmail(submission.login, [submission.recipient], message)
        latencies.append(clock() - due)
    return latencies
