"""
The report as metrics, for the textfile collector of Prometheus's node_exporter.

Two alerts are enough: `pyinfra_mail_findings{severity="error"} > 0`, and one for a report that is
too old, by `pyinfra_mail_run_timestamp_seconds`.
"""

from ..core.report import Report


def render(report: Report) -> str:
    """Return the report in Prometheus's text format."""
    # Needed at the end of a run only, and slow to import.
    from prometheus_client import CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415

    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, *labels: str) -> Gauge:
        name = f"pyinfra_mail_{name}"
        return Gauge(name, help_text, ("inventory", *labels), registry=registry)

    started = gauge("run_timestamp_seconds", "Start of the run.")
    started.labels(report.name).set(report.started.timestamp())
    duration = gauge("run_duration_seconds", "Duration of the run.")
    duration.labels(report.name).set(round(report.seconds, 3))
    success = gauge("success", "Success of the run: 1, or else 0.")
    success.labels(report.name).set(report.succeeded)
    findings = gauge("findings", "Findings of each check.", "id", "about", "subject", "severity")
    for one in report.findings:
        findings.labels(report.name, one.id, one.about, one.subject, one.severity).inc()
    messages = gauge("messages", "Test messages.", "state")
    arrived = sum(message.arrived for message in report.messages)
    messages.labels(report.name, "arrived").set(arrived)
    messages.labels(report.name, "lost").set(len(report.messages) - arrived)
    times = gauge("message_delivery_seconds", "From submission to mailbox, the slowest.", "path")
    for message in sorted(report.messages, key=lambda one: one.seconds or 0):
        if message.seconds is not None:
            times.labels(report.name, message.path).set(round(message.seconds, 3))
    return generate_latest(registry).decode()
