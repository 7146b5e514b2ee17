"""Answers to Postfix, and the state that survives a restart."""

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from ..programs.socketmap import LookupFailure
from .log import PREFIX, Result
from .membership import Membership
from .pace import MESSAGES_A_MINUTE, Pace
from .plan_day import moment
from .warmup import Warmup

RECEIVERS, PACED = "receivers", "paced"
UNKNOWN = "the MX hosts of this domain are not known yet"
WAIT = "wait"
FULL = "the warm-up has no room now for receivers of group"


@dataclass
class Tables:
    """Tables `receivers` and `paced`, with the pace of each group."""

    membership: Membership
    state: Path
    slowed: Path  # touched when a group begins to be slowed
    warmup: Warmup | None = None
    rest: str = ""  # transport of mail that the warm-up has no room for; "": that of its group
    paces: dict[str, Pace] = field(default_factory=dict)
    _saved: str = ""
    _asked: object = None  # the date and the pauses by which Postfix has asked

    async def answer(self, table: str, key: str, now: float) -> str | None:
        """
        Return the transport of a recipient by a table; the domain of the recipient is enough.

        Raise LookupFailure while nothing is known of the domain.
        """
        domain = key.rpartition("@")[2].lower().rstrip(".")
        if not domain or domain[0] in ".*":
            return None
        group = await self.membership.group(domain)
        if group is None:
            raise LookupFailure(UNKNOWN)
        return self._paced(group, key, now) if table == PACED else f"{PREFIX}{group}:"

    def _paced(self, group: str, recipient: str, now: float) -> str:
        """Return the transport of a message, or the reason for which it waits."""
        if new := self._new_way(group, recipient, now):
            return new
        if self.rest:
            return f"retry:4.7.1 {FULL} {group}" if self.rest == WAIT else self.rest
        if self._passes(group, now):
            return f"{PREFIX}{group}:"
        most = MESSAGES_A_MINUTE[self.paces[group].step]
        return f"retry:4.4.5 receivers of group {group} defer mail: at most {most} a minute pass"

    def _new_way(self, group: str, recipient: str, now: float) -> str:
        """Return the transport of a new address that has room for a message; "" if none has."""
        if not self.warmup or "@" not in recipient:
            return ""
        for plan in self.warmup.plans:
            way = f"{plan.prefix}{group}"
            if self._passes(way, now) and self.warmup.grants(plan, group, recipient, moment(now)):
                return f"{way}:"
        return ""

    def _passes(self, way: str, now: float) -> bool:
        self._move(way, now)
        pace = self.paces.get(way)
        return pace is None or pace.passes(now)

    def note(self, result: Result, now: float) -> None:
        """Note the result of one message."""
        pace = self.paces.setdefault(result.way, Pace())
        before = pace.step
        pace.note(now, deferred=result.deferred, text=result.text)
        self._tell(result.way, before)

    def move(self, now: float) -> None:
        """Let every group that is slowed go its next step, when it is time."""
        for group in self.paces:
            self._move(group, now)

    def renew(self, now: float) -> None:
        """Let Postfix ask again for all mail when a date, or a pause of the warm-up, has begun."""
        if not self.warmup:
            return
        asked = (moment(now).date, self.warmup.pauses())
        if self._asked not in (None, asked):
            self.slowed.touch()
        self._asked = asked

    def load(self) -> None:
        """Read the last good state; without one, or with a broken one, begin anew."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            stored = json.loads(self.state.read_text())
            self.membership.remember(stored["domains"])
            for group, (step, since, reason) in stored["slowed"].items():
                known = group.rpartition("-")[2] in self.membership.groups
                if known and 0 < step < len(MESSAGES_A_MINUTE):
                    self.paces[group] = Pace(step, since, reason)

    def save(self) -> None:
        """Write the state, whole or not at all."""
        paces = self.paces.items()
        slowed = {group: (one.step, one.since, one.reason) for group, one in paces if one.step}
        text = json.dumps({"domains": self.membership.known, "slowed": slowed})
        if text == self._saved:
            return
        new = self.state.with_suffix(".new")
        with new.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.state)
        self._saved = text

    def _move(self, group: str, now: float) -> None:
        if pace := self.paces.get(group):
            before = pace.step
            pace.move(now)
            self._tell(group, before)

    def _tell(self, group: str, before: int) -> None:
        """Log a changed step; when a group begins to be slowed, Postfix asks for all mail again."""
        pace = self.paces[group]
        if pace.step == before:
            return
        most = MESSAGES_A_MINUTE[pace.step]
        now = f"slowed to {most} messages a minute" if most else "no longer slowed"
        print(f"group {group} is {now}; last deferral: {pace.reason}", flush=True)  # noqa: T201 - its log
        if not before:
            self.slowed.touch()
        self.save()
