"""
The report as JUnit XML for CI systems: one test case for each check of a subject.

So the name of a case is the same in every run, and a CI system can follow it. A finding that is an
error makes the case a failure, an unknown one makes it an error. If all of its findings are waived
or do not apply, it is skipped, with the reason.
"""

from collections.abc import Iterable, Sequence

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from ..core.finding import Finding, Severity
from ..core.report import Report


def render(report: Report) -> str:
    """Return the report as an XML document."""
    suite = TestSuite("pyinfra-mail")
    suite.timestamp = report.started.isoformat(timespec="seconds")
    cases: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        cases.setdefault((finding.id, finding.subject), []).append(finding)
    for (id_, subject), findings in cases.items():
        suite.add_testcase(_case(id_, subject, findings))
    document = JUnitXml("pyinfra-mail")
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    suite.time = document.time = round(report.seconds, 3)
    return bytes(document.tostring()).decode()  # type: ignore[no-untyped-call]


def _case(id_: str, subject: str, findings: Sequence[Finding]) -> TestCase:
    case = TestCase(name=subject, classname=id_, time=0)
    errors = [one for one in findings if one.severity is Severity.ERROR]
    unknown = [one for one in findings if one.severity is Severity.UNKNOWN]
    if errors:
        case.result = [Failure(_together(errors), Severity.ERROR)]
    elif unknown:
        case.result = [Error(_together(unknown), Severity.UNKNOWN)]
    elif all(one.waived or not one.applies for one in findings):
        waived = [one for one in findings if one.waived]
        reasons = dict.fromkeys(str(one.waived) for one in waived)
        text = "; ".join(reasons) or _together(findings)
        case.result = [Skipped(text, Severity.WAIVED if waived else None)]
    case.system_out = "\n".join(
        f"{one.severity}: {one.saw}\n{one.fix}".rstrip() for one in findings
    )
    return case


def _together(findings: Iterable[Finding]) -> str:
    return "; ".join(one.saw for one in findings)
