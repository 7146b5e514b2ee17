"""Bench `handler`, in its smallest size."""

from scripts.benches.handler import handler


def test_lookups_and_bounces_are_measured_at_the_running_program() -> None:
    told: list[str] = []

    report = handler([10], 1, told.append)

    cases = report.document()["cases"]
    assert [(case["one"], case["suppressed"]) for case in cases] == [("lookup", 10), ("bounce", 10)]
    assert all(case["milliseconds"]["median"] > 0 for case in cases)
    assert len(told) == 2
