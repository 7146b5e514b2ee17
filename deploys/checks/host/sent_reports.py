"""
Reports that a host sends: DMARC reports by rspamd's program, TLS reports by tlsrpt-reporter.

A few reports that nobody takes are normal: their domain has named a mailbox that does not exist.
"""

import re
from collections.abc import Iterator

from ..core.finding import Check, Finding, Severity
from .snapshot import Snapshot

SENT = Check(
    "reports.sent",
    "host",
    "Does the host send the reports on the mail of others?",
    "RFC 9990; RFC 8460",
    why="By these reports domains raise their policies and find broken TLS.",
    remedy="See `journalctl -u pyinfra-mail-dmarc-reports` and `journalctl -u "
    "pyinfra-mail-tls-reporter`.",
    worst=Severity.WARNING,
)
_DMARC = re.compile(r"(\d+) reports: (\d+) completed, (\d+) failed")
_MANY = 0.5  # of the reports, that fail


def sent_reports(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the last run for DMARC, and what was collected and sent for TLS-RPT."""
    kinds = snapshot.host.send_reports
    if "dmarc" in kinds:
        yield _dmarc(snapshot)
    if "tls" in kinds:
        yield _tls(snapshot)


def _dmarc(snapshot: Snapshot) -> Finding:
    name = snapshot.host.inventory_name
    found = [one for line in snapshot.lines("dmarcsent") if (one := _DMARC.search(line))]
    if not found:
        return SENT.ok(name, f"{name}: no DMARC reports were due in the last two days")
    count, failed = int(found[-1][1]), int(found[-1][3])
    saw = f"{name}: DMARC reports of the last day: {count}, not handed over: {failed}"
    if failed > count * _MANY:
        return SENT.warning(name, saw, "see `journalctl -u pyinfra-mail-dmarc-reports`")
    return SENT.ok(name, saw)


def _tls(snapshot: Snapshot) -> Finding:
    name = snapshot.host.inventory_name
    lines = {line.partition(" ")[0]: line for line in snapshot.lines("tlsresult")}
    if broken := lines.get("broken"):
        fix = "see `journalctl -u pyinfra-mail-tls-collector`"
        return SENT.warning(name, f"{name}: {broken.removeprefix('broken ')}", fix)
    if "sessions" not in lines:
        fix = f"deploy {name}, then see `journalctl -u pyinfra-mail-tls-collector`"
        return SENT.warning(name, f"{name}: TLS results are not collected", fix)
    sessions, failed = (int(word) for word in lines["sessions"].split()[1::2])
    lost = lines.get("timedout", "").split()
    given_up, sent = (int(lines.get(one, f"{one} 0").split()[1]) for one in ("timedout", "sent"))
    saw = f"{name}: TLS sessions collected today: {sessions}, failed: {failed}; reports: {sent}"
    if given_up > (sent + given_up) * _MANY:
        fix = "see `journalctl -u pyinfra-mail-tls-reporter`"
        return SENT.warning(name, f"{saw}, given up: {given_up}, as to {lost[2][:200]}", fix)
    return SENT.ok(name, saw)
