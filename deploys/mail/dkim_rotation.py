"""
DKIM keys over time: made, published, used, retired, revoked.

New keys are made in the slot that is free, and published. They sign once every name server answers
with their records; in a slot that was used before, once resolvers have forgotten its last records
too. The keys before them are retired: their records stay, since mail that they signed may wait in a
queue. After that the records say that the keys are revoked (an empty `p=`, RFC 6376 section 3.6.1),
the keys are deleted and the slot is free. When what happened is kept on the host; a time that lies
ahead of its clock counts from now, so a clock that steps back makes keys wait longer, never
shorter.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

from . import dkim, postfix
from .dkim_slots import Slot, Slots, State, having
from .settings import dkim_keys
from .settings.model import MailSettings

DAY = 86_400.0
# The longest mail_ttl, and an hour for the run in which a record was first seen everywhere.
FORGOTTEN = DAY + 3600
QUEUE = ("maximal_queue_lifetime", "bounce_queue_lifetime")
QUEUE_DEFAULT = 5 * DAY
WHY = {
    "next": "DKIM: a key with which {host} will sign",
    "current": "DKIM: the key with which {host} signs",
    "retired": "DKIM: a key with which {host} has signed mail that may still be on its way",
    "free": "DKIM: no key, since {host} has revoked it or does not need it yet",
}


@dataclass(frozen=True)
class Published:
    """What the record of a selector says, and the state of its slot."""

    selector: str
    text: str
    state: State


def wanted(settings: MailSettings, slots: Slots, now: float) -> tuple[int, ...]:
    """
    Return the slots in which there have to be keys.

    Of keys that sign, one that is lost is not made again but followed: it would sign at once, and
    nobody could find it yet. Until the others are found mail waits.
    """
    current, following, fresh = (having(slots, state) for state in ("current", "next", "free"))
    lost = _lost(slots)
    if following is None and (current is None or lost or not _delay(settings, slots, now)):
        following = fresh
    if lost and following is not None:
        current = None
    return tuple(sorted(number for number in (current, following) if number is not None))


def signer(slots: Slots, now: float, *, ready: bool) -> int | None:
    """Return the slot that signs; `ready` tells that the next keys can do all that is signed."""
    current, following = having(slots, "current"), having(slots, "next")
    # Where keys are lost, mail waits: longer than it may for what hardly a resolver remembers.
    clear = following and (_forgotten(slots[following], now) or _lost(slots))
    if current is None or (ready and clear):
        return following
    return current


def expired(settings: MailSettings, slots: Slots, now: float) -> int | None:
    """Return the slot whose keys no mail on its way needs any more."""
    retired = having(slots, "retired")
    if retired is None or having(slots, "current") is None:
        return None
    return retired if _age(slots[retired].retired, now) > grace(settings) else None


def later(
    slots: Slots, now: float, *, signs: Collection[int | None], seen: bool, revoked: int | None
) -> Slots:
    """
    Return the slots after a step: those that sign now, and one whose keys are deleted.

    + seen: every name server answers with the next keys
    """
    promoted = next((n for n in slots if slots[n].state == "next" and {*signs} == {n}), None)
    return {
        number: Slot(revoked=now)
        if number == revoked
        else _later(number, slot, now, promoted, seen)
        for number, slot in slots.items()
    }


def _later(number: int, slot: Slot, now: float, promoted: int | None, seen: bool) -> Slot:  # noqa: FBT001 - one of several facts
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
    """Yield what the record of every selector of a host says."""
    gone = expired(settings, slots, now)
    for (number, slot), algorithm in product(sorted(slots.items()), dkim.ALGORITHMS):
        state: State = "free" if number == gone else slot.state
        public = "" if state == "free" else slot.public.get(algorithm)
        used = slot.revoked is not None or number == gone
        if public or (state == "free" and (used or settings.dkim_cname)):
            text = str(dkim.DkimKey(algorithm, public or ""))
            yield Published(dkim_keys.selector(settings, number, algorithm), text, state)


def grace(settings: MailSettings) -> float:
    """Return how long (seconds) retired keys stay published: a queue's lifetime, and a TTL."""
    given = (postfix.seconds(settings.postfix_value(name)) for name in QUEUE)
    # An expression of the operator's is not evaluated here; the default stands in for it.
    return max(QUEUE_DEFAULT if lifetime is None else lifetime for lifetime in given) + DAY


def hindrance(settings: MailSettings, slots: Slots, now: float) -> str:
    """Say why a rotation that is asked for at once does not begin; nothing where it may."""
    current, retired = having(slots, "current"), having(slots, "retired")
    if settings.dkim_rotate != "now" or current is None or having(slots, "next"):
        return ""
    if retired:
        return (
            "mail_dkim_rotate: a new rotation begins when the keys of the last one may be deleted, "
            f"after {_date((slots[retired].retired or now) + grace(settings))}"
        )
    if not _delay(settings, slots, now):
        return ""
    since = _date(slots[current].signing or now)
    return f"mail_dkim_rotate: the keys sign since {since} only; take new ones a day later"


def patience(slots: Slots, now: float) -> str:
    """Say until when keys wait in a slot that was used before; nothing where none do."""
    following = having(slots, "next")
    since = slots[following].seen if following else None
    if since is None or _age(since, now) >= FORGOTTEN:
        return ""
    return (
        "the next keys are published, and resolvers may remember what was there before; the first "
        f"run after {_date(since + FORGOTTEN)} lets them sign"
    )


def _lost(slots: Slots) -> bool:
    """Tell whether a key that signs is not there any more."""
    current = having(slots, "current")
    return current is not None and len(slots[current].public) < len(dkim.ALGORITHMS)


def _delay(settings: MailSettings, slots: Slots, now: float) -> bool:
    """Tell whether the keys that sign are too young to be followed by others."""
    current = having(slots, "current")
    if current is None or not settings.dkim_rotate:
        return True
    # At once, but not twice: the same run again a day later is meant, an hour later it is not.
    days = 1 if settings.dkim_rotate == "now" else int(settings.dkim_rotate.removesuffix("d"))
    return _age(slots[current].signing, now) < days * DAY


def _forgotten(slot: Slot, now: float) -> bool:
    return slot.revoked is None or (slot.seen is not None and _age(slot.seen, now) >= FORGOTTEN)


def _age(since: float | None, now: float) -> float:
    return max(0.0, now - (now if since is None else since))


def _date(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")
