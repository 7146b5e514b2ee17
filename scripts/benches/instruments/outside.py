"""
Outside sender: messages to one recipient at port 25, each on a connection of its own.

A program for the peer of the bench lab. Its arguments are the server, the greeting, the sender, the
recipient, how many messages, the sessions at once, and the messages a second, 0 for as many as the
server takes. It prints the time at which the first was begun and that
of the last, and for each message the times at which its data ended and at which it was accepted. A
message that is refused ends it.
"""

import json
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

OCTETS = 5120
SECONDS = 60
PORT = 25
PERMANENT = 400
TEXT = """
The harbour board meets on Thursday about a new crane and its budget. Please bring the drawings of
last year with you, because we want to compare them before lunch. Someone has to ask for prices of
steel and paint, and for the time that it takes until ships can come in again. Thanks, and see you.
"""
WORDS = TEXT.split()


def message(number: int, sender: str, recipient: str) -> bytes:
    """Return a message of a person, whose subject has its number."""
    chosen = random.Random(number)  # noqa: S311 - the same words for all contenders
    lines, size = [], 0
    while size < OCTETS:
        line = " ".join(chosen.choices(WORDS, k=12))
        lines.append(line)
        size += len(line) + 2
    host = sender.partition("@")[2]
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    head = (
        f"From: A sailor <{sender}>",
        f"To: The captain <{recipient}>",
        f"Subject: Notes of the day {number}",
        f"Date: {date}",
        f"Message-ID: <{number}.{time.time_ns()}@{host}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    )
    return "\r\n".join((*head, "", *lines, ".", "")).encode()


@dataclass
class Course:
    """The messages to send, and the times of those that were accepted."""

    server: str
    greeting: str
    sender: str
    recipient: str
    turns: Iterator[int]
    pace: float  # seconds between two messages
    began: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    times: dict[int, tuple[float, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def send_all(self) -> None:
        """Send messages of this session until there are no more."""
        while not self.problems:
            with self.lock:
                turn = next(self.turns, None)
            if turn is None:
                return
            try:
                self._send(turn)
            except OSError as error:
                self.problems.append(f"message {turn}: {error}")

    def _send(self, turn: int) -> None:
        text = message(turn, self.sender, self.recipient)
        if self.pace:
            time.sleep(max(0.0, self.began + (turn + 1) * self.pace - time.time()))
        with socket.create_connection((self.server, PORT), timeout=SECONDS) as connection:
            replies = connection.makefile("rb")
            _answered(replies)
            for line in (
                f"EHLO {self.greeting}",
                f"MAIL FROM:<{self.sender}>",
                f"RCPT TO:<{self.recipient}>",
                "DATA",
            ):
                connection.sendall(f"{line}\r\n".encode())
                _answered(replies)
            connection.sendall(text)
            ended = time.time()
            _answered(replies)
            self.times[turn] = (ended, time.time())
            connection.sendall(b"QUIT\r\n")
            _answered(replies)


def _answered(replies: object) -> None:
    """Read a reply; raise OSError unless it is a good one."""
    while True:
        line = replies.readline().decode(errors="replace").strip()  # type: ignore[attr-defined]
        if line[3:4] != "-":
            break
    if not line[:3].isdecimal() or int(line[:3]) >= PERMANENT:
        raise OSError(line or "the connection was closed")


def main() -> None:
    """Send what the arguments say."""
    server, greeting, sender, recipient = sys.argv[1:5]
    count, sessions, rate = int(sys.argv[5]), int(sys.argv[6]), float(sys.argv[7])
    pace, began = 1 / rate if rate else 0.0, time.time()
    course = Course(server, greeting, sender, recipient, iter(range(count)), pace, began)
    threads = [threading.Thread(target=course.send_all) for _ in range(sessions)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if course.problems:
        sys.exit(f"error: {course.problems[0]}")
    sys.stdout.write(json.dumps({"began": began, "times": course.times}))


if __name__ == "__main__":
    main()
