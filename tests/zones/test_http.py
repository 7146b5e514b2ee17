"""Requests to busy providers, and providers that are not safe to use."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from urllib3.util import retry

from deploys.mail.errors import MailError
from deploys.zones.providers import catalogue, http
from deploys.zones.providers.catalogue import with_defaults
from deploys.zones.providers.loader import load
from deploys.zones.providers.provider import Provider
from tests.clock import Clock

Answer = tuple[int, dict[str, str]]
NS = {
    "name": "harbor.example.",
    "type": "NS",
    "ttl": 3600,
    "records": [{"content": "ns.nic.example.", "disabled": False}],
}
ZONE = {"name": "harbor.example.", "rrsets": [NS]}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the pauses before a retry."""
    clock = Clock()
    monkeypatch.setattr(retry, "time", clock)
    return clock


@contextmanager
def api(*answers: Answer) -> Iterator[tuple[Provider, list[str]]]:
    """A provider whose server gives these answers first, and then correct ones."""
    left, asked = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(self.command)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers = left.pop(0) if left else (200, {})
            body = json.dumps(ZONE if "zones" in self.path else {"version": "4.9"}).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PATCH = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    dns = {"class": "powerdns", "host": "127.0.0.1", "port": server.server_port, "api_key": "k"}
    try:
        yield load(dns), asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_request_to_a_busy_server_is_retried(status: int) -> None:
    with api((status, {})) as (provider, asked):
        (record,) = provider.read("harbor.example").records

    assert record.values == ["ns.nic.example."]
    assert asked == ["GET", "GET"]


def test_the_pause_is_the_one_that_the_server_asks_for(clock: Clock) -> None:
    with api((429, {"Retry-After": "1"})) as (provider, _):
        provider.read("harbor.example")

    assert clock.sleeps == [1]


def test_the_pause_is_limited_and_the_failure_is_one_sentence(clock: Clock) -> None:
    with (
        api(*[(429, {"Retry-After": "86400"})] * 9) as (provider, asked),
        pytest.raises(MailError, match="answers with HTTP status 429"),
    ):
        provider.read("harbor.example")

    assert len(asked) == 1 + http.RETRIES
    assert clock.sleeps == [http.MAX_WAIT] * http.RETRIES


@pytest.mark.parametrize(("status", "times"), [(429, 2), (503, 2), (502, 1), (500, 1)])
def test_a_change_that_may_have_been_made_is_not_retried(status: int, times: int) -> None:
    with api((status, {})) as (provider, asked):
        session = provider.octodns._sess  # noqa: SLF001 - nothing else sends but one request
        session.request("PATCH", f"http://127.0.0.1:{provider.octodns.port}/zones")

    assert asked == ["PATCH"] * times


@pytest.mark.parametrize("path", catalogue.WHOLE_ZONE)
def test_a_class_that_writes_whole_zones_is_refused_before_it_is_made(path: str) -> None:
    with pytest.raises(MailError, match="records of others could be lost"):
        load({"class": path})


class _Base:
    def __init__(self, id: str, retry_count: int = 4) -> None: ...  # noqa: A002 - octoDNS's name


class _Waiting(_Base):
    def __init__(self, *arguments: Any, retry_period: int = 300, **more: Any) -> None: ...


def test_retries_of_a_class_are_switched_off() -> None:
    assert with_defaults(_Waiting, {}) == {"retry_count": 1, "retry_period": 10}
    assert with_defaults(_Base, {"retry_count": 7}) == {"retry_count": 7}
    assert with_defaults(object, {"token": "t"}) == {"token": "t"}
