"""An octoDNS provider with zones in memory, whose calls a test may interrupt."""

import logging
from collections.abc import Callable
from typing import Any

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.record.rr import Rrset
from octodns.zone import Zone

RecordSets = dict[tuple[str, str], tuple[int, tuple[str, ...]]]

STORES: dict[str, dict[str, RecordSets]] = {}
"""The zones of each server: by full name and type, the TTL and the values of a zone file."""

Interrupt = Callable[[str], None]


class MemoryProvider(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """Keeps its zones in `STORES[server]`; calls `interrupt` with the name of each call."""

    SUPPORTS_GEO = False
    SUPPORTS_ROOT_NS = True
    SUPPORTS = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"})

    def __init__(self, id: str, server: str, api_key: str = "") -> None:  # noqa: A002 - octoDNS's name
        self.log = logging.getLogger(f"MemoryProvider[{id}]")
        super().__init__(id)
        self.zones = STORES[server]
        self.interrupt: Interrupt = lambda _: None
        self.calls: list[str] = []
        self.api_key = api_key

    def list_zones(self) -> list[str]:
        self._call("list")
        return sorted(f"{zone}." for zone in self.zones)

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002 - octoDNS's signature
        self._call("read")
        held = self.zones.get(zone.name.rstrip("."))
        for (name, record_type), (ttl, values) in (held or {}).items():
            rrset = Rrset(f"{name}.", record_type, ttl, values)
            zone.add_record(Record.from_rrset(zone, rrset, lenient=True), lenient=lenient)
        return held is not None

    def _apply(self, plan: Any) -> None:
        self._call("write")
        held = self.zones[plan.desired.name.rstrip(".")]
        for change in plan.changes:
            rrset = change.record.to_rrset()
            key = rrset.name.rstrip("."), rrset._type  # noqa: SLF001 - octoDNS's only name for it
            if change.new is None:
                del held[key]
            else:
                held[key] = rrset.ttl, tuple(rrset.rdatas)

    def _call(self, what: str) -> None:
        self.calls.append(what)
        self.interrupt(what)
