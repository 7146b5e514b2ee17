"""
Rotation of DKIM keys: made, published, used, retired, revoked.

New keys are made in the free slot and published. They sign once every name server answers with
their records; in a slot that had keys before, also no resolver may cache the old records. The keys
before them are retired: their records stay, because mail that they signed may wait in a queue. Then
the records revoke the keys (an empty `p=`, RFC 6376 section 3.6.1), the keys are deleted and the
slot is free. The host keeps the times of these events. A time in the future counts from now, so a
clock that steps back makes keys wait longer, never shorter.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

from . import dkim, postfix
from .dkim_slots import Slot, Slots, State, slot_in
from .settings import dkim_keys
from .settings.model import MailSettings

DAY = 86_400.0
# The longest mail_ttl, and an hour for the run that first found the record on every server.
UNCACHED = DAY + 3600
WHY = {
    "next": "DKIM: the next key of {host}",
    "current": "DKIM: the key that {host} signs with",
    "retired": "DKIM: an earlier key of {host}; mail that it signed may be on its way",
    "free": "DKIM: no key; {host} has revoked it or does not need it yet",
}


@dataclass(frozen=True)
class Published:
    """Record of a selector, and the state of its slot."""

    selector: str
    text: str
    state: State


def slots_with_keys(settings: MailSettings, slots: Slots, now: float) -> tuple[int, ...]:
    """
    Return the slots that must have keys.

    A lost key that signs is not made again, because it would sign at once, before its record is
    published. Next keys are made instead, and mail waits until their records are found.
    """
    current, following, fresh = (slot_in(slots, state) for state in ("current", "next", "free"))
    lost = _lost(slots)
    if following is None and (current is None or lost or not _delay(settings, slots, now)):
        following = fresh
    if lost and following is not None:
        current = None
    return tuple(sorted(number for number in (current, following) if number is not None))


def signing_slot(slots: Slots, now: float, *, ready: bool) -> int | None:
    """Return the slot that signs; `ready` tells that the next keys may sign for all domains."""
    current, following = slot_in(slots, "current"), slot_in(slots, "next")
    # Where keys are lost, mail waits: then an old record in some cache is the smaller harm.
    clear = following and (_uncached(slots[following], now) or _lost(slots))
    if current is None or (ready and clear):
        return following
    return current


def expired_slot(settings: MailSettings, slots: Slots, now: float) -> int | None:
    """Return the retired slot whose keys no mail on its way needs any more."""
    retired = slot_in(slots, "retired")
    if retired is None or slot_in(slots, "current") is None:
        return None
    return retired if _age(slots[retired].retired, now) > grace(settings) else None


def slots_after(
    slots: Slots, now: float, *, signs: Collection[int | None], seen: bool, revoked: int | None
) -> Slots:
    """
    Return the slots after a run: `signs` are those that sign, `revoked` is one without keys now.

    `seen` tells that every name server answers with the next keys.
    """
    promoted = next((n for n in slots if slots[n].state == "next" and {*signs} == {n}), None)
    return {
        number: Slot(revoked=now)
        if number == revoked
        else _slot_after(number, slot, now, promoted, seen)
        for number, slot in slots.items()
    }


def _slot_after(number: int, slot: Slot, now: float, promoted: int | None, seen: bool) -> Slot:  # noqa: FBT001 - one of several facts
    slot = Slot(slot.public, **{name: min(time, now) for name, time in slot.times.items()})
    if number == promoted:
        return Slot(slot.public, signing=now)
    if promoted and slot.state == "current":
        return replace(slot, retired=now)
    if slot.state == "next" and slot.revoked is not None:
        since = now if slot.seen is None else slot.seen
        return replace(slot, seen=since if seen else None)
    return slot


def published(settings: MailSettings, slots: Slots, now: float) -> Iterator[Published]:
    """Yield the record of every selector of a host."""
    gone = expired_slot(settings, slots, now)
    for (number, slot), algorithm in product(sorted(slots.items()), dkim.ALGORITHMS):
        state: State = "free" if number == gone else slot.state
        public = "" if state == "free" else slot.public.get(algorithm)
        used = slot.revoked is not None or number == gone
        if public or (state == "free" and (used or settings.dkim_cname)):
            text = str(dkim.DkimKey(algorithm, public or ""))
            yield Published(dkim_keys.selector(settings, number, algorithm), text, state)


def grace(settings: MailSettings) -> float:
    """Return the seconds for which retired keys stay published: a queue's lifetime, and a TTL."""
    given = (postfix.seconds(settings.postfix_value(name)) for name in postfix.QUEUE_LIFETIMES)
    # An expression of the operator's is not evaluated here; the default is used instead.
    return (
        max(postfix.QUEUE_DAYS * DAY if lifetime is None else lifetime for lifetime in given) + DAY
    )


def rotation_notice(settings: MailSettings, slots: Slots, now: float) -> str:
    """Return the reason why mail_dkim_rotate = "now" starts no rotation; "" where it does."""
    current, retired = slot_in(slots, "current"), slot_in(slots, "retired")
    if settings.dkim_rotate != "now" or current is None or slot_in(slots, "next"):
        return ""
    if retired:
        return (
            "mail_dkim_rotate: a new rotation can start once the keys of the last one are deleted, "
            f"after {_date((slots[retired].retired or now) + grace(settings))}"
        )
    if not _delay(settings, slots, now):
        return ""
    since = _date(slots[current].signing or now)
    return f"mail_dkim_rotate: the keys sign only since {since}; a rotation can start one day later"


def cache_notice(slots: Slots, now: float) -> str:
    """Return the time until which next keys wait for caches; "" where none do."""
    following = slot_in(slots, "next")
    since = slots[following].seen if following else None
    if since is None or _age(since, now) >= UNCACHED:
        return ""
    return (
        "the next keys are published, and resolvers may still cache earlier records of that name; "
        f"the first run after {_date(since + UNCACHED)} signs with them"
    )


def lost_notice(settings: MailSettings, slots: Slots) -> str:
    """Return the keys that sign and are missing, and what mail waits for; "" where none are."""
    current = slot_in(slots, "current")
    if current is None or not _lost(slots):
        return ""
    missing = [name for name in dkim.ALGORITHMS if name not in slots[current].public]
    files = " and ".join(dkim_keys.path(settings, current, name) for name in missing)
    todo = "publish the records of the next keys" if settings.dns is None else "run deploys/site.py"
    return (
        f"{files} signed and cannot be read, so outgoing mail waits until every name server has "
        f"the records of the next keys: {todo}, or put back the file from a backup"
    )


def _lost(slots: Slots) -> bool:
    """Tell whether a key that signs is missing."""
    current = slot_in(slots, "current")
    return current is not None and len(slots[current].public) < len(dkim.ALGORITHMS)


def _delay(settings: MailSettings, slots: Slots, now: float) -> bool:
    """Tell whether the keys that sign are too young for a rotation."""
    current = slot_in(slots, "current")
    if current is None or not settings.dkim_rotate:
        return True
    # "now" stays in the inventory: a run within a day does not rotate again.
    days = 1 if settings.dkim_rotate == "now" else int(settings.dkim_rotate.removesuffix("d"))
    return _age(slots[current].signing, now) < days * DAY


def _uncached(slot: Slot, now: float) -> bool:
    return slot.revoked is None or (slot.seen is not None and _age(slot.seen, now) >= UNCACHED)


def _age(since: float | None, now: float) -> float:
    return max(0.0, now - (now if since is None else since))


def _date(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")
