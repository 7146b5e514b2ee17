"""Secrets: references that can be shown, values that cannot."""

import dataclasses
import importlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyinfra.api.inventory import Inventory

from deploys.mail.errors import MailError
from deploys.mail.settings import secret as module
from deploys.mail.settings.secret import Secret, command, env, file

TREASURE = "correct-horse-battery"


def test_an_environment_variable_is_read_when_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = env("MAIL_TEST_KEY")
    monkeypatch.setenv("MAIL_TEST_KEY", TREASURE)

    assert reference.resolve() == TREASURE


def test_a_file_is_read_without_its_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(TREASURE + "\n")

    assert file(tmp_path / "key").resolve() == TREASURE


def test_a_file_may_be_named_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text(TREASURE)

    assert file("~/key").resolve() == TREASURE


def test_a_command_gives_its_output_and_sees_no_shell() -> None:
    assert command("printf", "%s\n", "$HOME;id").resolve() == "$HOME;id"


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format])
@pytest.mark.parametrize("reference", [command("echo", TREASURE), env("MAIL_TEST_KEY")])
def test_every_printed_form_masks_the_secret(
    show: Callable[[Secret], str], reference: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_TEST_KEY", TREASURE)

    assert TREASURE not in show(reference)
    assert "***" in show(reference)


def test_references_are_values() -> None:
    assert {env("A"), env("A"), file("A"), command("A")} == {env("A"), file("A"), command("A")}
    with pytest.raises(dataclasses.FrozenInstanceError):
        env("A").kind = "file"  # type: ignore[misc]


BAD = [
    (env("MAIL_TEST_UNSET"), 'env("MAIL_TEST_UNSET") is not set: export MAIL_TEST_UNSET'),
    (env("MAIL_TEST_EMPTY"), 'env("MAIL_TEST_EMPTY") is empty'),
    (file("/nonexistent/key"), 'file("/nonexistent/key") cannot be read (No such file'),
    (file("/"), 'file("/") cannot be read (Is a directory)'),
    (file("~nobody-of-that-name/key"), 'file("~nobody-of-that-name/key") cannot be read'),
    (file(os.devnull), "is empty"),
    (command("nonexistent-program"), "cannot be run (No such file or directory)"),
    (command("sh", "-c", f"echo {TREASURE}; exit 3"), 'command("sh", …) cannot be read'),
    (command("sh", "-c", f"echo {TREASURE} >&2; exit 3"), "failed with status 3"),
    (command("true"), 'command("true") is empty'),
    (command("printf", r"\377"), "not UTF-8"),
    (command("a\0b"), "cannot be run"),
]


@pytest.mark.parametrize(("reference", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_a_secret_that_cannot_be_read_is_named(
    reference: Secret, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_TEST_EMPTY", "")

    with pytest.raises(MailError) as error:
        reference.resolve()

    assert sentence in str(error.value)
    assert TREASURE not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.1)

    with pytest.raises(MailError, match=r"did not end within 0\.1 s"):
        command("sleep", "5").resolve()


def test_a_command_without_words_is_refused_at_once() -> None:
    with pytest.raises(MailError, match="names no program"):
        command()


def test_the_old_import_works_and_a_sentence_names_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(logging.getLogger("pyinfra"), "warning", told.append)
    monkeypatch.delitem(sys.modules, "deploys.mail.secret", raising=False)

    old = importlib.import_module("deploys.mail.secret")

    assert old.env is env
    assert [sentence.partition(";")[0] for sentence in told] == [
        "deploys.mail.secret is now deploys: write `from deploys import env`"
    ]


def test_pyinfra_reads_the_secret_of_its_own_keys_and_prints_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_PASSWORD", TREASURE)
    (host,) = Inventory((["@fake/mx1"], {"ssh_password": env("SSH_PASSWORD")}))

    assert host.data.ssh_password == TREASURE
    assert TREASURE not in repr(host.data.dict())


def test_a_login_without_its_secret_ends_the_run_with_a_sentence() -> None:
    (host,) = Inventory((["@fake/mx1"], {"ssh_password": env("NOT_SET")}))

    with pytest.raises(SystemExit, match=r"error: the secret .* is not set: export NOT_SET"):
        _ = host.data.ssh_password
