"""Notices of changes to the operator: each change once, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from ssl import SSLContext
from threading import Thread
from typing import Any

import pytest

from deploys.checks.core.report import Comparison, Report
from deploys.checks.report import notice, publish
from deploys.mail.errors import MailError
from deploys.mail.settings.secret import env
from tests.checks.report_samples import bad, good, page, part
from tests.checks.smtp_servers import certified

OPERATOR = "ops@harbor.example"
TOKEN = "T0KEN"


@pytest.fixture(name="sendmail")
def _sendmail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sendmail that keeps what it is given; it fails while a file `full` is there."""
    (tmp_path / "sendmail").write_text(
        f'#!/bin/sh\ntest ! -e {tmp_path}/full || {{ echo "the queue is full" >&2; exit 75; }}\n'
        f'echo "to $3" >>{tmp_path}/sent; cat >>{tmp_path}/sent\n'
    )
    (tmp_path / "sendmail").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "sent"


def test_a_change_is_sent_once(sendmail: Path) -> None:
    for report in (good(), bad(), bad()):
        assert publish(report, page, OPERATOR) == []

    assert sendmail.read_text().count(f"to {OPERATOR}") == 1
    assert "new: smtp.relay of mx1 was ok, is error" in sendmail.read_text()
    assert "Subject: Mail of lab: Since 4 October" in sendmail.read_text()


def test_without_a_change_no_notice_is_sent(sendmail: Path) -> None:
    for report in (bad(), bad()):
        publish(report, page, OPERATOR)

    assert not sendmail.exists()


def test_a_change_that_could_not_be_sent_is_sent_with_the_next(sendmail: Path) -> None:
    full = sendmail.with_name("full")
    publish(good(), page, OPERATOR)
    full.touch()

    assert publish(bad(), page, OPERATOR) == [
        f"the notice was not sent to {OPERATOR}: the queue is full"
    ]

    full.unlink()
    publish(bad(), page, OPERATOR)
    publish(bad(), page, OPERATOR)
    assert sendmail.read_text().count("new: smtp.relay of mx1") == 1


def test_a_machine_without_sendmail_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", _missing)

    with pytest.raises(MailError, match="this machine has no sendmail; install a mail server"):
        notice.notified(bad(), OPERATOR)


def _missing(*_arguments: object, **_options: object) -> None:
    raise FileNotFoundError


class Webhook(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers as its path says."""

    posted: list[dict[str, Any]]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.posted.append(json.loads(self.rfile.read(length)))
        self.send_response(500 if "broken" in self.path else 200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Keep quiet."""


@contextmanager
def webhook(context: SSLContext) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    class Own(Webhook):
        posted: list[dict[str, Any]] = []  # noqa: RUF012 - of this class alone

    with HTTPServer(("127.0.0.1", 0), Own) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://localhost:{server.server_port}/{TOKEN}", Own.posted
        server.shutdown()
        thread.join()


@pytest.fixture(name="tls")
def _tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SSLContext:
    context = certified(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mx1.pem"))
    return context


def test_a_webhook_gets_json_and_its_url_may_be_a_secret(
    tls: SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook(tls) as (url, posted):
        monkeypatch.setenv("WEBHOOK", url)

        notice.notified(bad(), env("WEBHOOK"))

    assert [(one["verdict"], one["inventory"]) for one in posted] == [("failed", "lab")]
    assert "worse: smtp.relay of mx1 was warning, is error" in posted[0]["text"]


def test_a_webhook_that_fails_is_named_without_its_url(tls: SSLContext) -> None:
    with webhook(tls) as (url, _), pytest.raises(MailError) as told:
        notice.notified(bad(), f"{url}/broken")

    assert str(told.value) == ("the notice was not sent: the webhook of verify_notify: status 500")


@pytest.mark.parametrize("url", [f"https://127.0.0.1:1/{TOKEN}", f"https://no.invalid/{TOKEN}"])
def test_an_unreachable_webhook_is_one_sentence_without_its_url(url: str) -> None:
    with pytest.raises(MailError) as told:
        notice.notified(bad(), url)

    assert TOKEN not in str(told.value)
    assert str(told.value).startswith("the notice was not sent: the webhook of verify_notify: ")


def test_a_secret_that_is_neither_address_nor_url_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBHOOK", f"http://chat.example/{TOKEN}")

    with pytest.raises(MailError, match="masked here") as told:
        notice.notified(bad(), env("WEBHOOK"))

    assert TOKEN not in str(told.value)


def test_a_notice_is_bounded() -> None:
    many = bad().comparison.changes * 100
    report: Report = replace(bad(), comparison=Comparison(bad().started, many))

    assert "and 200 more" in notice.text(report)
    assert len(notice.postponed(report.comparison).untold) == 100


def test_whole_runs_leave_metrics_where_the_collector_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    collector = tmp_path / "collector"

    assert publish(good(), page, metrics=str(collector)) == []
    assert publish(part(), page, metrics=str(collector)) == []

    assert [path.name for path in collector.iterdir()] == ["pyinfra_mail_lab.prom"]
    assert 'pyinfra_mail_success{inventory="lab"} 1.0' in next(collector.iterdir()).read_text()
    assert {path.name for path in Path("reports/lab").iterdir()} >= {"report.prom", "part"}


def test_a_collector_that_cannot_be_written_to_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "collector").write_text("no directory")

    (failure,) = publish(good(), page, metrics=str(tmp_path / "collector"))

    assert failure.startswith(f"the report cannot be written to {tmp_path}/collector: File exists")
    assert Path("reports/lab/report.html").exists()
