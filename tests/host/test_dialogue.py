"""HTTPS dialogues with a web site: right answers, and a sentence about any other."""

import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploys.host.agent.services.dialogue import ask
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Dialogue, Step
from tests.host.pairs import EC, OTHER, certificate, key


class Site(http.server.BaseHTTPRequestHandler):
    """Answers every path with its name and the path."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/here" else 404)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(f"{self.headers['Host']}{self.path}\n".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of a site that serves `good.pem`; `other.pem` has another one."""
    for name, of in (("good", EC), ("other", OTHER)):
        (tmp_path / f"{name}.pem").write_text(key(of) + certificate(of, "a.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "good.pem")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def answered(port: int, file: Path, path: str = "/here") -> None:
    step = Step(f"GET {path}", "^200 text/plain\na.example/here\n$")
    question = Dialogue("web site", "look", (step,), port=port, tls=str(file), site="a.example")
    ask("probe", question, time.monotonic())


def test_a_site_with_the_right_answer_is_accepted(port: int, tmp_path: Path) -> None:
    answered(port, tmp_path / "good.pem")


@pytest.mark.parametrize(
    ("file", "path", "sentence"),
    [
        (
            "other",
            "/here",
            r"^web site: the server sent another certificate than that of .*other\.pem; look$",
        ),
        ("good", "/there", r"^web site: 'GET /there' at a\.example was answered '404 text/plain'"),
    ],
)
def test_a_site_with_another_answer_is_refused(
    port: int, tmp_path: Path, file: str, path: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        answered(port, tmp_path / f"{file}.pem", path)


def test_a_site_without_a_server_is_refused(port: int, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^web site: 127\.0\.0\.1 port 1 does not answer"):
        answered(port and 1, tmp_path / "good.pem")
