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

# Tests of the lab that make a check fail, apart from the faults in tests/lab/faults.py.
LAB = {
    "run.host": "test_verify.test_a_witness_that_hangs_is_named_and_the_others_are_proved",
    "run.tidied": "test_verify.test_a_witness_that_cannot_remove_them_is_told_and_fails_nothing",
    "smtp.connect": "test_verify.test_a_stopped_server_fails_its_own_checks_and_no_other",
    "smtp.submission": "test_verify.test_a_stopped_server_fails_its_own_checks_and_no_other",
    "delivery.arrived": "test_verify.test_a_stopped_server_fails_its_own_checks_and_no_other",
}
# Checks that no fault in the lab makes fail, and why; their pair of cases does.
ELSEWHERE = {
    "reputation.age": "its registry is on the Internet, and none has the lab's reserved names",
    "reputation.rpki": "who validates routes is on the Internet, where nobody announces the lab",
}


def severities(case: Case, id_: str, folder: Path) -> set[Severity]:
    return {finding.severity for finding in case(folder) if finding.id == id_}


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

    assert switched | set(LAB) | set(ELSEWHERE) == set(CHECKS)
    assert not set(ELSEWHERE) & (switched | set(LAB))
    assert set(LAB.values()) <= set(lab_tests())
