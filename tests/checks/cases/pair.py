"""A pair of cases for one check: it passes in one and fails in the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploys.checks.core.finding import Finding

Case = Callable[[Path], Iterable[Finding]]


@dataclass(frozen=True)
class Pair:
    """The passing and the failing case of a check."""

    passes: Case
    fails: Case
