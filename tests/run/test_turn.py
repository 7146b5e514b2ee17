"""Work that the first host of a fleet does for all of them."""

import gevent
import pytest

from deploys.run.turn import Turns


def test_the_first_host_does_the_work_and_the_others_wait_for_its_result() -> None:
    turns: Turns[str] = Turns()
    done: list[str] = []

    def arrive(host: str) -> None:
        with turns.turn("zones", lambda: f"work of {host}") as (result, first):
            gevent.sleep()
            done.append(f"{host}: {result}, {first}")

    gevent.joinall([gevent.spawn(arrive, host) for host in ("mx1", "mx2")], raise_error=True)

    assert done == ["mx1: work of mx1, True", "mx2: work of mx1, False"]
    assert turns.results == ["work of mx1"]


def test_each_subject_is_worked_on_once() -> None:
    turns: Turns[str] = Turns()
    for subject in ("plan", "apply", "plan"):
        with turns.turn(subject, subject.upper):
            pass

    assert turns.results == ["PLAN", "APPLY"]


def test_work_that_fails_is_done_by_the_next_host() -> None:
    turns: Turns[str] = Turns()

    def broken() -> str:
        raise ValueError("no zone")

    with pytest.raises(ValueError, match="no zone"), turns.turn("zones", broken):
        pass
    with turns.turn("zones", lambda: "done") as (result, first):
        assert (result, first) == ("done", True)
