"""Bayes: what is written for it on a host, and the program that has messages learned."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from subprocess import run

import pytest

from deploys.host.model.desired import Service
from deploys.host.programs.learner import LONGEST, learn, waiting
from deploys.host.services import dovecot, registry
from deploys.host.services.plan_input import plan_input
from deploys.mail import paths
from deploys.mail.settings.model import MailSettings
from tests.conftest import Golden
from tests.host.found import bare, settings
from tests.host.test_templates import HASH

ANNA = {"mail_mailboxes": {"anna@harbor.example": {"password": HASH}}}
LEARNS = {**ANNA, "mail_filter": {"bayes": True}}
OURS = (
    *("learn", "learn-ham.sieve", "learn-spam.sieve", "prepare", "redis-rspamd.conf"),
    *("pyinfra-mail-learner.path", "pyinfra-mail-learner.service", "worker-controller.inc"),
)


def services(own: MailSettings) -> dict[str, Service]:
    inputs = plan_input(own, bare("13", own))
    return {one.query.name: one for one in registry.services(own, inputs)}


def written(own: MailSettings) -> dict[str, str]:
    """Return the files of a host, each by its name, or by its path if it has a common one."""
    files = [file for one in services(own).values() for file in one.files]
    return {Path(file.path).name: file.content for file in files}


@pytest.mark.parametrize("version", [(2, 3), (2, 4)])
def test_dovecot_has_moves_learned_as_the_golden_files_say(
    version: tuple[int, ...], golden: Golden
) -> None:
    text = dovecot.configuration(settings(**LEARNS), version)

    golden(f"learning/{'.'.join(map(str, version))}.conf", text)


def test_the_other_files_are_as_the_golden_files_say(golden: Golden) -> None:
    files = written(settings(**LEARNS))

    for name in OURS:
        golden(f"learning/{name}", files[name])
    assert "Wants=pyinfra-mail-learner.path" in _of("rspamd", settings(**LEARNS))
    assert "bayes" not in files["rspamd.conf.local.override"].replace("bayes_expiry", "")


def _of(name: str, own: MailSettings) -> str:
    return "\n".join(file.content for file in services(own)[name].files)


def test_a_host_that_is_not_asked_to_learn_has_none_of_it() -> None:
    files = written(settings(**ANNA))

    assert not {"learn", "learn-ham.sieve", "pyinfra-mail-learner.path", "learner.py"} & set(files)
    assert 'classifier "bayes" { enabled = false; }' in files["rspamd.conf.local.override"]
    assert "enabled = false;" in files["worker-controller.inc"]
    assert "imapsieve" not in files["dovecot.conf"]
    assert paths.LEARNED not in files["prepare"]
    assert "redis" not in services(settings(**ANNA, mail_account_rate=""))


def test_what_was_learned_outlives_a_restart_and_is_not_touched_by_a_preflight() -> None:
    kept = services(settings(**LEARNS))["redis"]

    assert "save 60 1" in kept.files[0].content
    assert kept.scratch == ("/var/lib/redis",)


@contextmanager
def rspamd(folder: Path, answers: Mapping[str, int]) -> Iterator[tuple[Path, list[str]]]:
    """Serve as a controller at a socket; yield it, with the messages that it got."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(f"{self.path} {body}")
            self.send_response(answers.get(body, 200))
            self.end_headers()

        def address_string(self) -> str:
            return "socket"

        def log_message(self, *_: object) -> None:
            pass

    path = folder / "controller.sock"
    with ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path, asked
        server.shutdown()


def put(folder: Path, *names: str, age: float = 0) -> None:
    for name in names:
        path = folder / name
        path.write_text(name)
        if age:
            then = path.stat().st_mtime - age
            os.utime(path, (then, then))


def left(folder: Path) -> list[str]:
    return [path.name for path in waiting(folder)]


def test_messages_are_learned_in_their_order_and_removed(tmp_path: Path) -> None:
    put(tmp_path, "2.ham", "1.spam", ".3", "notes")

    with rspamd(tmp_path, {}) as (socket, asked):
        assert learn(tmp_path, str(socket)) == 0

    assert asked == ["/learnspam 1.spam", "/learnham 2.ham"]
    assert {path.name for path in tmp_path.iterdir()} >= {".3", "notes"}
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "stays"),
    [(200, False), (204, False), (208, False), (400, False), (404, True), (500, True), (503, True)],
)
def test_a_message_stays_until_it_is_learned_or_of_no_use(
    tmp_path: Path, status: int, *, stays: bool
) -> None:
    put(tmp_path, "1.spam", "2.ham")

    with rspamd(tmp_path, {"1.spam": status}) as (socket, asked):
        assert learn(tmp_path, str(socket)) == int(stays)

    assert len(asked) == 2
    assert left(tmp_path) == ["1.spam"][: int(stays)]


def test_without_rspamd_a_message_stays_for_a_day(tmp_path: Path) -> None:
    put(tmp_path, "1.spam")
    put(tmp_path, "0.ham", age=LONGEST + 60)

    assert learn(tmp_path, str(tmp_path / "nobody.sock")) == 1

    assert left(tmp_path) == ["1.spam"]


def test_dovecot_s_program_writes_a_message_and_never_fails(tmp_path: Path) -> None:
    source = written(settings(**LEARNS))["learn"]
    program = tmp_path / "learn"
    folder = tmp_path / "learned"

    def called(message: str) -> int:
        program.write_text(source.replace(paths.LEARNED, str(folder)))
        argv = ("sh", str(program), "spam")
        return run(argv, input=message.encode(), check=False, capture_output=True).returncode

    assert called("x" * 200_000) == 0  # it reads a message for which there is no place, too
    folder.mkdir()
    assert called("From: anna\n\nAhoy.\n") == 0
    (message,) = waiting(folder)
    assert message.suffix == ".spam"
    assert message.read_text() == "From: anna\n\nAhoy.\n"
    put(folder, *(f"{number}.ham" for number in range(dovecot.MOST_LEARNED)))
    assert called("one more") == 0
    assert len(waiting(folder)) == dovecot.MOST_LEARNED + 1
