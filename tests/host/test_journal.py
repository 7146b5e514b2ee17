"""A unit that does not start: its own reason, without secrets and without echoes of systemd."""

import pytest

from deploys.host.agent.services import journal
from deploys.host.agent.services.journal import JournalLine
from deploys.host.model.desired import File, Query, Service


def systemd(text: str) -> JournalLine:
    return JournalLine(text, severe=False, own=False)


def said(text: str) -> JournalLine:
    return JournalLine(text, severe=bool(journal.SEVERE.search(text)), own=True)


STARTING, FAILED = systemd("Starting unbound.service - Unbound..."), systemd("Failed to start x.")
BIND = "error: can't bind socket: Cannot assign requested address for ::1 port 53"
PORTS = "fatal error: could not open ports"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([STARTING, said("notice: init"), said(BIND), said(PORTS), FAILED], [BIND, PORTS]),
        ([said("loading"), said("Cannot open x.conf"), said("bye")], ["Cannot open x.conf"]),
        (
            [
                STARTING,
                systemd("Failed at step EXEC spawning /x: No such file"),
                FAILED,
            ],
            ["Failed at step EXEC spawning /x: No such file"],
        ),
        (
            [
                systemd("x.service: A process of this unit killed by the OOM killer."),
                FAILED,
            ],
            ["x.service: A process of this unit killed by the OOM killer."],
        ),
        ([STARTING, said("a"), said("b"), said("c"), FAILED], ["b", "c"]),
        ([STARTING, FAILED], []),
        ([], []),
    ],
)
def test_the_lines_that_say_most_are_the_programs_own_errors(
    lines: list[JournalLine], found: list[str]
) -> None:
    assert journal.telling(lines) == found


def test_a_reason_that_every_attempt_repeats_is_said_once_and_long_lines_are_cut() -> None:
    assert journal.distinct([BIND, PORTS, BIND, "x"]) == [BIND, PORTS]
    assert journal.distinct(["x" * 999]) == ["x" * journal.LONGEST]


def test_words_of_secret_files_are_masked() -> None:
    files = (
        File("/a/accounts", "anna@example.org:{ARGON2ID}$argon2id$v=19\n", secret=True),
        File("/a/main.cf", "myhostname = mx1.example.org\n"),
    )
    service = Service(Query("a", (), (), (), ()), "a.service", "a.service", files)

    text = "mx1.example.org: bad line anna@example.org:{ARGON2ID}$argon2id$v=19"
    assert journal.masked(text, journal.secrets(service)) == "mx1.example.org: bad line ***:***=19"
