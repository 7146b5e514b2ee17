"""Proofs against the tests' lab, as an operator runs them."""

import json
from pathlib import Path
from typing import Any

from tests.lab.labs import Done
from tests.lab.runs import REPORT, pyinfra

PART = REPORT.parent / "part" / "report.json"
Broken = set[tuple[str, str]]


def passed(done: Done, path: Path = REPORT) -> dict[str, Any]:
    assert done.returncode == 0, done.stdout
    return report(path)


def report(path: Path = REPORT) -> dict[str, Any]:
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


def failed(*arguments: str, program: tuple[str, ...] = (), path: Path = REPORT) -> dict[str, Any]:
    """Verify, which has to fail, and return the report."""
    path.unlink(missing_ok=True)
    done = pyinfra("deploys/verify.py", "-y", *arguments, program=program)
    assert done.returncode == 1, done.stdout
    assert "Unexpected error" not in done.stdout, done.stdout
    return report(path)


def with_severity(found: dict[str, Any], *severities: str) -> Broken:
    return {
        (one["id"], one.get("host") or one.get("domain") or one["run"])
        for one in found["findings"]
        if one["severity"] in severities
    }
