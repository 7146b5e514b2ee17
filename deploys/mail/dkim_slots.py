"""
The two slots of a host for its DKIM keys.

A slot has one state. `free`: it has no keys. `next`: its keys are published and do not sign yet.
`current`: its keys sign. `retired`: the keys of the other slot sign instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

State = Literal["free", "next", "current", "retired"]


@dataclass(frozen=True)
class Slot:
    """Public keys of a slot, and the times of their events (seconds, host's clock)."""

    public: Mapping[str, str] = field(default_factory=dict)  # by algorithm
    seen: float | None = None  # on every name server
    signing: float | None = None
    retired: float | None = None
    revoked: float | None = None  # the keys before them

    @property
    def state(self) -> State:
        """Return the state of the slot."""
        if self.retired is not None:
            return "retired"
        if self.signing is not None:
            return "current"
        return "next" if self.public else "free"

    @property
    def times(self) -> dict[str, float]:
        """Return the times of the events, as the host keeps them."""
        named = {name: getattr(self, name) for name in TIMES}
        return {name: time for name, time in named.items() if time is not None}


Slots = Mapping[int, Slot]
TIMES = tuple(each.name for each in fields(Slot) if each.name != "public")


def slot_in(slots: Slots, state: State) -> int | None:
    """Return the number of the first slot in a state; None without one."""
    return next((number for number in sorted(slots) if slots[number].state == state), None)
