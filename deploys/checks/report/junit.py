"""
The report as JUnit XML for CI systems: one test case for each finding.

An error is a failure, and unknown is an error of the test case. A waived finding is a skipped test
case, with the reason, and so is one that does not apply.
"""

from collections import Counter

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from ..core.finding import Finding, Severity
from ..core.report import Report


def render(report: Report) -> str:
    """Return the report as an XML document."""
    suite = TestSuite("pyinfra-mail")
    suite.timestamp = report.started.isoformat(timespec="seconds")
    seen: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        seen[finding.id, finding.subject] += 1
        suite.add_testcase(_case(finding, seen[finding.id, finding.subject]))
    document = JUnitXml("pyinfra-mail")
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    suite.time = document.time = round(report.seconds, 3)
    return bytes(document.tostring()).decode()  # type: ignore[no-untyped-call]


def _case(finding: Finding, number: int) -> TestCase:
    # Names are the same in every run, so that a CI system can follow a check.
    name = finding.subject if number == 1 else f"{finding.subject} ({number})"
    case = TestCase(name=name, classname=finding.id, time=0)
    if finding.severity is Severity.ERROR:
        case.result = [Failure(finding.saw, finding.severity)]
    elif finding.severity is Severity.UNKNOWN:
        case.result = [Error(finding.saw, finding.severity)]
    elif not finding.applies:
        case.result = [Skipped(finding.saw)]
    elif finding.waived:
        case.result = [Skipped(str(finding.waived), finding.severity)]
    case.system_out = f"{finding.severity}: {finding.saw}\n{finding.fix}".rstrip()
    return case
