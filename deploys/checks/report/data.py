"""
The report as JSON, for programs.

The values of core/ are written as they are; only a finding has one key for its subject: `host`,
`domain` or `run`. docs/report.schema.json is generated from the values here.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from ..causes.causes import causes
from ..core.bulk import BulkFigures
from ..core.finding import Finding, RecordSeen, Severity, SubjectKind, Waived
from ..core.received import ReceivedReports
from ..core.report import Comparison, MailHost, Message, PastRun, Report, Verdict


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    severity: Severity
    saw: str
    fix: str = ""
    waived: Waived | None = None
    record: RecordSeen | None = None
    received: ReceivedReports | None = None
    bulk: BulkFigures | None = None


class OfHost(_Written):
    """A finding about a host, by its name in the inventory."""

    host: str


class OfDomain(_Written):
    """A finding about a domain."""

    domain: str


class OfRun(_Written):
    """A finding about the run itself."""

    run: str


_Any = OfHost | OfDomain | OfRun
_KINDS: dict[SubjectKind, type[_Any]] = {"host": OfHost, "domain": OfDomain, "run": OfRun}


def _written(one: Finding) -> _Any:
    common = _Written.model_validate(one).model_dump()
    return _KINDS[one.about].model_validate({**common, one.about: one.subject})


def _read(value: Any) -> Any:  # noqa: ANN401 - any JSON; pydantic validates what is returned
    if isinstance(value, dict):
        for about in _KINDS.keys() & value.keys():
            return {**value, "about": about, "subject": value[about]}
    return value


class CauseDocument(BaseModel):
    """A problem that explains other findings; numbers are indices of `findings`."""

    model_config = ConfigDict(frozen=True)

    severity: Severity
    damage: str = Field(description="The damage to mail, in words.")
    findings: tuple[int, ...]
    effects: tuple[int, ...]


class ReportDocument(BaseModel):
    """The report of one verification."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    verdict: Verdict
    inventory: str
    started: datetime
    seconds: float
    changes: dict[str, int] = Field(description="Numbers of hosts and zones that the run changed.")
    limits: tuple[str, ...] = Field((), description="Reasons why the run is partial.")
    not_asked: tuple[str, ...] = Field((), description="Ids of the checks that were left out.")
    comparison: Comparison = Comparison()
    messages: tuple[Message, ...]
    findings: tuple[Annotated[Finding, BeforeValidator(_read), PlainSerializer(_written)], ...]
    hosts: tuple[MailHost, ...] = ()
    history: tuple[PastRun, ...] = Field((), description="Earlier runs, the oldest first.")
    causes: tuple[CauseDocument, ...] = Field((), description="The greatest damage first.")


def render(report: Report) -> str:
    """Return the report as a JSON document."""
    return document(report).model_dump_json(indent=2) + "\n"


def schema() -> str:
    """Return the JSON Schema of the document."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ReportDocument.model_json_schema(mode="serialization"),
    }
    return json.dumps(made, indent=2) + "\n"


def document(report: Report) -> ReportDocument:
    """Return the report as the value that its JSON is made of, times in milliseconds."""
    return ReportDocument(
        verdict=report.verdict,
        inventory=report.name,
        started=report.started.replace(microsecond=0),
        seconds=round(report.seconds, 3),
        changes=dict(report.changes),
        limits=report.limits,
        not_asked=report.not_asked,
        comparison=report.comparison,
        messages=tuple(
            replace(one, seconds=None if one.seconds is None else round(one.seconds, 3))
            for one in report.messages
        ),
        findings=report.findings,
        hosts=report.hosts,
        history=report.history,
        causes=tuple(_causes(report)),
    )


def _causes(report: Report) -> Iterator[CauseDocument]:
    numbers = {id(one): index for index, one in enumerate(report.findings)}
    for cause in causes(report):
        yield CauseDocument(
            severity=cause.problem.severity,
            damage=cause.damage.words,
            findings=tuple(numbers[id(one)] for one in cause.problem.findings),
            effects=tuple(numbers[id(one)] for one in cause.effects),
        )
