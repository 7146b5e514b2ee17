"""Bench `inbound`: its messages, its times, its arithmetic, and the memory of a process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from scripts.benches.inbound import (
    CONTENDERS,
    MEMORY,
    RATE,
    SERVICES,
    by_service,
    cases,
    percentiles,
)
from scripts.benches.instruments import memory, outside
from scripts.benches.instruments.inbox import NUMBER
from tests.test_bench_bulk import free_port

PROGRAM = Path(outside.__file__).read_text()
ADDRESSES = ("mail.faraway.example", "visitor@faraway.example", "captain@harbor.example")


class Server:
    """Takes messages, and refuses those of a subject."""

    def __init__(self, refused: str) -> None:
        self.refused = refused
        self.taken: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - name of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        self.taken.append(content)
        refused = self.refused and self.refused.encode() in content
        return "554 5.7.1 Spam message rejected" if refused else "250 2.0.0 ok"


@contextmanager
def server(refused: str = "") -> Iterator[tuple[int, Server]]:
    handler = Server(refused)
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, handler
    finally:
        controller.stop()


def sent(port: int, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the program as the peer does, at another port."""
    program = PROGRAM.replace("PORT = 25\n", f"PORT = {port}\n")
    argv = (sys.executable, "-", "127.0.0.1", *ADDRESSES, *words)
    return subprocess.run(argv, input=program, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("rate", ["0", "50"])
def test_every_message_is_sent_once_and_has_its_times(rate: str) -> None:
    with server() as (port, handler):
        done = sent(port, "12", "4", rate)

    assert done.returncode == 0, done.stderr
    told: Any = json.loads(done.stdout)
    assert sorted(map(int, told["times"])) == list(range(12))
    assert all(told["began"] <= ended <= taken for ended, taken in told["times"].values())
    numbers = sorted(int(NUMBER.findall(text)[0]) for text in handler.taken)
    assert numbers == list(range(12))


def test_a_refused_message_ends_the_program_with_the_reply() -> None:
    with server("Notes of the day 2\r\n") as (port, _):
        done = sent(port, "5", "1", "0")

    assert done.returncode == 1
    assert "error: message 2: 554 5.7.1 Spam message rejected" in done.stderr


def test_messages_are_those_of_a_person_and_all_contenders_get_the_same_words() -> None:
    first, again, second = (outside.message(number, *ADDRESSES[1:]) for number in (1, 1, 2))

    assert outside.OCTETS < len(first) < outside.OCTETS * 1.2
    assert max(map(len, first.split(b"\r\n"))) <= 998
    assert _body(first) == _body(again) != _body(second)
    assert first.endswith(b"\r\n.\r\n")


def _body(text: bytes) -> bytes:
    return text.partition(b"\r\n\r\n")[2]


def test_the_median_and_the_99th_percentile_are_in_milliseconds() -> None:
    seconds = [number / 1000 for number in range(1, 102)]

    assert percentiles(seconds) == {"p50_ms": 51.0, "p99_ms": 100.0}


def test_memory_is_that_of_all_units_and_of_some_by_their_names() -> None:
    found = by_service({"postfix@-": 20.0, "rspamd": 61.5, "fail2ban": 30.0, "nginx": 2.0})

    assert found[MEMORY] == 113.5
    assert found["of_postfix"] == 20.0
    assert found["of_redis"] == 0
    assert len(found) == 1 + len(SERVICES)


def test_ours_alone_have_aims_and_each_release_has_every_contender() -> None:
    found = list(cases(["12", "13"]))

    assert [case.contender for case in found] == [*CONTENDERS, *CONTENDERS]
    assert {case.contender: dict(case.least) for case in found if case.least} == {
        "unjudged": {"stock": 0.8},
        "judged": {"stock_rspamd": 1.2},
    }
    assert {case.contender for case in found if case.aims} == {"unjudged", "judged"}
    assert RATE not in {name for case in found for name in case.aims}


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("0::/system.slice/rspamd.service", "rspamd"),
        ("0::/machine.slice/libpod-1.scope/system.slice/rspamd.service", "rspamd"),
        ("0::/system.slice/system-postfix.slice/postfix@-.service", "postfix@-"),
        ("1:name=systemd:/x/system.slice/redis-server@rspamd.service", "redis-server@rspamd"),
        ("0::/init.scope", ""),
    ],
)
def test_the_unit_of_a_process_is_in_its_control_group(line: str, unit: str) -> None:
    assert memory.UNIT.findall(line)[-1:] == [unit][: bool(unit)]


@pytest.mark.parametrize(
    ("unit", "own"),
    [("systemd-journald", True), ("dbus", True), ("ssh", True), ("postfix", False)],
)
def test_services_of_debian_itself_do_not_count(unit: str, *, own: bool) -> None:
    assert bool(memory.OF_SYSTEM.match(unit)) == own


def test_the_memory_of_a_process_is_read() -> None:
    assert memory.kib(Path(f"/proc/{os.getpid()}")) > 1000
