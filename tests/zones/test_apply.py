"""Failures of an apply: half-done writes, lost changes, limits."""

from collections.abc import Callable
from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.zones.apply import apply
from deploys.zones.limits import Limits
from deploys.zones.plan import ZonePlan
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.scenario import fleet_of, planned, published

FLEET = fleet_of(HARBOR, 1)
MX, DMARC = (HARBOR, "MX"), (f"_dmarc.{HARBOR}", "TXT")


def provider(zone: RecordSets, kind: type[MemoryProvider] = MemoryProvider) -> Provider:
    served(harbor=zone)
    return Provider("memory", kind("test", "memory"))


class Refusing(MemoryProvider):
    """Accepts the first record sets of a change and then refuses one."""

    takes = 0
    broken = True

    def _apply(self, plan: Any) -> None:
        changes, plan.changes = plan.changes, plan.changes[: self.takes if self.broken else None]
        super()._apply(plan)
        if len(changes) > len(plan.changes):
            raise ValueError(f"no {changes[self.takes].record.name!r} here")


def refusing(zone: RecordSets, takes: int) -> Provider:
    source = provider(zone, Refusing)
    source.octodns.takes = takes
    return source


def test_a_refused_record_set_is_reported_with_those_that_were_written() -> None:
    zone = harbor()
    source = refusing(zone, 3)

    with pytest.raises(MailError) as error:
        apply(planned(source, HARBOR, FLEET))

    assert str(error.value) == (
        "harbor.example: memory fails with ValueError: no 'mx1' here; 3 of 11 record sets were "
        "written (MX harbor.example, TXT _dmarc.harbor.example, TXT _pyinfra-mail.harbor.example); "
        "run again to write the others"
    )


@pytest.mark.parametrize("takes", range(10))
def test_the_next_run_completes_a_half_done_write(takes: int) -> None:
    zone = harbor()
    source = refusing(zone, takes)
    with pytest.raises(MailError):
        apply(planned(source, HARBOR, FLEET))
    source.octodns.broken = False

    whole = harbor()
    published(source, HARBOR, FLEET)
    published(provider(whole), HARBOR, FLEET)

    assert {key: zone[key] for key in whole if "_pyinfra" not in key[0]} == {
        key: whole[key] for key in whole if "_pyinfra" not in key[0]
    }


def test_a_half_done_write_is_marked_as_far_as_it_went() -> None:
    zone = harbor()
    with pytest.raises(MailError, match="2 of 11 record sets were written"):
        apply(planned(refusing(zone, 2), HARBOR, FLEET))

    marks = [text.split()[1] for text in zone[f"_pyinfra-mail.{HARBOR}", "TXT"][1]]
    assert sorted(marks) == ["MX", "TXT", "host"]


def on_read(result: ZonePlan, edit: Callable[[], object]) -> None:
    """Edit once between our write and our next reading."""
    octodns, edits = result.provider.octodns, iter([edit])
    octodns.calls.clear()
    octodns.interrupt = lambda call: (
        next(edits, str)() if call == "read" and "write" in octodns.calls else None
    )


@pytest.mark.parametrize(
    "lost",
    [
        lambda zone: zone.pop(MX),
        lambda zone: zone.update({DMARC: (60, ('"v=DMARC1"',))}),
        lambda zone: zone.update({(HARBOR, "TXT"): harbor()[HARBOR, "TXT"]}),
    ],
)
def test_all_record_sets_are_restored_if_a_provider_loses_one(
    lost: Callable[[RecordSets], object],
) -> None:
    zone = harbor()
    result = planned(provider(zone), HARBOR, FLEET)
    on_read(result, lambda: lost(zone))

    with pytest.raises(MailError, match=r"memory accepted .* without an error .* are as before"):
        apply(result)

    zone.pop(DMARC, None) if zone.get(DMARC, (0,))[0] == 60 else None
    assert zone == harbor()


def test_a_record_set_changed_by_others_is_not_restored() -> None:
    zone = harbor()
    result = planned(provider(zone), HARBOR, FLEET)
    on_read(result, lambda: zone.update({MX: (60, ("5 mx.faraway.example.",))}))

    with pytest.raises(MailError, match=r"but harbor\.example: somebody has changed MX"):
        apply(result)

    assert zone == harbor() | {MX: (60, ("5 mx.faraway.example.",))}


def test_a_deletion_that_a_provider_ignores_is_reported() -> None:
    zone = harbor()
    source = provider(zone)
    published(source, HARBOR, fleet_of(HARBOR, 1, 2))
    result = planned(source, HARBOR, FLEET)
    gone = zone["mx2.harbor.example", "A"]
    on_read(result, lambda: zone.update({("mx2.harbor.example", "A"): gone}))

    with pytest.raises(MailError, match=r"the deletion of A mx2\.harbor\.example .* still has it"):
        apply(result)


LIMITS = [
    (0, 9, "would update 1 record sets (MX harbor.example), but mail_zone_updates allows 0"),
    (9, 5, "would delete 7 record sets (A mx2.harbor.example, AAAA mx2.harbor.example, TXT mx2."),
]


@pytest.mark.parametrize(("updates", "deletes", "words"), LIMITS)
def test_a_plan_over_the_limits_is_refused_with_the_numbers(
    updates: int, deletes: int, words: str
) -> None:
    source = provider(harbor())
    published(source, HARBOR, fleet_of(HARBOR, 1, 2))
    result = planned(source, HARBOR, FLEET)

    with pytest.raises(MailError) as error:
        Limits(updates, deletes).require(HARBOR, result.changes)

    assert words in str(error.value)
    Limits(1, 7).require(HARBOR, result.changes)


class Remembering(MemoryProvider):
    """Keeps what it has read, as many providers do."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._zone_records: dict[str, RecordSets] = {}

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's signature
        name = zone.name.rstrip(".")
        held = self._zone_records.setdefault(zone.name, dict(self.zones[name]))
        served, self.zones = self.zones, {name: held}
        found = super().populate(zone, target, lenient)
        self.zones = served
        return found


def test_a_provider_that_keeps_what_it_has_read_is_read_again() -> None:
    zone = harbor()
    served(harbor=zone)

    def another() -> Remembering:
        return Remembering("test", "memory")

    source = Provider("memory", another(), another=another)
    result = planned(source, HARBOR, FLEET)
    zone["shop.harbor.example", "A"] = (300, ("198.51.100.81",))

    with pytest.raises(MailError, match=r"somebody else changed A shop\.harbor\.example"):
        apply(result)
