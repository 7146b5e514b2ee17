"""
What becomes of a host's DKIM keys in a run, beside their making and their use.

It is done last, when rspamd signs as it shall: keys whose time is over are deleted, which have
been followed by others that every name server knows, and what happened is noted. Where a run dies
before that, the next one sees which keys sign, and that it was not noted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from ...mail import dkim, dkim_rotation
from ...mail.dkim_slots import Slots
from ...mail.settings.model import HostSettings, MailSettings
from ..model.plan import Change
from ..model.state import Existing
from . import keys, signers


@dataclass(frozen=True)
class Turn:
    """What changes, and the request for it."""

    changes: tuple[Change, ...] = ()
    deleted: tuple[str, ...] = ()
    histories: Mapping[str, Any] = field(default_factory=dict)

    @property
    def request(self) -> dict[str, Any]:
        """Return it as the agent takes it."""
        return {"deleted": self.deleted, "histories": self.histories}


def turn(settings: HostSettings, existing: Existing) -> Turn:
    """Return what is due now, as far as the controller sees the records."""
    if not isinstance(settings, MailSettings):
        return Turn()
    slots = keys.slots(settings, existing)
    gone = _deletable(settings, existing, slots)
    later = dkim_rotation.later(
        slots,
        existing.clock,
        signs=_signing(settings, existing),
        seen=signers.relieved(settings, existing),
        revoked=gone,
    )
    paths = [dkim.key_path(settings, gone, name) for name in dkim.ALGORITHMS] if gone else []
    before, after = _history(slots), _history(later)
    path = keys.history_path(settings)
    noted = [Change("note", path, "what signs, and since when", _text(before), _text(after))]
    deletions = (Change("delete", path, "no mail needs it any more") for path in paths)
    if before == after:
        return Turn()
    return Turn((*deletions, *noted), tuple(paths), {path: after})


def waiting(settings: MailSettings, existing: Existing) -> list[str]:
    """Return a sentence for each record that is missing, and for keys that have to wait."""
    slots, now = keys.slots(settings, existing), existing.clock
    reasons = (dkim_rotation.hindrance(settings, slots, now), dkim_rotation.patience(slots, now))
    missing = signers.unpublished(settings, existing)
    return [*missing, *_revocations(settings, existing, slots), *filter(None, reasons)]


def _revocations(settings: MailSettings, existing: Existing, slots: Slots) -> Iterator[str]:
    """Yield what is left to do of keys that this run deletes, where zones are written by hand."""
    gone = _deletable(settings, existing, slots)
    if gone is None or settings.dns is not None:
        return
    for domain, name in product(dkim.signing_domains(settings), dkim.ALGORITHMS):
        home = dkim.home(settings, dkim.selector(settings, gone, name), domain)
        yield f'no mail needs the key at {home} any more; publish: "{dkim.DkimKey(name, "")}"'


def _deletable(settings: MailSettings, existing: Existing, slots: Slots) -> int | None:
    """Return the slot whose time is over, while the keys that sign are seen everywhere."""
    visible = set(keys.records(settings, existing, "current")) <= existing.published
    return dkim_rotation.expired(settings, slots, existing.clock) if visible else None


def _signing(settings: MailSettings, existing: Existing) -> set[int | None]:
    """Return the slots whose keys sign once the run is done; None of keys of another name."""
    slots = {
        dkim.selector(settings, slot, name): slot for slot in dkim.SLOTS for name in dkim.ALGORITHMS
    }
    table = signers.domains(settings, existing)
    return {slots.get(one["selector"]) for how in table.values() for one in how["selectors"]}


def _history(slots: Slots) -> dict[str, dict[str, float]]:
    return {str(number): slot.times for number, slot in slots.items()}


def _text(history: dict[str, dict[str, float]]) -> str:
    return json.dumps(history, indent=2)
