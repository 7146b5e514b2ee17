"""Keys over months: which are made, which sign, which stay published, and when they go."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from deploys.mail import dkim_rotation
from deploys.mail.dkim import is_revoked
from deploys.mail.dkim_rotation import DAY, UNCACHED, signing_slot, slots_after, slots_with_keys
from deploys.mail.dkim_slots import Slot, Slots
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings

KEYS = {"rsa": "MIIB", "ed25519": "AAAA"}
NOW = 1000 * DAY
LOST = Slot({"rsa": "MIIB"}, signing=NOW)
FREE, USED = Slot(), Slot(revoked=NOW - 100 * DAY)
NEXT, WAITING = Slot(KEYS), Slot(KEYS, revoked=NOW - 100 * DAY)
SEEN = Slot(KEYS, revoked=NOW - 100 * DAY, seen=NOW - UNCACHED)


def settings(rotate: str = "", **own: Any) -> MailSettings:
    data = {"mail_hostname": "mx1.harbor.example", "mail_addresses": ["203.0.113.11"]}
    return fleet_from({"mx1": data | {"mail_dkim_rotate": rotate} | own}, {}).hosts[0]


def current(days: float) -> Slot:
    """Return keys that have signed for so many days."""
    return Slot(KEYS, signing=NOW - days * DAY)


def retired(days: float) -> Slot:
    """Return keys that have not signed for so many days."""
    return Slot(KEYS, signing=NOW - 400 * DAY, retired=NOW - days * DAY)


@pytest.mark.parametrize(
    ("rotate", "first", "second", "slots"),
    [
        ("", FREE, FREE, (1,)),
        ("", NEXT, FREE, (1,)),
        ("", current(4000), FREE, (1,)),
        ("180d", current(179), FREE, (1,)),
        ("180d", current(180), FREE, (1, 2)),
        ("180d", current(180), USED, (1, 2)),
        ("180d", current(180), retired(5), (1,)),  # the slot is not free yet
        ("180d", current(-3), FREE, (1,)),  # the clock stepped back
        ("", current(10), NEXT, (1, 2)),  # what has begun goes on, whatever is asked for
        ("now", current(1), FREE, (1, 2)),
        ("now", current(0.1), FREE, (1,)),  # the same run again
        ("now", current(0.1), retired(0.1), (1,)),
        ("now", FREE, FREE, (1,)),
        ("now", NEXT, FREE, (1,)),
        ("now", USED, current(30), (1, 2)),
        ("", LOST, FREE, (2,)),  # made again it would sign before anybody can find it
        ("", LOST, NEXT, (2,)),
        ("", LOST, retired(1), (1,)),
    ],
)
def test_keys_are_made_when_it_is_time_and_a_slot_is_free(
    rotate: str, first: Slot, second: Slot, slots: tuple[int, ...]
) -> None:
    assert slots_with_keys(settings(rotate), {1: first, 2: second}, NOW) == slots


@pytest.mark.parametrize(
    ("first", "second", "ready", "signing"),
    [
        (FREE, FREE, False, None),
        (NEXT, FREE, False, 1),  # the first keys of a host sign one by one, as they are seen
        (current(1), FREE, False, 1),
        (current(1), NEXT, False, 1),
        (current(1), NEXT, True, 2),
        (current(1), WAITING, True, 1),
        (current(1), replace(SEEN, seen=NOW - DAY), True, 1),
        (current(1), SEEN, True, 2),
        (LOST, WAITING, True, 2),  # mail waits for it
        (LOST, WAITING, False, 1),
        (current(1), SEEN, False, 1),  # the record was taken away again
        (retired(1), current(1), False, 2),
    ],
)
def test_keys_sign_once_every_server_has_their_records(
    first: Slot, second: Slot, signing: int | None, *, ready: bool
) -> None:
    assert signing_slot({1: first, 2: second}, NOW, ready=ready) == signing


@pytest.mark.parametrize(
    ("own", "days", "over"),
    [
        ({}, 5.9, False),
        ({}, 6.1, True),
        ({"maximal_queue_lifetime": "10d"}, 10.9, False),
        ({"maximal_queue_lifetime": "10d"}, 11.1, True),
        ({"maximal_queue_lifetime": "1d"}, 5.9, False),  # a bounce waits longer
        ({"maximal_queue_lifetime": "36h", "bounce_queue_lifetime": "1"}, 2.6, True),
        ({"maximal_queue_lifetime": "$bounce_queue_lifetime"}, 6.1, True),
        ({}, -1, False),
    ],
)
def test_retired_keys_stay_for_as_long_as_mail_may_wait_and_a_day(
    own: dict[str, str], days: float, *, over: bool
) -> None:
    chosen = settings(mail_postfix_main=own)
    slots = {1: retired(days), 2: current(days)}

    assert dkim_rotation.expired_slot(chosen, slots, NOW) == (1 if over else None)
    texts = {one.selector: one.text for one in dkim_rotation.published(chosen, slots, NOW)}
    assert is_revoked(texts["mx1-rsa"]) is over
    assert texts["mx1-2-rsa"] == "v=DKIM1; k=rsa; p=MIIB"


def test_keys_that_nothing_has_followed_never_expire() -> None:
    assert dkim_rotation.expired_slot(settings(), {1: retired(900), 2: NEXT}, NOW) is None


@pytest.mark.parametrize(
    ("first", "second", "states"),
    [
        (NEXT, FREE, ["next", "next"]),
        (current(1), NEXT, ["current", "current", "next", "next"]),
        (retired(1), current(1), ["retired", "retired", "current", "current"]),
        (USED, current(9), ["free", "free", "current", "current"]),
        (replace(NEXT, public={"rsa": "MIIB"}), FREE, ["next"]),  # a run was killed in between
    ],
)
def test_current_next_and_retired_keys_are_published_and_revoked_ones_are_empty(
    first: Slot, second: Slot, states: list[str]
) -> None:
    found = list(dkim_rotation.published(settings(), {1: first, 2: second}, NOW))

    assert [one.state for one in found] == states
    assert [is_revoked(one.text) for one in found] == [state == "free" for state in states]


def test_a_delegated_domain_has_a_record_at_every_name_from_the_first_day() -> None:
    told = settings(mail_dkim_cname="keys.example.net")
    found = [one.selector for one in dkim_rotation.published(told, {1: NEXT, 2: FREE}, NOW)]

    assert found == ["mx1-rsa", "mx1-ed25519", "mx1-2-rsa", "mx1-2-ed25519"]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (current(2), FREE, ""),
        (current(2), NEXT, ""),
        (FREE, FREE, ""),
        (current(0.5), FREE, "the keys sign only since 1972-09-26 12:00 UTC"),
        (current(2), retired(2), "are deleted, after 1972-10-01 00:00 UTC"),
    ],
)
def test_a_rotation_that_does_not_begin_at_once_says_why(
    first: Slot, second: Slot, said: str
) -> None:
    sentence = dkim_rotation.rotation_notice(settings("now"), {1: first, 2: second}, NOW)

    assert said in sentence
    assert bool(said) is bool(sentence)


def test_keys_that_wait_for_caches_say_until_when() -> None:
    seen = replace(WAITING, seen=NOW)

    assert "run after 1972-09-28 01:00 UTC" in dkim_rotation.cache_notice(
        {1: current(1), 2: seen}, NOW
    )
    assert dkim_rotation.cache_notice({1: current(1), 2: SEEN}, NOW) == ""
    assert dkim_rotation.cache_notice({1: current(1), 2: WAITING}, NOW) == ""


def test_times_ahead_of_the_clock_count_from_now_and_change_no_state() -> None:
    slots = {1: retired(-500), 2: current(-500)}

    steadied = slots_after(slots, NOW, signs={2}, seen=False, revoked=None)

    assert [steadied[n].state for n in (1, 2)] == ["retired", "current"]
    assert steadied[1].retired == steadied[2].signing == NOW


@dataclass
class Host:
    """A host, its zone and the mail that it has sent, in a world where runs die."""

    settings: MailSettings
    now: float = NOW
    slots: dict[int, Slot] = field(default_factory=lambda: {1: FREE, 2: FREE})
    signs: int | None = None  # what rspamd's table says
    records: dict[str, tuple[str, float]] = field(default_factory=dict)  # text, and since when
    cached: dict[str, list[tuple[str, float]]] = field(default_factory=dict)  # texts of before
    lost: frozenset[str] = frozenset()  # names at which no record ever appears
    made: int = 0
    sent: list[tuple[float, int, str]] = field(default_factory=list)

    def run(self, dies_after: int = 99) -> None:
        """Take the steps of a run, and no more of them than it lives for."""
        steps = (self._make, self._publish, self._sign, self._turn)
        for step in steps[:dies_after]:
            step()

    def _make(self) -> None:
        for number in slots_with_keys(self.settings, self.slots, self.now):
            if not self.slots[number].public:
                self.made += 1
                key = {"rsa": f"key{self.made}", "ed25519": f"key{self.made}"}
                self.slots[number] = replace(self.slots[number], public=key)

    def _publish(self) -> None:
        for one in dkim_rotation.published(self.settings, self.slots, self.now):
            before, _ = self.records.get(one.selector, ("", 0))
            if one.selector not in self.lost and before != one.text:
                self.cached.setdefault(one.selector, []).append((before, self.now))
                self.records[one.selector] = (one.text, self.now)

    def _seen(self, number: int) -> bool:
        name = "mx1-rsa" if number == 1 else "mx1-2-rsa"
        return self.records.get(name, ("", 0))[0].endswith(f"p={self.key(number)}")

    def key(self, number: int) -> str:
        return self.slots[number].public.get("rsa", "none")

    def _ready(self) -> bool:
        following = next((n for n in self.slots if self.slots[n].state == "next"), None)
        return following is not None and (following == self.signs or self._seen(following))

    def _sign(self) -> None:
        chosen = signing_slot(self.slots, self.now, ready=self._ready())
        if chosen and (chosen == self.signs or self._seen(chosen)):
            self.signs = chosen

    def _turn(self) -> None:
        gone = dkim_rotation.expired_slot(self.settings, self.slots, self.now)
        signs = {self.signs} - {None}
        self.slots = dict(
            slots_after(self.slots, self.now, signs=signs, seen=self._ready(), revoked=gone)
        )

    def send(self) -> None:
        if self.signs:
            name = "mx1-rsa" if self.signs == 1 else "mx1-2-rsa"
            self.sent.append((self.now, self.signs, self.key(self.signs)))
            assert self.key(self.signs) != "none", "a key that signs was deleted"
            for text in self.answers(name):
                assert text.endswith(f"p={self.key(self.signs)}"), "a resolver knows another key"

    def answers(self, name: str) -> Iterator[str]:
        """Yield what resolvers may say of a name: of what was there, for a TTL of a day."""
        yield self.records[name][0]
        # Where there was no record, nobody has asked for one.
        past = self.cached.get(name, [])
        yield from (text for text, until in past if text and self.now - until < DAY)

    def assert_queued_mail_verifies(self) -> None:
        """Assert that what was sent in the last five days can still be verified."""
        self.sent = [one for one in self.sent if self.now - one[0] <= 5 * DAY]
        for _, number, key in self.sent:
            name = "mx1-rsa" if number == 1 else "mx1-2-rsa"
            assert self.records[name][0].endswith(f"p={key}")


@pytest.mark.parametrize("seed", range(20))
def test_through_two_years_of_missed_and_killed_runs_every_message_verifies(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a story, no secret
    host = Host(settings(chance.choice(["1d", "30d", "90d", "now"])))
    for _ in range(3 * 730):
        host.now += DAY / 3
        if chance.random() < 0.4:
            host.run(dies_after=chance.choice([0, 1, 2, 3, 99, 99]))
        host.send()
        host.assert_queued_mail_verifies()

    assert host.made > 6, "keys were rotated"
    assert host.made <= 730 / 6, "but not all the time"


def test_a_record_that_never_appears_leaves_the_keys_of_before_in_use() -> None:
    host = Host(settings("30d"))
    host.run()
    host.lost = frozenset({"mx1-2-rsa"})
    for _ in range(300):
        host.now += DAY
        host.run()
        host.send()
        host.assert_queued_mail_verifies()

    assert (host.signs, host.made) == (1, 2)
    host.lost = frozenset()
    host.run()
    assert host.signs == 2


def test_a_clock_that_steps_back_delays_and_never_breaks() -> None:
    host = Host(settings("30d"))
    for day in range(700):
        host.now += DAY
        if day in (45, 210, 400):
            host.now -= 300 * DAY
            host.sent.clear()
            host.cached.clear()
        host.run()
        host.send()
        host.assert_queued_mail_verifies()

    assert host.made > 10


def test_the_same_run_again_and_again_rotates_once() -> None:
    host = Host(settings("now"))
    host.run()
    host.now += 2 * DAY
    for _ in range(50):
        host.now += 600
        host.run()

    assert (host.made, host.signs) == (2, 2)


def test_a_run_that_finds_everything_done_changes_nothing() -> None:
    slots: Slots = {1: USED, 2: current(9)}

    assert slots_after(slots, NOW, signs={2}, seen=False, revoked=None) == slots


@pytest.mark.parametrize(
    ("first", "second", "signs", "seen", "result"),
    [
        (NEXT, FREE, {1}, True, (Slot(KEYS, signing=NOW), FREE)),
        (NEXT, FREE, set(), False, (NEXT, FREE)),
        (current(9), NEXT, {1}, True, (current(9), NEXT)),
        (current(9), NEXT, {1, 2}, True, (current(9), NEXT)),  # some mail needs the old ones
        (current(9), NEXT, {2, None}, True, (current(9), NEXT)),  # or those of another name
        (current(9), NEXT, {2}, True, (replace(current(9), retired=NOW), Slot(KEYS, signing=NOW))),
        (current(9), WAITING, {1}, True, (current(9), replace(WAITING, seen=NOW))),
        (current(9), SEEN, {1}, True, (current(9), SEEN)),
        (current(9), SEEN, {1}, False, (current(9), WAITING)),
        (current(9), SEEN, {2}, True, (replace(current(9), retired=NOW), Slot(KEYS, signing=NOW))),
    ],
)
def test_each_event_is_noted_once(
    first: Slot, second: Slot, signs: set[int | None], result: tuple[Slot, Slot], *, seen: bool
) -> None:
    after = slots_after({1: first, 2: second}, NOW, signs=signs, seen=seen, revoked=None)

    assert (after[1], after[2]) == result


def test_a_slot_with_deleted_keys_is_free_and_notes_its_use() -> None:
    after = slots_after({1: retired(9), 2: current(9)}, NOW, signs={2}, seen=False, revoked=1)

    assert after[1] == Slot(revoked=NOW)
