"""
Selection of checks: by patterns of their ids, by severity, and with or without slow ones.

A check that is not selected has no finding, so no report counts it as passed.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ...mail.errors import MailError
from ...mail.settings.verification import Verification
from ..core.finding import WORST_FIRST, Check, Finding, Severity
from ..core.inspection import Inspection
from ..delivery.inspection import MessageInspection
from .catalogue import (
    CHECKS,
    INSPECTIONS,
    MESSAGE_INSPECTIONS,
    OF_THE_RUN,
)

_OF_THE_RUN = frozenset(check.id for check in OF_THE_RUN)
_ANYWHERE = frozenset(
    one.id for inspection in INSPECTIONS if inspection.anywhere for one in inspection.checks
)
_SLOW = frozenset(
    one.id for inspection in INSPECTIONS if inspection.slow for one in inspection.checks
)
_OF_MESSAGES = frozenset(
    check.id for inspection in MESSAGE_INSPECTIONS for check in inspection.checks
)


@dataclass(frozen=True)
class Selection:
    """The ids of the selected checks."""

    ids: frozenset[str] = frozenset(CHECKS)

    @property
    def mailed(self) -> bool:
        """Return whether messages are sent."""
        return bool(self.ids & _OF_MESSAGES)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the ids of all other checks, in the catalogue's order."""
        return tuple(id_ for id_ in CHECKS if id_ not in self.ids)

    @property
    def inspections(self) -> tuple[Inspection, ...]:
        """Return the inspections that make any of the checks."""
        return tuple(inspection for inspection in INSPECTIONS if self._makes(inspection.checks))

    @property
    def message_inspections(self) -> tuple[MessageInspection, ...]:
        """Return the inspections of messages that make any of the checks."""
        return tuple(
            inspection for inspection in MESSAGE_INSPECTIONS if self._makes(inspection.checks)
        )

    def holds(self, finding: Finding) -> bool:
        """Return whether a finding is of one of the checks."""
        return finding.id in self.ids

    def meets(self, pattern: str) -> bool:
        """Return whether a pattern matches any of the checks."""
        return bool(_matched(pattern) & self.ids)

    def _makes(self, checks: tuple[Check, ...]) -> bool:
        return any(check.id in self.ids for check in checks)


def selected(settings: Verification, *, target: bool = False) -> Selection:
    """
    Return the selection of the settings; raise MailError for a pattern that matches no check.

    Only checks that need no inventory are made of a target.
    """
    unknown = [
        f"{key}: {_unknown(pattern)}"
        for key, patterns in (
            ("verify_only", settings.only),
            ("verify_waivers", tuple(waiver.id for waiver in settings.waivers)),
        )
        for pattern in patterns
        if not _matched(pattern)
    ]
    if unknown:
        raise MailError("\n    ".join(unknown))
    wanted = {id_ for pattern in settings.only or ("*",) for id_ in _matched(pattern)}
    if target and not wanted & _ANYWHERE:
        raise MailError(
            f"verify_only: {', '.join(settings.only)} needs an inventory with mail hosts"
        )
    wanted &= _ANYWHERE if target else wanted
    wanted &= _as_bad_as(settings.severity)
    wanted -= _OF_MESSAGES | _SLOW if settings.fast else set()
    return Selection(frozenset(wanted | _OF_THE_RUN))


def _as_bad_as(severity: str) -> set[str]:
    """Return the ids of the checks whose worst finding is at least so severe."""
    enough = WORST_FIRST[: WORST_FIRST.index(Severity(severity)) + 1] if severity else WORST_FIRST
    return {id_ for id_, check in CHECKS.items() if check.worst in enough}


def _matched(pattern: str) -> frozenset[str]:
    return frozenset(id_ for id_ in CHECKS if fnmatchcase(id_, pattern))


def _unknown(pattern: str) -> str:
    # A wrong id is not answered with a pattern, which would stand for every check of a family.
    patterns = (f"{id_.partition('.')[0]}.*" for id_ in CHECKS)
    known = (*CHECKS, *patterns) if "*" in pattern or "." not in pattern else CHECKS
    near = get_close_matches(pattern.lower(), known, n=1, cutoff=0.75)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{pattern!r} is no check; {hint}docs/checks.md lists all checks"
