"""
Bench `handler`: the program of a bulk stream that reads bounces and knows suppressed recipients.

It runs here as on a host, with its store on this machine's disk. A lookup is a question of Postfix
over a connection that stays open; a bounce comes by LMTP and is answered once it is noted.
"""

import json
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from deploys.host.bulk.event import Suppression
from deploys.host.bulk.program import HandlerConfiguration, configuration
from deploys.mail.verp import day_number

from .instruments.command import ROOT, BenchError
from .instruments.machine import machine
from .instruments.report import Case, Figures, Report, interleaved

MILLISECONDS, OURS, BOUNCE = "milliseconds", "ours", "bounce"
MOST_MILLISECONDS = {"lookup": 1, BOUNCE: 5}  # 200 bounces a second
LOOKUPS, BOUNCES, SESSIONS = 5000, 1000, 10
DOMAIN = "bounces.example.org"
NOTE = (
    "Milliseconds for one, of 5000 lookups one after the other, half of them of suppressed"
    " recipients, and of 1000 bounces in ten sessions. This machine has"
)
Tell = Callable[[str], None]


def handler(suppressed: list[int], runs: int, tell: Tell) -> Report:
    """Measure lookups and bounces with so many suppressed recipients."""
    here = machine()
    cases = [
        Case(f"{one}_{number}", OURS, {"one": one, "suppressed": number}, {MILLISECONDS: most})
        for one, most in MOST_MILLISECONDS.items()
        for number in suppressed
    ]
    note = f"{NOTE} {here['cores']} cores; its load was {here['load']} before."
    return Report(
        "handler", MILLISECONDS, (), note, here, interleaved(cases, runs, _measured, tell)
    )


def _measured(case: Case) -> Figures:
    with _running(case.labels["suppressed"]) as wanted:
        began = time.perf_counter()
        number = _bounced(wanted) if case.labels["one"] == BOUNCE else _looked_up(wanted)
        took = time.perf_counter() - began
    return {MILLISECONDS: round(1000 * took / number, 3)}


@contextmanager
def _running(suppressed: int) -> Iterator[HandlerConfiguration]:
    """Run the program with its files in a directory, and so many suppressed recipients."""
    with TemporaryDirectory(prefix="bulk", dir="/var/tmp") as folder:
        directory = Path(folder)
        values = {
            "domain": DOMAIN,
            "hostname": "mx1.example.org",
            "sockets": folder,
            "state": folder,
            "digests": False,
            "shared": False,
            "rules": {},
        }
        path = directory / "handler.json"
        path.write_text(json.dumps(values))
        (directory / "secret").write_text("of the bench, with thirty-two signs")
        wanted = configuration(path)
        rows = (
            Suppression(f"reader{n}@example.net", "hard", "550 5.1.1 User unknown", 1_796_000_000)
            for n in range(suppressed)
        )
        wanted.store().put(rows)
        argv = (sys.executable, "-m", "deploys.host.bulk", path)
        with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL) as program:
            try:
                _wait_for(directory / "maps.sock")
                yield wanted
            finally:
                program.kill()


def _wait_for(path: Path) -> None:
    for _ in range(500):
        with suppress(OSError), closing(_connected(path)):
            return
        time.sleep(0.02)
    raise BenchError("the handler does not start")


def _connected(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(str(path))
    return client


def _looked_up(wanted: HandlerConfiguration) -> int:
    """Ask for recipients as Postfix does (socketmap_table(5)), and return how many."""
    with closing(_connected(wanted.sockets / "maps.sock")) as client:
        for number in range(LOOKUPS):
            who = "reader" if number % 2 else "other"
            text = f"suppression {who}{number}@example.net".encode()
            client.sendall(b"%d:%b," % (len(text), text))
            if not client.recv(4096).endswith(b","):
                raise BenchError("the handler does not answer a lookup")
    return LOOKUPS


def _bounced(wanted: HandlerConfiguration) -> int:
    """Hand bounces over, and return how many."""
    with ThreadPoolExecutor(SESSIONS) as pool:
        for done in [pool.submit(_session, wanted, number) for number in range(SESSIONS)]:
            done.result()
    return BOUNCES


def _session(wanted: HandlerConfiguration, session: int) -> None:
    with smtplib.LMTP(str(wanted.sockets / "lmtp.sock")) as client:
        for number in range(session, BOUNCES, SESSIONS):
            recipient = f"bounced{number}@example.net"
            verp = wanted.stream.verp.address(recipient, day_number(time.time()))
            client.sendmail("", verp, _bounce(recipient, verp))


def _bounce(recipient: str, verp: str) -> str:
    """Return a report of failed delivery (RFC 3464)."""
    return "\r\n".join(
        (
            "From: MAILER-DAEMON@mx.example.net",
            f"To: {verp}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Message-ID: <{recipient}>",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
            "",
            "--part",
            "Content-Type: text/plain",
            "",
            "Your message could not be delivered.",
            "",
            "--part",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.net",
            "",
            f"Final-Recipient: rfc822; {recipient}",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
            "",
            "--part--",
            "",
        )
    )
