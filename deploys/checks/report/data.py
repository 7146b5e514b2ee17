"""The report as JSON, for programs."""

import json
from typing import Any

from deploys.checks.finding import Finding, Message, Report


def render(report: Report) -> str:
    """Return the report as a JSON document."""
    return json.dumps(_document(report), indent=2, ensure_ascii=False) + "\n"


def _document(report: Report) -> dict[str, Any]:
    return {
        "verdict": report.verdict,
        "inventory": report.name,
        "started": report.started.isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "changes": dict(report.changes),
        "messages": [_message(message) for message in report.messages],
        "findings": [_finding(finding) for finding in report.findings],
    }


def _message(message: Message) -> dict[str, Any]:
    seconds = None if message.seconds is None else round(message.seconds, 3)
    return {
        "id": message.id,
        "path": message.path,
        "sender": message.sender,
        "seconds": seconds,
        "arrived": message.arrived,
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "id": finding.id,
        "severity": finding.severity,
        finding.about: finding.subject,
        "saw": finding.saw,
        "fix": finding.fix,
    }
