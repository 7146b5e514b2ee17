"""Snapshots of a host: as it should be, and with one fault each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.host.inspection import hosts
from tests.checks.cases.pair import Case, Pair
from tests.checks.snapshots import DKIM, NOW, SSL, snapshot_lines, units
from tests.checks.worlds import Zone, fleet, world


class FixedOutput:
    """A host with a given snapshot."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def run(self, _name: str, _command: str, _lines: Sequence[str], _limit: float) -> list[str]:
        return self._lines


def snapshot_case(*, ahead: float = 0, days: float = 90, **changed: Sequence[str]) -> Case:
    """Return a host whose snapshot has some sections changed."""

    def case(folder: Path) -> list[Finding]:
        from_now = NOW - ahead
        here = replace(
            world(folder),
            hosts=FixedOutput(snapshot_lines(folder, changed, days)),
            names=Zone({}),
            clock=lambda: from_now,
        )
        return list(hosts(fleet(), here))

    return case


def waiting(seconds: float, reason: str = "connect timed out") -> str:
    return (
        f'{{"queue_name": "deferred", "arrival_time": {NOW - seconds}, '
        f'"recipients": [{{"delay_reason": "{reason}"}}]}}'
    )


CASES: Mapping[str, Pair] = {
    "host.services": Pair(snapshot_case(), snapshot_case(unit=units(ActiveState="failed"))),
    "host.updates": Pair(
        snapshot_case(),
        snapshot_case(update=["Inst postfix [3.7.1] (3.7.2 Debian-Security:12/stable-security)"]),
    ),
    "host.queue": Pair(
        snapshot_case(queue=[waiting(60)]), snapshot_case(corrupt=["/var/spool/postfix/corrupt/A"])
    ),
    "host.disk": Pair(
        snapshot_case(), snapshot_case(blocks=["/dev/sda1 99999999 99899999 100000 99% /"])
    ),
    "host.clock": Pair(snapshot_case(), snapshot_case(ahead=60)),
    "host.drift": Pair(
        snapshot_case(), snapshot_case(deployed=["postfix changed /etc/postfix/main.cf"])
    ),
    "host.keys": Pair(
        snapshot_case(),
        snapshot_case(
            secret=[f"644 root 1 {SSL}/a.pem", f"600 _rspamd {int(NOW)} {DKIM}/mx1-rsa.key"]
        ),
    ),
    "host.port25": Pair(snapshot_case(), snapshot_case(port25=["192.0.2.7 no answer within 5 s"])),
}
