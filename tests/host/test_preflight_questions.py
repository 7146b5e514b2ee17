"""Questions of a preflight: some at a time, and one refusal, which is always the same."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from deploys.host.agent.services import dialogue, preflight
from deploys.host.agent.services.preflight import answered, with_password
from deploys.host.agent.system import shell
from deploys.host.agent.system.shell import Refused, reason
from deploys.host.model.desired import Dialogue


def refusing(name: str, seconds: float = 0) -> Callable[[], None]:
    def question() -> None:
        time.sleep(seconds)
        raise Refused("preflight", name)

    return question


def waiting() -> str:
    return ""


@pytest.mark.parametrize(
    ("logins", "tried"),
    [
        ("anna@x.example:{SSHA}a::::::\n", "anna@x.example:{PLAIN}%s::::::\n"),
        ("anna:$6$a\nbert:$6$b\n", "anna:{PLAIN}%s\nbert:{PLAIN}%s\n"),
        ("\n", ""),  # a host with mailboxes, and no accounts besides
    ],
)
def test_every_login_of_a_file_has_the_password_of_the_preflight(logins: str, tried: str) -> None:
    assert with_password(logins) == tried.replace("%s", preflight.PASSWORD)


def test_every_question_is_asked() -> None:
    asked: list[int] = []

    answered([partial(asked.append, number) for number in range(50)], waiting)

    assert sorted(asked) == list(range(50))


def test_of_several_refusals_the_first_question_has_the_word() -> None:
    with pytest.raises(Refused, match=r"^slow$"):
        answered([lambda: None, refusing("slow", 0.2), refusing("quick")], waiting)


def test_a_question_without_an_answer_ends_with_the_wait() -> None:
    with pytest.raises(Refused, match=r"^a question has no answer \(no sign of life\)$"):
        answered([lambda: time.sleep(2)], lambda: "no sign of life")


def test_a_refusal_tells_more_than_the_end_of_the_wait() -> None:
    looks = iter(["", "", "the log has a complaint"])

    with pytest.raises(Refused, match=r"^quick$"):
        answered([lambda: time.sleep(2), refusing("quick")], lambda: next(looks))


def test_a_mailbox_has_a_moment_to_show_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(step: str, question: Dialogue, deadline: float, *, password: str) -> None:
        assert deadline
        assert password
        asked.append(question.name)
        if len(asked) < 3:
            raise Refused(step, "not there")

    monkeypatch.setattr(dialogue, "ask", ask)
    preflight.read(Dialogue("inbox", "", ()))
    assert asked == ["inbox"] * 3

    asked[:], late = [], -1.0
    monkeypatch.setattr(preflight, "SHOWN", late)
    with pytest.raises(Refused, match=r"^not there$"):
        preflight.read(Dialogue("inbox", "", ()))


@pytest.mark.parametrize(
    ("home", "emptied"), [("/root", True), ("/home/anna", True), ("/usr/sbin", False), ("/", False)]
)
def test_the_home_of_a_daemon_stays_as_it_is(home: str, emptied: bool) -> None:  # noqa: FBT001
    assert preflight.has_mail(home) is emptied


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo wrong >&2; exit 1", "wrong"),
        ("echo wrong; exit 1", "wrong"),
        ("exit 3", "it ended with status 3 and said nothing"),
    ],
)
def test_a_reason_is_never_empty(script: str, why: str) -> None:
    assert reason(shell.run("sh", "-c", script)) == why
