"""
Services of a host in systemd: they run now, and are enabled for the next boot.

A service that ends and restarts all the time runs at most moments, so its restarts are counted.
"""

from collections.abc import Iterator, Mapping

from ...mail.units import (
    POSTFIX,
    required_units,
    started_by_collector,
    started_by_postfix,
    started_by_rspamd,
)
from ..core.finding import Check, Finding
from .snapshot import Snapshot

SERVICES = Check(
    "host.services",
    "host",
    "Do all services of the host run, and are they enabled?",
    "systemd.unit(5)",
    why="A service that is not enabled does not run after the next boot.",
    remedy="See `systemctl status` and `journalctl -u` of the unit; start it and enable it.",
)
_OFTEN = 5


def services(snapshot: Snapshot) -> Iterator[Finding]:
    """Check every unit that the host needs, and report other units that have failed."""
    name = snapshot.host.inventory_name
    units = _units(snapshot)
    if not any("LoadState" in unit for unit in units.values()):
        saw = f"{name}: systemd does not answer: {' '.join(snapshot.lines('unit'))[:200]}"
        yield SERVICES.unknown(name, saw, "run `systemctl status` on the host")
        return
    wrong = [*_postfix(snapshot, units), *_wrong(snapshot, units)]
    yield from wrong
    for line in snapshot.lines("failed"):
        unit = line.split()[0] if line else ""
        if unit.endswith((".service", ".timer")) and unit not in (
            *required_units(snapshot.host),
            *POSTFIX,
        ):
            fix = f"see `journalctl -u {unit}`; fix it, or run `systemctl reset-failed {unit}`"
            wrong.append(SERVICES.warning(name, f"{name}: {unit} has failed", fix))
            yield wrong[-1]
    if not wrong:
        saw = f"{name}: postfix, {', '.join(required_units(snapshot.host))} are active and enabled"
        yield SERVICES.ok(name, saw)


def _units(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    units: dict[str, dict[str, str]] = {}
    block: dict[str, str] = {}
    for line in (*snapshot.lines("unit"), ""):
        if line:
            key, _, value = line.partition("=")
            block[key] = value
        else:
            units[block.get("Id", "")] = block
            block = {}
    return units


def _postfix(snapshot: Snapshot, units: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    if not any(units.get(unit, {}).get("SubState") == "running" for unit in POSTFIX):
        name = snapshot.host.inventory_name
        fix = "see `journalctl -u postfix -u postfix@-`, then run `systemctl restart postfix`"
        yield SERVICES.error(name, f"{name}: Postfix is not running", fix)
    elif units.get("postfix.service", {}).get("UnitFileState") != "enabled":
        name = snapshot.host.inventory_name
        fix = "run `systemctl enable postfix`"
        yield SERVICES.error(name, f"{name}: postfix.service is not enabled", fix)


def _wrong(snapshot: Snapshot, units: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    name = snapshot.host.inventory_name
    host = snapshot.host
    # These need no [Install] section.
    by_others = (*started_by_postfix(host), *started_by_rspamd(host), *started_by_collector(host))
    for unit in required_units(snapshot.host):
        state = units.get(unit, {})
        active, enabled = state.get("ActiveState", "unknown"), state.get("UnitFileState", "")
        restarts = state.get("NRestarts", "0")
        if state.get("LoadState") != "loaded":
            yield SERVICES.error(name, f"{name}: {unit} is not installed", f"deploy {name}")
        elif active != "active":
            fix = f"see `journalctl -u {unit}`, then run `systemctl start {unit}`"
            yield SERVICES.error(name, f"{name}: {unit} is {active}", fix)
        elif enabled != "enabled" and (unit not in by_others or enabled != "static"):
            fix = f"run `systemctl enable {unit}`"
            yield SERVICES.error(name, f"{name}: {unit} is {enabled or 'not enabled'}", fix)
        elif restarts.isdecimal() and int(restarts) > _OFTEN:
            fix = f"see `journalctl -u {unit}` for the reason"
            yield SERVICES.warning(name, f"{name}: {unit} restarted {restarts} times", fix)
