"""
Waivers: known findings that the operator accepts until a date.

A waived finding stays in the report and does not fail the run. A waiver after its date fails the
run, and a waiver without a finding is a warning, so that no waiver stays longer than its reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from ...mail.settings.verification import Waiver
from .finding import Check, Finding, Severity, Waived

WAIVER = Check(
    "run.waiver",
    "run",
    "Does every waiver still apply?",
    "the inventory",
    why="A forgotten waiver hides problems that come later.",
    remedy="Fix what it waives, or correct it in `verify_waivers`.",
)
_WAIVABLE = (Severity.ERROR, Severity.UNKNOWN, Severity.WARNING)


def waived(
    findings: Iterable[Finding], waivers: Iterable[Waiver], today: date, *, whole: bool
) -> tuple[Finding, ...]:
    """Mark waived findings, and add those about the waivers; `whole` if no check was left out."""
    live = [waiver for waiver in waivers if waiver.until >= today]
    marked = tuple(_marked(finding, live) for finding in findings)
    used = {waiver for waiver in live if any(_covers(waiver, one) for one in marked if one.waived)}
    return (*marked, *_findings(waivers, today, used if whole else set(live)))


def _marked(finding: Finding, waivers: Iterable[Waiver]) -> Finding:
    for waiver in waivers:
        if finding.severity in _WAIVABLE and _covers(waiver, finding):
            why = Waived(finding.severity, waiver.until, waiver.reason)
            return replace(finding, severity=Severity.WAIVED, waived=why)
    return finding


def _covers(waiver: Waiver, finding: Finding) -> bool:
    wanted = {"host": waiver.host, "domain": waiver.domain}
    named = {about: name for about, name in wanted.items() if name}
    return fnmatchcase(finding.id, waiver.id) and (
        not named or named.get(finding.about) == finding.subject
    )


def _findings(waivers: Iterable[Waiver], today: date, used: set[Waiver]) -> Iterator[Finding]:
    for waiver in waivers:
        subject = " of ".join(filter(None, (waiver.id, waiver.host or waiver.domain)))
        if waiver.until < today:
            saw = f"the waiver ended on {waiver.until}: {waiver.reason}"
            fix = "fix what it waived, or give it a later date in verify_waivers"
            yield WAIVER.error(subject, saw, fix)
        elif waiver not in used:
            saw = f"no finding needs this waiver: {waiver.reason}"
            yield WAIVER.warning(subject, saw, "remove it from verify_waivers")
        else:
            yield WAIVER.ok(subject, f"until {waiver.until}: {waiver.reason}")
