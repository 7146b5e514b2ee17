"""
Rotation of a host's DKIM keys: the deletions and notes that end a run.

They come last, when rspamd signs with the desired keys. Retired keys are deleted once their time is
over, while every authoritative server has the records of the current ones; then the times of both
slots are noted. If a run dies before that, the next run sees which keys sign, and notes it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...mail import dkim, dkim_rotation, paths
from ...mail.dkim_slots import Slots
from ...mail.settings import dkim_keys
from ..model.plan import HostChange
from ..model.request import DkimRotation, History
from . import keys
from .evidence import Evidence
from .signing_table import SigningTable


@dataclass(frozen=True)
class Rotation:
    """Changes to keys and their history, and the files that they concern."""

    changes: tuple[HostChange, ...] = ()
    deleted: tuple[str, ...] = ()
    histories: Mapping[str, History] = field(default_factory=dict)

    @property
    def request(self) -> DkimRotation:
        """Return the part of the request that makes these changes."""
        return DkimRotation(self.deleted, self.histories)


def rotation(evidence: Evidence, signs: SigningTable) -> Rotation:
    """Return the deletions and notes that are due once the keys of a table sign."""
    settings, gone = evidence.settings, evidence.expired
    later = dkim_rotation.slots_after(
        evidence.slots,
        evidence.now,
        signs=_signing_slots(evidence, signs),
        seen=evidence.next_ready,
        revoked=gone,
    )
    before, after = _history(evidence.slots), _history(later)
    if before == after:
        return Rotation()
    path = paths.dkim_history(settings.selector_base)
    deleted = tuple(key.path for key in keys.pair(settings, gone)) if gone else ()
    deletions = (HostChange("delete", key, "no mail needs it any more") for key in deleted)
    note = HostChange("note", path, "times of the DKIM keys", _text(before), _text(after))
    return Rotation((*deletions, note), deleted, {path: after})


def _signing_slots(evidence: Evidence, signs: SigningTable) -> set[int | None]:
    """Return the slots of a table's keys; None for a key of another selector."""
    slots = {
        dkim_keys.selector(evidence.settings, slot, name): slot
        for slot in dkim.SLOTS
        for name in dkim.ALGORITHMS
    }
    return {slots.get(key.selector) for table in signs.values() for key in table}


def _history(slots: Slots) -> History:
    return {str(number): slot.times for number, slot in slots.items()}


def _text(history: History) -> str:
    return json.dumps(history, indent=2)
