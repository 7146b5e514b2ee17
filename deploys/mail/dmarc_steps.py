"""
Steps of a DMARC policy by the evidence of reports: `mail_dmarc = "auto"`.

A domain begins with none, and goes on to quarantine and reject. Each step needs days and messages
of reports that have seen the policy of the step before, from several receivers, and nearly no mail
that fails. Time alone takes no step: without reports the policy stays. If mail of the fleet's own
addresses is put aside or refused, the policy goes back by one step.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from .dmarc import POLICIES
from .report_evidence import (
    BACK_DAYS,
    MOST_FAILING,
    much_fails,
    nearly_all_pass,
    newest_is_late,
)
from .report_store import DmarcDay, FailingSource, days_before

LEAST_SENDERS = 2  # one forged sender of reports is not enough
_NAMED = 3


@dataclass(frozen=True)
class NeededEvidence:
    """The days and messages that a step needs."""

    days: int
    messages: int


@dataclass(frozen=True)
class DmarcEvidence:
    """
    Reports on one domain that the hosts have read.

    `own` are the addresses of the fleet, `forgers` the networks whose mail the operator knows as
    forged.
    """

    today: str
    needed: NeededEvidence
    days: tuple[DmarcDay, ...]
    failing: tuple[FailingSource, ...]
    own: tuple[str, ...]
    forgers: tuple[str, ...] = ()

    def step(self, now: int) -> tuple[int, str]:
        """Return the step that follows on the policy in the zone, and the reason."""
        seen = self._since(now)
        if now and (why := self._own_failures(seen)):
            return now - 1, f"{POLICIES[now]} goes back to {POLICIES[now - 1]}: {why}"
        if now == len(POLICIES) - 1:
            return now, ""
        following = POLICIES[now + 1]
        if lacking := self._lacking(seen):
            return now, f"{POLICIES[now]} stays, and {following} follows when {lacking}"
        total = sum(one.messages for one in seen)
        return now + 1, (
            f"{POLICIES[now]} becomes {following}: {len(_days(seen))} days of reports by "
            f"{len(_senders(seen))} receivers on {total} messages are clean"
        )

    def _since(self, now: int) -> list[DmarcDay]:
        """Return the days since the policy has been as it is now, those of a change left out."""
        others = (one.day for one in self.days if one.policy != POLICIES[now])
        changed = max(others, default="")
        return [one for one in self.days if one.policy == POLICIES[now] and one.day > changed]

    def _lacking(self, seen: Collection[DmarcDay]) -> str:
        """Return what the evidence lacks, as the end of a sentence; "" if it suffices."""
        forged = self._sum(seen, self._is_forged)
        total = sum(one.messages for one in seen) - forged
        failing = sum(one.failing for one in seen) - forged
        days, senders = _days(seen), len(_senders(seen))
        if newest := newest_is_late(days, self.today):
            return f"reports come in; {newest}"
        if len(days) < self.needed.days:
            return f"reports are of {self.needed.days} days, now {len(days)}"
        if total < self.needed.messages:
            return f"reports are on {self.needed.messages} messages, now {total}"
        if senders < LEAST_SENDERS:
            return f"{LEAST_SENDERS} receivers report, now {senders}"
        if not nearly_all_pass(failing, total):
            names = self._worst(seen)
            return (
                f"at most one message of {MOST_FAILING} fails, now {failing} of {total}, most of "
                f"{names}; let these sources pass SPF or DKIM, or name them in mail_dmarc_forgers"
            )
        return ""

    def _own_failures(self, seen: Collection[DmarcDay]) -> str:
        """Return why the policy harms own mail, or "" if it does not."""
        recent = [one for one in seen if one.day >= days_before(self.today, BACK_DAYS)]
        failed = self._sum(recent, self.own.__contains__)
        total = sum(one.messages for one in recent)
        if not much_fails(failed, total):
            return ""
        return (
            f"{failed} messages of our own addresses failed in {BACK_DAYS} days, by reports on "
            f"{total}; verify SPF and DKIM"
        )

    def _sum(self, seen: Iterable[DmarcDay], matches: Callable[[str], bool]) -> int:
        places = {(one.day, one.policy) for one in seen}
        return sum(
            one.messages
            for one in self.failing
            if (one.day, one.policy) in places and matches(one.address)
        )

    def _worst(self, seen: Collection[DmarcDay]) -> str:
        places = {(one.day, one.policy) for one in seen}
        counts: dict[str, int] = {}
        for one in self.failing:
            if (one.day, one.policy) in places and not self._is_forged(one.address):
                counts[one.address] = counts.get(one.address, 0) + one.messages
        worst = sorted(counts, key=lambda address: -counts[address])[:_NAMED]
        return ", ".join(address or "other addresses" for address in worst)

    def _is_forged(self, address: str) -> bool:
        return bool(address) and any(
            ip_address(address) in ip_network(network) for network in self.forgers
        )


def _days(seen: Iterable[DmarcDay]) -> set[str]:
    return {one.day for one in seen}


def _senders(seen: Iterable[DmarcDay]) -> set[str]:
    return {sender for one in seen for sender in one.senders}
