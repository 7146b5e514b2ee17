"""A pair of cases for one check: it passes in one and fails in the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploys.checks.core.finding import Finding

Case = Callable[[Path], Iterable[Finding]]


@dataclass(frozen=True)
class Pair:
    """The passing and the failing case of a check, and how it fails in the lab.

    That is a fault of tests/lab/faults.py, or else the test `lab_test`; or there is a reason why no
    fault of the lab makes it fail: `not_in_lab`.
    """

    passes: Case
    fails: Case
    lab_test: str = ""
    not_in_lab: str = ""
