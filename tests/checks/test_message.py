"""Test messages differ from all other mail, and from each other."""

from dataclasses import replace
from email.parser import BytesParser
from email.policy import default

import pytest

from deploys.checks.clients.message import TestMessage, id_in, new_run

MESSAGE = TestMessage("a1b2c3-7", "postmaster@harbor.example", "visitor@faraway.example")


def test_a_subject_beyond_ascii_is_the_same_either_way_it_is_written() -> None:
    one = replace(MESSAGE, international=True)
    encoded, plain = one.compose(), one.compose(utf8=True)

    assert encoded.partition(b"\n\n")[0].isascii()
    assert "Subject: Test message a1b2c3-7 Привет-日本\n".encode() in plain
    subjects = {BytesParser(policy=default).parsebytes(raw)["Subject"] for raw in (encoded, plain)}
    assert subjects == {"Test message a1b2c3-7 Привет-日本"}


def test_the_id_is_in_every_place_where_it_is_looked_for() -> None:
    message = BytesParser(policy=default).parsebytes(MESSAGE.compose())

    assert message["Subject"] == "Test message a1b2c3-7"
    assert message["Message-ID"] == "<a1b2c3-7@harbor.example>"
    assert MESSAGE.compose().splitlines()[-1] == b"end of test message a1b2c3-7"
    assert id_in(MESSAGE.compose()) == "a1b2c3-7"


@pytest.mark.parametrize(("overlong", "longest"), [(False, 998), (True, 2500)])
def test_its_longest_line_is_what_servers_accept_or_longer(overlong: bool, longest: int) -> None:  # noqa: FBT001
    lines = replace(MESSAGE, overlong=overlong).compose().splitlines()

    assert max(map(len, lines)) == longest
    assert f"A line of {longest} octets".encode() in b"".join(lines)


def test_no_vacation_program_answers_it() -> None:
    assert b"\nAuto-Submitted: auto-generated\n" in MESSAGE.compose()


def test_mail_of_other_people_has_no_id() -> None:
    assert id_in(b"Subject: Test message a1b2c3-7\n\nend of test message a1b2c3-7\n") == ""


def test_no_two_runs_share_a_name() -> None:
    assert len({new_run() for _ in range(100)}) == 100
