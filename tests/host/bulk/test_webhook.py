"""The webhook, against a real HTTP server: signed, tried again, and nothing lost."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploys.host.bulk import webhook
from deploys.host.bulk.event import BulkEvent, SuppressionRules
from deploys.host.bulk.notebook import Notebook
from deploys.host.bulk.store import SqliteConnection, SqlStore
from deploys.host.bulk.webhook import Webhook, deliver, pause_after

SECRET = "the receiver's secret"


class Receiver(ThreadingHTTPServer):
    """The operator's system: it answers with these statuses, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.answers: list[int] = []
        self.bodies: list[dict[str, object]] = []
        self.signatures: set[bool] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?key=1"


class Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode()
        wanted = b64encode(hmac.digest(SECRET.encode(), signed + body, "sha256")).decode()
        self.server.signatures.add(self.headers["webhook-signature"] == f"v1,{wanted}")
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer == 200:
            self.server.bodies.append(json.loads(body))
        self.send_response(answer)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE", "IDLE"):
        monkeypatch.setattr(webhook, name, 0)
    return SqlStore(SqliteConnection(tmp_path / "bulk.sqlite"), SuppressionRules(), "mx1")


def delivered(store: SqlStore, url: str, rounds: int = 200) -> None:
    """Run the delivery until nothing is due, or for so many moments."""

    async def run() -> None:
        task = asyncio.create_task(deliver(Webhook(url, SECRET), Notebook(store, told=True)))
        for _ in range(rounds):
            await asyncio.sleep(0.02)
            if not store.due(2**40, 1):
                break
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())


def noted(store: SqlStore, *keys: str) -> None:
    store.note([BulkEvent(key, 1, "hard", "anna@example.net", "why") for key in keys], told=True)


def test_events_arrive_signed_and_in_their_order(store: SqlStore, receiver: Receiver) -> None:
    noted(store, *(f"{number}" for number in range(50)))

    delivered(store, receiver.url)

    assert [body["id"] for body in receiver.bodies] == list(range(1, 51))
    assert receiver.bodies[0]["recipient"] == "anna@example.net"
    assert receiver.signatures == {True}
    assert store.due(2**40, 9) == []


@pytest.mark.parametrize("answers", [[500, 503], [429], [302], [404, 400], [401]])
def test_an_event_that_is_refused_is_tried_again(
    store: SqlStore, receiver: Receiver, answers: list[int]
) -> None:
    noted(store, "1", "2")
    receiver.answers = answers

    delivered(store, receiver.url)

    assert {body["key"] for body in receiver.bodies} == {"1", "2"}


def test_a_receiver_that_is_away_gets_everything_later(store: SqlStore, receiver: Receiver) -> None:
    noted(store, "1", "2")

    delivered(store, "http://127.0.0.1:1/", rounds=10)
    assert [attempts > 0 for _, attempts in store.due(2**40, 9)] == [True, False]

    delivered(store, receiver.url)
    assert [body["key"] for body in receiver.bodies] == ["1", "2"]


@pytest.mark.parametrize(("attempts", "pause"), [(0, 5), (1, 10), (4, 80), (8, 900), (10**9, 900)])
def test_the_pauses_grow_to_a_bound(attempts: int, pause: int) -> None:
    assert pause_after(attempts) == pause
