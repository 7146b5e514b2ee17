"""
The two slots of a host for its DKIM keys, as they are at a moment.

Each is in one state. `free`: there is no key. `next`: keys are made and published, and sign nothing
yet. `current`: they sign. `retired`: the keys of the other slot sign instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

State = Literal["free", "next", "current", "retired"]


@dataclass(frozen=True)
class Slot:
    """What is public of a slot's keys, and when what happened to them (seconds, host's clock)."""

    public: Mapping[str, str] = field(default_factory=dict)  # by algorithm
    seen: float | None = None  # on every name server, since
    signing: float | None = None
    retired: float | None = None
    revoked: float | None = None  # the keys that were here before

    @property
    def state(self) -> State:
        """Return what the slot is good for."""
        if self.retired is not None:
            return "retired"
        if self.signing is not None:
            return "current"
        return "next" if self.public else "free"

    @property
    def times(self) -> dict[str, float]:
        """Return when what happened, as the host keeps it."""
        named = {name: getattr(self, name) for name in TIMES}
        return {name: time for name, time in named.items() if time is not None}


Slots = Mapping[int, Slot]
TIMES = tuple(each.name for each in fields(Slot) if each.name != "public")


def having(slots: Slots, state: State) -> int | None:
    """Return the slot that is in a state, the first if both are."""
    return next((number for number in sorted(slots) if slots[number].state == state), None)
