"""The report as JSON, for programs; docs/report.schema.json is made from the values here."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..core import finding
from ..core import report as verdict
from ..core.finding import Severity, Subject
from ..core.report import Turn, Verdict


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Waived(_Value):
    """What a finding would be, had the operator not waived it, until when, and why."""

    severity: Severity
    until: date
    reason: str


class _Finding(_Value):
    id: str
    severity: Severity
    saw: str
    fix: str = ""
    waived: Waived | None = None


class OfHost(_Finding):
    """An answer about a host, by the inventory's name for it."""

    host: str

    @property
    def of(self) -> tuple[Subject, str]:
        """Return what it is about, and its name."""
        return "host", self.host


class OfDomain(_Finding):
    """An answer about a domain."""

    domain: str

    @property
    def of(self) -> tuple[Subject, str]:
        """Return what it is about, and its name."""
        return "domain", self.domain


class OfRun(_Finding):
    """An answer about the run itself."""

    run: str

    @property
    def of(self) -> tuple[Subject, str]:
        """Return what it is about, and its name."""
        return "run", self.run


Finding = OfHost | OfDomain | OfRun
_KINDS: dict[Subject, type[Finding]] = {"host": OfHost, "domain": OfDomain, "run": OfRun}


class Hop(_Value):
    """A server that a message passed; `tls` is null where it came there by no network.

    Seconds are whole where they are of Received headers, exact where the server logged `delays`.
    """

    name: str
    tls: bool | None
    protocol: str = ""
    queue_id: str = ""
    seconds: float | None
    delays: str = ""


class Message(_Value):
    """One test message; seconds are from submission to mailbox, null where nobody knows."""

    id: str
    path: str
    sender: str = ""
    seconds: float | None
    arrived: bool
    hops: tuple[Hop, ...] = ()


class Change(_Value):
    """One difference to the previous report; null stands for nothing found."""

    turn: Turn
    id: str
    about: Subject
    subject: str
    before: Severity | None
    now: Severity | None
    saw: str = ""


class Comparison(_Value):
    """The differences to the report of an earlier time, or why there are none to tell."""

    since: datetime | None = None
    changes: tuple[Change, ...] = ()
    unknown: str = ""
    untold: tuple[Change, ...] = ()


class Document(_Value):
    """The report of one run of deploys/verify.py."""

    format: Literal[1] = 1
    verdict: Verdict
    inventory: str
    started: datetime
    seconds: float
    changes: dict[str, int] = Field(description="How many hosts and zones the run has changed.")
    limits: tuple[str, ...] = Field((), description="What made this less than a whole proof.")
    not_asked: tuple[str, ...] = Field((), description="The ids of questions that were left out.")
    comparison: Comparison = Comparison()
    messages: tuple[Message, ...]
    findings: tuple[Finding, ...]


def render(report: verdict.Report) -> str:
    """Return the report as a JSON document."""
    return document(report).model_dump_json(indent=2) + "\n"


def schema() -> str:
    """Return the JSON Schema of the document."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(mode="serialization"),
    }
    return json.dumps(made, indent=2) + "\n"


def document(report: verdict.Report) -> Document:
    """Return the report as the value that its JSON is made of."""
    return Document(
        verdict=report.verdict,
        inventory=report.name,
        started=report.started.replace(microsecond=0),
        seconds=round(report.seconds, 3),
        changes=dict(report.changes),
        limits=report.limits,
        not_asked=report.not_asked,
        comparison=Comparison.model_validate(report.comparison),
        messages=tuple(_messages(report.messages)),
        findings=tuple(_finding(one) for one in report.findings),
    )


def _messages(messages: Iterable[verdict.Message]) -> Iterable[Message]:
    for message in messages:
        value = Message.model_validate(message)
        seconds = None if value.seconds is None else round(value.seconds, 3)
        yield value.model_copy(update={"seconds": seconds})


def _finding(one: finding.Finding) -> Finding:
    common = _Finding.model_validate(one).model_dump()
    return _KINDS[one.about].model_validate({**common, one.about: one.subject})
