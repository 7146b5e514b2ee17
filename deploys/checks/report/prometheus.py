"""
The report as metrics, for the textfile collector of Prometheus's node_exporter.

Names are as its conventions want: a prefix, base units, no type in the name. An alert is one line:
`pyinfra_mail_findings{severity="error"} > 0`, and another that no proof has been made for long.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from ..core.report import Report

Sample = tuple[dict[str, str], float]


def render(report: Report) -> str:
    """Return the report in Prometheus's text format."""
    metrics: tuple[tuple[str, str, Iterable[Sample]], ...] = (
        ("run_timestamp_seconds", "When the proof began.", [({}, report.started.timestamp())]),
        ("run_duration_seconds", "How long the proof took.", [({}, round(report.seconds, 3))]),
        ("success", "Whether the proof succeeded.", [({}, float(report.succeeded))]),
        ("findings", "Answers to each check.", _findings(report)),
        ("messages", "Test messages.", _messages(report)),
        ("message_delivery_seconds", "From submission to mailbox.", _times(report)),
    )
    return "".join(_metric(*metric, inventory=report.name) for metric in metrics)


def _findings(report: Report) -> Iterator[Sample]:
    counted = Counter((one.id, one.about, one.subject, one.severity) for one in report.findings)
    for (id_, about, subject, severity), count in counted.items():
        yield {"id": id_, "about": about, "subject": subject, "severity": severity}, count


def _messages(report: Report) -> Iterator[Sample]:
    arrived = sum(message.arrived for message in report.messages)
    yield {"state": "arrived"}, arrived
    yield {"state": "lost"}, len(report.messages) - arrived


def _times(report: Report) -> Iterator[Sample]:
    slowest: dict[str, float] = {}
    for message in report.messages:
        if message.seconds is not None:
            slowest[message.path] = max(message.seconds, slowest.get(message.path, 0))
    for path, seconds in slowest.items():
        yield {"path": path}, round(seconds, 3)


def _metric(name: str, meaning: str, samples: Iterable[Sample], *, inventory: str) -> str:
    name = f"pyinfra_mail_{name}"
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
    lines += (f"{name}{_labels({'inventory': inventory, **own})} {value}" for own, value in samples)
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
