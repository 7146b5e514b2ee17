"""TLS-RPT reports as sums (RFC 8460 section 4.4), which are JSON."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ...mail.report_store import DomainReport, TlsFailure, day_of
from .archive import Unreadable
from .limits import LONGEST, MOST_ROWS, bounded, require_recent

_POLICIES = 100  # of one report
# Failures of a summary that the details do not explain.
_WITHOUT_DETAILS = "no details"


def tls_reports(document: bytes, sender: str, now: float) -> tuple[DomainReport, ...]:
    """Return the sums of a report for each domain and type of policy; raise Unreadable."""
    with _explained():
        found = _mapping(json.loads(document))
        dates = _mapping(found["date-range"])
        begin, end = (_time(dates[f"{name}-datetime"]) for name in ("start", "end"))
        policies = _items(found["policies"])[:_POLICIES]
        report_id = _text(found["report-id"])
        require_recent(begin, end, now)
        merged: dict[tuple[str, str], DomainReport] = {}
        for one in policies:
            report = _of_policy(one, sender, report_id, day_of(begin))
            key = report.domain, report.policy
            merged[key] = _together(merged[key], report) if key in merged else report
    return tuple(merged.values())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except KeyError as problem:
        raise Unreadable(f"the TLS report lacks {problem}") from problem
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"the TLS report is not valid: {str(problem)[:LONGEST]}") from problem


def _of_policy(policy: Any, sender: str, report_id: str, day: str) -> DomainReport:  # noqa: ANN401 - any JSON
    about, summary = _mapping(policy["policy"]), _mapping(policy["summary"])
    failed = _count(summary["total-failure-session-count"])
    details = _items(policy.get("failure-details") or [])[:MOST_ROWS]
    failures = tuple(map(_failure, details))
    explained = sum(one.sessions for one in failures)
    rest = TlsFailure(_WITHOUT_DETAILS, "", "", "", bounded(failed - explained))
    return DomainReport(
        kind="tls",
        sender=sender,
        report_id=report_id,
        domain=_text(about["policy-domain"]).lower().rstrip("."),
        day=day,
        policy=_text(about["policy-type"]),
        successes=_count(summary["total-successful-session-count"]),
        failures=(*failures, *((rest,) if failed > explained else ())),
    )


def _failure(detail: Any) -> TlsFailure:  # noqa: ANN401 - any JSON
    one = _mapping(detail)
    return TlsFailure(
        result=_text(one["result-type"]),
        sending=_text(one.get("sending-mta-ip") or ""),
        receiving=_text(one.get("receiving-mx-hostname") or one.get("receiving-ip") or ""),
        reason=_text(one.get("failure-reason-code") or one.get("additional-information") or ""),
        sessions=_count(one["failed-session-count"]),
    )


def _together(first: DomainReport, second: DomainReport) -> DomainReport:
    values = {
        "successes": bounded(first.successes + second.successes),
        "failures": (*first.failures, *second.failures)[:MOST_ROWS],
    }
    return DomainReport(**{**vars(first), **values})


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        raise ValueError(f"{str(value)[:20]!r} is not an object")  # noqa: TRY004 - of its content
    return value


def _items(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if not isinstance(value, list):
        raise ValueError(f"{str(value)[:20]!r} is not a list")  # noqa: TRY004 - of its content
    return value


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:20]!r} is not a text")  # noqa: TRY004 - of its content
    return value.strip()[:LONGEST]


def _count(value: Any) -> int:  # noqa: ANN401 - any JSON
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{str(value)[:20]!r} is not a count")
    return bounded(value)


def _time(value: Any) -> float:  # noqa: ANN401 - any JSON
    found = datetime.fromisoformat(_text(value))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
