"""Messages of a preflight: found in mailboxes of any form and in the queue, or named."""

from pathlib import Path

import pytest

from deploys.host.agent.services import arrivals
from deploys.host.agent.system import shell
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Arrival

SIGNED = r"^DKIM-Signature: .*\bd=harbor\.example;.*\bs=mx1-rsa;"
MESSAGE = (
    "Subject: one\nDKIM-Signature: v=1; a=rsa-sha256; d=harbor.example;\n\ts=mx1-rsa; b=abc\n\nhi\n"
)
HINT = "it is in no mailbox; check home_mailbox"
POSTCAT = '#!/bin/sh\ncat "$1"\n'


@pytest.fixture(autouse=True)
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with a queue, and with little patience."""
    monkeypatch.setattr(arrivals, "LOOKS", 2)
    monkeypatch.setattr(arrivals, "QUEUES", [str(tmp_path / "deferred")])
    (tmp_path / "postcat").write_text(POSTCAT)
    (tmp_path / "postcat").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setitem(shell.ENVIRONMENT, "PATH", f"{tmp_path}:/bin:/usr/bin")


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def require(folder: Path, *patterns: str, queued: bool = False) -> None:
    arrivals.require(
        (Arrival("local", HINT, patterns, queued),), (str(folder / "mail"),), lambda: ""
    )


def test_a_message_is_found_in_an_mbox_behind_others(tmp_path: Path) -> None:
    first = "From a@b.example Sun Nov 29\nSubject: other\n\nhi\n\n"
    put(tmp_path / "mail" / "root", f"{first}From a@b.example Sun Nov 29\n{MESSAGE}")

    require(tmp_path, "^Subject: one$", SIGNED)


def test_a_message_is_found_in_a_maildir(tmp_path: Path) -> None:
    put(tmp_path / "mail" / "root" / "new" / "1.M1.mx1", MESSAGE)

    require(tmp_path, "^Subject: one$")


def test_patterns_of_two_messages_are_not_those_of_one(tmp_path: Path) -> None:
    put(tmp_path / "mail" / "root" / "new" / "1", "Subject: one\n\nhi\n")
    put(tmp_path / "mail" / "root" / "new" / "2", MESSAGE.replace("one", "two"))

    with pytest.raises(Refused, match=f"^local: {HINT}$"):
        require(tmp_path, "^Subject: one$", SIGNED)


def test_a_message_that_is_in_no_mailbox_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"^local: {HINT}$"):
        require(tmp_path, "^Subject: one$")


@pytest.mark.parametrize("place", ["deferred/A/A1", "mail/root/new/returned"])
def test_a_message_that_waits_is_in_the_queue_or_was_returned(tmp_path: Path, place: str) -> None:
    put(tmp_path / place, MESSAGE)

    require(tmp_path, "^Subject: one$", queued=True)


def test_a_message_that_waits_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"^local: {HINT}$"):
        require(tmp_path, "^Subject: one$", queued=True)
