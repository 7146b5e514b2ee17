"""Every check can pass and can fail: a check that cannot do both proves nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.run.catalogue import CHECKS
from tests.checks.cases.catalogue import CASES
from tests.checks.cases.pair import Case
from tests.lab.faults import BATCHES


def severities(case: Case, id_: str, folder: Path) -> set[Severity]:
    """Return the severities of a check, where it has anything to examine."""
    found = [finding for finding in case(folder) if finding.id == id_]
    return {finding.severity for finding in found if finding.applies}


def test_every_check_has_a_case_in_which_it_passes_and_one_in_which_it_fails() -> None:
    assert set(CASES) == set(CHECKS)


@pytest.mark.parametrize("id_", CASES)
def test_a_check_passes_in_its_passing_case(id_: str, tmp_path: Path) -> None:
    assert severities(CASES[id_].passes, id_, tmp_path) == {Severity.OK}


@pytest.mark.parametrize("id_", CASES)
def test_a_check_fails_in_its_failing_case_as_the_catalogue_says(id_: str, tmp_path: Path) -> None:
    found = severities(CASES[id_].fails, id_, tmp_path)

    assert CHECKS[id_].worst in found
    assert Severity.UNKNOWN not in found


def lab_tests() -> Iterator[str]:
    for path in (Path(__file__).parents[1] / "lab").glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                yield f"{path.stem}.{node.name}"


def test_every_check_has_a_fault_in_the_lab_or_a_reason_why_not() -> None:
    switched = {id_ for batch in BATCHES.values() for one in batch for id_, _ in one.fails}
    tested = {id_: pair.lab_test for id_, pair in CASES.items() if pair.lab_test}
    elsewhere = {id_ for id_, pair in CASES.items() if pair.not_in_lab}

    assert switched | set(tested) | elsewhere == set(CHECKS)
    assert not elsewhere & (switched | set(tested))
    assert set(tested.values()) <= set(lab_tests())
