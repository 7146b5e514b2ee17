"""Documents by HTTPS, from real servers on loopback."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from deploys.mail.errors import RefusedError, UnansweredError
from deploys.run.https import Https, Page
from tests.checks.smtp_servers import certified

NAME = "mta-sts.harbor.example"
POLICY = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n\r\nversion: STSv1\n"


class Server(ThreadingTCPServer):
    """Answers each request with the same octets, and hangs up."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, answer: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.answer, self.hosts, self.forms = answer, set[str](), list[bytes]()

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that distrust it are part of the tests."""


class Request(StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        length = 0
        for line in iter(self.rfile.readline, b"\r\n"):
            if line.startswith(b"Host: "):
                self.server.hosts.add(line.removeprefix(b"Host: ").decode().strip())
            if line.startswith(b"Content-Length: "):
                length = int(line.partition(b" ")[2])
        if length:
            self.server.forms.append(self.rfile.read(length))
        self.wfile.write(self.server.answer)


@contextmanager
def serving(folder: Path, answer: bytes = POLICY, name: str = NAME) -> Iterator[Server]:
    with Server(certified(folder, name), answer) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def get(server: Server, authorities: str) -> Page:
    url = f"https://{NAME}:{server.server_address[1]}/.well-known/mta-sts.txt"
    return Https(authorities).get(url, 5, "127.0.0.1")


def authority(folder: Path) -> str:
    pem = (folder / "mx1.pem").read_text()
    return pem[pem.index("-----BEGIN CERTIFICATE") :]


def test_a_document_is_fetched_at_an_address_by_its_name(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        page = get(server, authority(tmp_path))

    assert page == Page(200, "text/plain", "version: STSv1\n")
    assert server.hosts == {f"{NAME}:{server.server_address[1]}"}


def test_a_form_is_posted_at_an_address_by_its_name(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        url = f"https://{NAME}:{server.server_address[1]}/x"
        page = Https(authority(tmp_path)).post(url, "a=b", 5, "127.0.0.1")

    assert page.status == 200
    assert server.forms == [b"a=b"]
    assert server.hosts == {f"{NAME}:{server.server_address[1]}"}


def test_redirects_are_not_followed_and_long_documents_cut(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: https://else.example/\r\nContent-Length: 0\r\n\r\n"
    with serving(tmp_path, moved) as server:
        assert get(server, authority(tmp_path)).location == "https://else.example/"
    with serving(tmp_path, POLICY + b"x" * 200_000) as server:
        assert len(get(server, authority(tmp_path)).text) == 65_536


@pytest.mark.parametrize("name", [NAME, "other.example"])
def test_a_self_signed_certificate_or_one_of_another_name_is_refused(
    name: str, tmp_path: Path
) -> None:
    with serving(tmp_path, name=name) as server:
        trusted = "" if name == NAME else authority(tmp_path)
        with pytest.raises(RefusedError, match="certificate"):
            get(server, trusted)


def test_a_closed_port_is_refused() -> None:
    with pytest.raises(RefusedError, match="refused"):
        Https().get(f"https://{NAME}:1/", 5, "127.0.0.1")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk",
    ],
)
def test_garbage_is_no_answer(answer: bytes, tmp_path: Path) -> None:
    with serving(tmp_path, answer) as server, pytest.raises(UnansweredError):
        get(server, authority(tmp_path))
