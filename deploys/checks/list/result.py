"""Result of a list: the lines by reason, and the domains that lose most of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..core.finding import WORST_FIRST, Severity
from ..core.report import Verdict
from .verdicts import Reason

WORST_DOMAINS = 20


@dataclass(frozen=True)
class LostDomain:
    """A domain that receives no mail or is unknown, with the number of its lines."""

    name: str
    reason: Reason
    lines: int


@dataclass(frozen=True)
class ListResult:
    """The lines of a list by reason, its domains, and the time that they took.

    `given_up` is true if no resolver answered. A verdict as severe as `fails_at` fails the run.
    """

    name: str
    started: datetime
    seconds: float
    counts: Mapping[Reason, int]
    lost: Mapping[tuple[str, Reason], int]
    domains: int
    fails_at: Severity = Severity.ERROR
    given_up: bool = False

    @property
    def lines(self) -> int:
        """Return the number of lines."""
        return sum(self.counts.values())

    @property
    def severities(self) -> Mapping[Severity, int]:
        """Return the number of lines of each severity, the worst first."""
        found: Counter[Severity] = Counter()
        for reason, count in self.counts.items():
            found[reason.severity] += count
        return {severity: found[severity] for severity in WORST_FIRST if found[severity]}

    @property
    def reasons(self) -> Sequence[tuple[Reason, int]]:
        """Return the reasons that were found, the worst first."""
        return [(reason, self.counts[reason]) for reason in Reason if self.counts.get(reason)]

    @property
    def worst(self) -> Sequence[LostDomain]:
        """Return the domains without reception that have most lines."""
        ranked = sorted(self.lost.items(), key=lambda one: (-one[1], one[0]))
        return [LostDomain(*domain, count) for domain, count in ranked[:WORST_DOMAINS]]

    @property
    def verdict(self) -> Verdict:
        """Return failed for any error, else unknown for a domain without an answer, else passed."""
        if Severity.ERROR in self.severities:
            return Verdict.FAILED
        return Verdict.UNKNOWN if Severity.UNKNOWN in self.severities else Verdict.PASSED

    @property
    def succeeded(self) -> bool:
        """Return whether the run succeeds: no verdict is too severe, and a resolver answered."""
        too_bad = WORST_FIRST[: WORST_FIRST.index(self.fails_at) + 1]
        return not self.given_up and not {*too_bad} & {*self.severities}

    @property
    def headline(self) -> str:
        """Return the result as a sentence."""
        lost = self.severities.get(Severity.ERROR, 0)
        unknown = self.severities.get(Severity.UNKNOWN, 0)
        addresses = f"{self.lines:,} address{'' if self.lines == 1 else 'es'}"
        if lost:
            return f"Mail to {lost:,} of {addresses} would not arrive."
        if unknown:
            return f"Mail to {unknown:,} of {addresses} may not arrive."
        return "No address was found to which mail would not arrive."

    @property
    def notes(self) -> Sequence[str]:
        """Return the figures, and a domain's missing answers with their remedy."""
        domains = f"{self.domains:,} domain{'' if self.domains == 1 else 's'}"
        figures = f"{domains} asked about. The run took {self.seconds:.1f} s."
        if not self.given_up:
            return (figures,)
        return (
            figures,
            (
                "No resolver answered, so the run stopped asking; correct verify_resolvers or the "
                "machine's own, and run again."
            ),
        )
