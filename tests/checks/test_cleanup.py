"""The real script removes test messages from real files, and never another message."""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from deploys.checks.clients.message import new_run
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import World
from deploys.checks.delivery import cleanup
from deploys.checks.delivery.cleanup import removals
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.test_messages import Route
from tests.checks.cases.delivery_dsn import notice
from tests.checks.cases.run_cleanup import MESSAGE
from tests.checks.mailbox_writer import message
from tests.checks.worlds import Machine, world

LONG_AGO = "65000000c0ffee"  # the name of a run of September 2023
OTHER_BOX = Mailbox("mx2", "/another/box")
FROM = b"From someone Mon Oct  5 09:30:00 2026\n"
SCRIPT = files(cleanup.__package__).joinpath("scripts", "remove.pl").read_text()


def boxed(text: bytes) -> bytes:
    return FROM + text + b"\n"


def crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


RAW = MESSAGE.compose()
TEST = boxed(RAW.replace(b"\nFrom ", b"\n>From "))
UNQUOTED = boxed(RAW)
NOTICE = boxed(notice("success"))
RETURNED = boxed(
    notice("failure").replace(b"text/rfc822-headers", b"message/rfc822; charset=utf-8")
)
FOLDED = boxed(notice("success").replace(b"; boundary", b";\n\tboundary"))

FIRST, SECOND = message("ann", 3), message("bob", 4)
LAST = message("cid", 5).rstrip()
ANOTHER_RUN = TEST.replace(b"run-1", b"nur-1")
LONGER_RUN = TEST.replace(b"run-1", b"run-x-1").replace(b": run-x", b": runrun-x")
QUOTING = boxed(b"Subject: x\n\nX-Pyinfra-Mail-Test: run-1\n\nend of test message run-1\n")
FORWARDING = boxed(
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
    + RAW.replace(b"\nFrom ", b"\n>From ")
    + b"\n--b--\n"
)
NOTICE_OF_OTHERS = boxed(notice("failure", returned="nur-1"))


@pytest.fixture(name="here")
def _here(tmp_path: Path) -> World:
    return world(tmp_path)


@pytest.fixture(name="box")
def _box(here: World) -> Path:
    assert isinstance(here.hosts, Machine)
    return Path(here.hosts.box.path)


def delivery(box: Path, host: str = "peer", **changes: frozenset[str]) -> Delivery:
    route = Route(MESSAGE, "mx1", "harbor.example", (Mailbox(host, str(box)),))
    whole = Delivery(route, Submitted(1.0), Received(2.0, RAW))
    return replace(whole, **changes)  # type: ignore[arg-type]


def tidy(here: World, box: Path) -> Finding:
    (finding,) = removals([delivery(box), delivery(box)], here)
    return finding


def no_lock(box: Path) -> bool:
    return not Path(f"{box}.lock").exists()


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ([TEST], [], 1),
        ([UNQUOTED], [], 1),
        ([FIRST, TEST], [FIRST], 1),
        ([FIRST, TEST, UNQUOTED, TEST], [FIRST], 3),
        ([TEST, FIRST], [FIRST], 1),
        ([FIRST, TEST, SECOND, TEST, LAST], [FIRST, SECOND, LAST], 2),
        ([FIRST, TEST, TEST, LAST + b"\n"], [FIRST, LAST + b"\n"], 2),
        ([FIRST, TEST + b"\n\n", SECOND], [FIRST, SECOND], 1),
        ([FIRST, TEST.rstrip()], [FIRST], 1),
        ([FIRST, NOTICE, SECOND], [FIRST, SECOND], 1),
        ([FOLDED, RETURNED, NOTICE], [], 3),
        ([crlf(FIRST), crlf(TEST), crlf(NOTICE), crlf(LAST)], [crlf(FIRST), crlf(LAST)], 2),
        ([crlf(FIRST), TEST, FIRST, crlf(TEST)], [crlf(FIRST), FIRST], 2),
        ([ANOTHER_RUN, TEST, LONGER_RUN, QUOTING], [ANOTHER_RUN, LONGER_RUN, QUOTING], 1),
        ([FORWARDING, TEST, NOTICE_OF_OTHERS], [FORWARDING, NOTICE_OF_OTHERS], 1),
        ([bytes(range(256)) * 9 + b"\n\n", TEST, b"From \xff\x00"], None, 1),
    ],
)
def test_test_messages_are_removed_and_every_other_octet_stays(
    here: World, box: Path, before: list[bytes], after: list[bytes] | None, count: int
) -> None:
    box.write_bytes(b"".join(before))

    finding = tidy(here, box)

    kept = [one for one in before if one != TEST] if after is None else after
    assert box.read_bytes() == b"".join(kept)
    assert finding.severity is Severity.OK
    assert finding.saw == f"peer: test messages removed from {box}: {count}"
    assert no_lock(box)


def test_only_the_end_of_a_large_mailbox_is_read(here: World, box: Path) -> None:
    early = boxed(b"Subject: large\n\n" + b"0123456789abcde\n" * 2**20)
    box.write_bytes(TEST + early + TEST + LAST)

    assert tidy(here, box).saw.endswith(": 1")
    assert box.read_bytes() == TEST + early + LAST


def test_what_an_interrupted_run_has_left_is_removed_an_hour_later(here: World, box: Path) -> None:
    old, recent = (TEST.replace(b"run-1", f"{name}-1".encode()) for name in (LONG_AGO, new_run()))
    old_notice = NOTICE.replace(b"run-1", f"{LONG_AGO}-2".encode())
    box.write_bytes(FIRST + old + recent + TEST + old_notice + ANOTHER_RUN)

    finding = tidy(here, box)

    assert box.read_bytes() == FIRST + recent + ANOTHER_RUN
    assert finding.saw.endswith(": 3")


@pytest.mark.parametrize("early", range(0, 3 * len(TEST), 97))
def test_wherever_reading_begins_a_message_is_removed_whole_or_not_at_all(
    box: Path, early: int
) -> None:
    box.write_bytes(TEST + FIRST + TEST + SECOND + TEST)

    run(box, ("$recent = 8 << 20", f"$recent = {early}"))

    left = box.read_bytes()
    assert left.replace(TEST, b"") == FIRST + SECOND


@pytest.mark.parametrize(
    "odd",
    [
        TEST[:-30],
        TEST + b"-- \nThis mail is confidential.\n",
        TEST.replace(b"end of test message run-1", b"end of test message run-2"),
        TEST.replace(b"\n\nend of", b"\n" + FROM + b"Subject: x\n\nend of"),
        NOTICE.replace(b"--edge/1--", b"and so on"),
    ],
    ids=["cut off", "footer", "another's end", "a message too close", "notice cut off"],
)
def test_a_changed_test_message_stays_and_is_reported(here: World, box: Path, odd: bytes) -> None:
    box.write_bytes(FIRST + TEST + odd)

    finding = tidy(here, box)

    assert box.read_bytes() == FIRST + odd
    assert finding.severity is Severity.WARNING
    assert "1 of its test messages do not end as they were sent" in finding.saw


@pytest.mark.parametrize("text", [b"", FIRST + QUOTING + LAST, NOTICE_OF_OTHERS + ANOTHER_RUN])
def test_a_mailbox_without_test_messages_is_not_touched(
    here: World, box: Path, text: bytes
) -> None:
    box.write_bytes(text)
    os.utime(box, ns=(1, 1))

    assert tidy(here, box).severity is Severity.OK
    assert (box.read_bytes(), box.stat().st_mtime_ns) == (text, 1)


def test_a_mailbox_keeps_its_inode_its_owner_and_its_mode(here: World, box: Path) -> None:
    box.write_bytes(TEST + FIRST)
    box.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(box, 12345, 54321)
    before = box.stat()

    tidy(here, box)

    after = box.stat()
    assert after.st_size == len(FIRST)
    for what in ("st_ino", "st_uid", "st_gid", "st_mode"):
        assert getattr(after, what) == getattr(before, what)


def as_link(box: Path) -> Path:
    there = box.with_name("linked")
    there.symlink_to(box)
    return there


def as_second_name(box: Path) -> Path:
    there = box.with_name("linked")
    there.hardlink_to(box)
    return there


def as_long_name(box: Path) -> Path:
    return box.rename(box.with_name("x" * 255))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (as_link, "it is not a regular file"),
        (as_second_name, "it has more than one link"),
        (as_long_name, "it cannot be locked: File name too long"),
    ],
)
def test_a_file_that_is_not_a_regular_mailbox_is_left_alone(
    here: World, box: Path, changed: Callable[[Path], Path], reason: str
) -> None:
    box.write_bytes(TEST)

    finding = tidy(here, there := changed(box))

    assert there.read_bytes() == TEST
    assert finding.severity is Severity.WARNING
    assert finding.saw == f"peer: test messages stay in {there}: {reason}"


def test_a_pipe_is_not_waited_for(here: World, box: Path) -> None:
    os.mkfifo(box)

    assert "it is not a regular file" in tidy(here, box).saw


def test_a_mailbox_that_does_not_exist_holds_nothing(here: World, box: Path) -> None:
    assert tidy(here, box).severity is Severity.OK
    assert list(box.parent.iterdir()) == []


def test_a_silent_host_gets_no_further_command(here: World, box: Path) -> None:
    box.write_bytes(TEST)

    (finding,) = removals([delivery(box, silent=frozenset({"peer"}))], here)

    assert finding.severity is Severity.UNKNOWN
    assert box.read_bytes() == TEST


def test_a_copy_is_removed_from_the_other_mailbox_where_it_arrives(here: World, box: Path) -> None:
    other = box.with_name("other")
    box.write_bytes(TEST)
    other.write_bytes(FIRST + TEST)
    sent = delivery(box)
    copied = replace(sent, route=replace(sent.route, copies=(Mailbox("peer", str(other)),)))

    assert [found.severity for found in removals([copied], here)] == [Severity.OK, Severity.OK]
    assert (box.read_bytes(), other.read_bytes()) == (b"", FIRST)


def test_a_host_that_does_not_answer_leaves_the_check_unknown(here: World, box: Path) -> None:
    (finding,) = removals([delivery(box, "silent")], here)

    assert finding.severity is Severity.UNKNOWN
    assert "silent did not answer within 15 s" in finding.saw


def test_a_host_without_perl_leaves_the_check_unknown(here: World, box: Path) -> None:
    assert isinstance(here.hosts, Machine)
    here.hosts.tool("perl", "#!/bin/sh\necho 'perl: not found' >&2\nexit 127\n")

    assert "perl: not found" in tidy(here, box).saw


def test_an_unreadable_answer_leaves_the_check_unknown(here: World, box: Path) -> None:
    assert isinstance(here.hosts, Machine)
    here.hosts.tool("perl", "#!/bin/sh\necho begin 1\necho box \xb2 many\necho end 2\n")

    assert tidy(here, box).severity is Severity.UNKNOWN


def test_a_message_with_a_dsn_is_waited_for_in_its_mailbox(
    here: World, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    seen = delivery(box)
    other = replace(MESSAGE, id="run-2", notify="success")
    route = replace(seen.route, message=other, destinations=(Mailbox("mx1", f"{box}-of-root"),))
    told = replace(seen, route=route)
    elsewhere = replace(route, message=replace(other, id="run-3"), destinations=(OTHER_BOX,))

    def ask(_world: World, _host: str, script: list[str], _word: str) -> list[str]:
        asked.append(script)
        return ["0"]

    monkeypatch.setattr(cleanup, "output_of", ask)

    removals([seen, told, replace(told, route=elsewhere), replace(told, received=None)], here)

    assert sorted(words[1:] for words in asked) == [
        [OTHER_BOX.path, "run"],
        [str(box), "run", "2", "3"],
        [f"{box}-of-root", "run"],
    ]


@pytest.mark.parametrize("coming", [TEST.replace(b"run-1", b"run-2"), b""], ids=["late", "never"])
def test_a_late_message_is_waited_for_a_moment(box: Path, coming: bytes) -> None:
    box.write_bytes(FIRST + TEST)
    command = perl(box, WAITING, ("$moment = 3", "$moment = 1"))

    with subprocess.Popen((*command, "2"), stdout=subprocess.PIPE) as waiting:
        assert waiting.stdout
        lines = iter(waiting.stdout.readline, b"")
        assert b"waits\n" in lines
        with box.open("ab") as file:
            file.write(coming)
        said = list(lines)

    assert f"box {2 if coming else 1} \n".encode() in said
    assert box.read_bytes() == FIRST


def perl(box: Path, *changes: tuple[str, str]) -> tuple[str, ...]:
    """Return the command with some words of the script changed."""
    text = SCRIPT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return ("perl", "-e", text, "--", str(box), "run")


def run(box: Path, *changes: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        perl(box, *changes), capture_output=True, text=True, check=False, timeout=30
    )


WAITING = ("select undef, undef, undef,", "print qq(waits\\n); select undef, undef, undef,")
IMPATIENT = ("$patience = 5", "$patience = 0")


def test_a_lock_file_of_another_is_not_broken(box: Path) -> None:
    box.write_bytes(TEST + FIRST)
    lock = Path(f"{box}.lock")
    lock.write_text("1\n")

    done = run(box, IMPATIENT)

    assert "box 0 it is locked by another program" in done.stdout
    assert (box.read_bytes(), lock.read_text()) == (TEST + FIRST, "1\n")


def test_a_lock_file_that_became_anothers_stays(box: Path) -> None:
    box.write_bytes(TEST + FIRST)
    lock = Path(f"{box}.lock")
    broken = f"rm {lock} && touch -d 2026-10-05 {lock}"

    run(box, ("sub rewrite {", f"sub rewrite {{ system '{broken}';"))

    assert lock.exists()


def test_a_mailbox_that_another_program_has_locked_is_left_alone(box: Path) -> None:
    box.write_bytes(TEST + FIRST)

    with box.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        done = run(box, IMPATIENT)

    assert "box 0 it is locked by another program" in done.stdout
    assert box.read_bytes() == TEST + FIRST
    assert no_lock(box)


def test_a_terminated_command_releases_its_locks(box: Path) -> None:
    box.write_bytes(TEST + FIRST)
    with box.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        with subprocess.Popen(perl(box, WAITING), stdout=subprocess.PIPE) as command:
            assert command.stdout
            assert command.stdout.readline().startswith(b"begin")
            assert command.stdout.readline() == b"waits\n"
            command.terminate()

    assert command.returncode == 1
    assert no_lock(box)
    assert box.read_bytes() == TEST + FIRST


def test_a_mailbox_that_grows_without_a_lock_is_left_alone(box: Path) -> None:
    box.write_bytes(TEST + FIRST)
    meanwhile = "sub rewrite {", f"sub rewrite {{ system 'printf x >>{box}';"

    done = run(box, meanwhile)

    assert "box 0 it changed while it was locked" in done.stdout
    assert box.read_bytes() == TEST + FIRST + b"x"


# Dies at its Nth step: before it, or when half of it is written.
DYING = """
BEGIN {
    my $steps = %d;
    my $die = sub { kill KILL => $$ };
    *CORE::GLOBAL::syswrite = sub (*$;$$) {
        my ($file, $text, $length, $offset) = @_;
        $die->() if --$steps == 0;
        return CORE::syswrite($file, $text, $length // length $text, $offset // 0) if --$steps;
        CORE::syswrite($file, $text, ($length // length $text) / 2, $offset // 0);
        $die->();
    };
    *CORE::GLOBAL::truncate = sub ($$) {
        $die->() if --$steps == 0;
        return CORE::truncate($_[0], $_[1]);
    };
    *CORE::GLOBAL::unlink = sub (@) {
        $die->() if --$steps == 0;
        return CORE::unlink(@_);
    };
}
"""
HEAD = "use strict;\n"


def messages_in(text: bytes) -> list[bytes]:
    return [one.rstrip() for one in re.split(rb"(?<=\n\n)(?=From )", text)]


@pytest.mark.parametrize("end", [SECOND + LAST, SECOND, b""], ids=["cut", "whole", "none"])
def test_killed_at_any_step_it_has_lost_nothing(box: Path, end: bytes) -> None:
    text = FIRST + TEST + (SECOND + NOTICE + end if end else NOTICE)
    theirs = set(messages_in(text)) - set(messages_in(TEST + NOTICE))
    for step in range(1, 20):
        Path(f"{box}.lock").unlink(missing_ok=True)
        box.write_bytes(text)

        done = run(box, (HEAD, DYING % step + HEAD))

        assert theirs <= set(messages_in(box.read_bytes()))
        if done.returncode == 0:
            break
    assert step == (9 if end else 5)
    assert box.read_bytes() == FIRST + (SECOND + end if end else b"")


def test_a_full_disk_leaves_the_mailbox_as_it_was(box: Path) -> None:
    box.write_bytes(FIRST + TEST + SECOND)
    full = "$file->sync)", "($! = 28, 0)[1])"

    done = run(box, full)

    assert "box 0 it cannot be written: No space left on device" in done.stdout
    assert box.read_bytes() == FIRST + TEST + SECOND


def delivering(box: Path, test: Path, count: int) -> Iterator[subprocess.Popen[bytes]]:
    for kind in ("postfix", "exim", "policy"):
        words = ("-m", "tests.checks.mailbox_writer", kind, str(box), kind, str(count), str(test))
        yield subprocess.Popen((sys.executable, *words))


def test_during_deliveries_every_message_stays_once_and_every_test_message_goes(
    here: World, box: Path, tmp_path: Path
) -> None:
    count = 90
    (tmp_path / "test").write_bytes(TEST)
    seen: list[Finding] = []

    servers = list(delivering(box, tmp_path / "test", count))
    while any(server.poll() is None for server in servers):
        seen.append(tidy(here, box))
    seen.append(tidy(here, box))

    assert [server.returncode for server in servers] == [0, 0, 0]
    found = messages_in(box.read_bytes())
    for kind in ("postfix", "exim", "policy"):
        theirs = [one for one in found if one.startswith(f"From {kind} ".encode())]
        assert theirs == [message(kind, number).rstrip() for number in range(count)]
    assert len(found) == 3 * count
    removed = [int(one.saw.split()[-1]) for one in seen if one.severity is Severity.OK]
    assert sum(removed) == count
    assert len([one for one in removed if one]) > 3
    assert no_lock(box)
