"""Record sets of others, of every type: nothing of them is understood, and nothing changes."""

from collections.abc import Iterator
from typing import Any

import pytest
from octodns.provider.plan import Plan
from octodns.record import Record, ValuesMixin
from octodns.record.rr import Rrset
from octodns.zone import Zone

from deploys.mail.errors import MailError
from deploys.zones.apply import apply
from deploys.zones.backup import Backups
from deploys.zones.model import recordsets
from deploys.zones.orphans import orphan_plans
from deploys.zones.ownership.scope import PlanScope
from deploys.zones.providers.catalogue import PROVIDERS
from deploys.zones.providers.loader import class_of, load
from deploys.zones.providers.provider import Provider
from tests.zones.configurations import configured, given, reached
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.scenario import fleet_of, planned, published, restored, run_scenario
from tests.zones.stand_ins import PowerDnsApi


class UnheardValue:
    """A value without text, order or data, as a provider's package may have it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.target, self.weights = data["target"], data["weights"]

    @classmethod
    def process(cls, values: list[dict[str, Any]]) -> list["UnheardValue"]:
        return [cls(value) for value in values]

    def __lt__(self, other: "UnheardValue") -> bool:
        return bool(self.target < other.target)


class UnheardRecord(ValuesMixin, Record):  # type: ignore[misc] # octoDNS has no types
    """A record of a type that nobody has heard of."""

    _type = "NobodyProvider/UNHEARD"
    _value_type = UnheardValue


TEXTS: RecordSets = {
    ("", "ALIAS"): (60, ("cdn.faraway.example.",)),
    ("", "SPF"): (60, ('"v=spf1 -all"',)),
    ("", "CAA"): (60, ('0 issue "ca.example"',)),
    ("dname", "DNAME"): (60, ("faraway.example.",)),
    ("sub", "DS"): (60, ("60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",)),
    ("", "HTTPS"): (60, ("1 . alpn=h3",)),
    ("loc", "LOC"): (60, ("31 58 52.100 S 115 49 11.700 E 20.00m 10.00m 10.00m 2.00m",)),
    ("naptr", "NAPTR"): (60, ('10 100 "S" "SIP+D2U" "" _sip._udp.harbor.example.',)),
    ("key", "OPENPGPKEY"): (60, ("mQINBFit2ioBEADhbJDwtrcMMb==",)),
    ("ssh", "SSHFP"): (60, ("1 1 " + "ab" * 20, "4 2 " + "cd" * 32)),
    ("svc", "SVCB"): (60, ("1 svc.faraway.example. port=853",)),
    ("_sip._tcp", "SRV"): (60, ("1 2 5060 sip.faraway.example.",)),
    ("_443._tcp.www", "TLSA"): (60, ("3 1 1 " + "ab" * 32,)),
    ("_ftp._tcp", "URI"): (60, ('10 1 "ftp://faraway.example/"',)),
    ("sub", "NS"): (60, ("ns.faraway.example.",)),
    ("ptr", "PTR"): (60, ("host.faraway.example.",)),
    ("go", "URLFWD"): (60, ("/ https://faraway.example/ 301 2 0",)),
}
DATA: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("", "Route53Provider/ALIAS"): [
        {"type": "A", "name": "d1.cloudfront.net.", "hosted-zone-id": "Z2FDTNDATAQYW2"}
    ],
    ("lua", "PowerDnsProvider/LUA"): [{"type": "A", "script": "ifportup(443, {'192.0.2.1'})"}],
    ("unheard", "NobodyProvider/UNHEARD"): [
        {"target": "faraway.example.", "weights": {"a": (1, 2)}},
        {"target": "nearby.example.", "weights": {}},
    ],
}
OF_OURS = {"A", "AAAA", "CNAME", "MX", "TXT"}  # types that other tests have at names of others


class CrowdedProvider(MemoryProvider):
    """A provider in memory whose zone also holds `strangers`, and whose write may change them."""

    SUPPORTS = MemoryProvider.SUPPORTS | {kind for _, kind in (*TEXTS, *DATA)}
    edit: tuple[str, str] | None = None

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's signature
        exists = super().populate(zone, target, lenient)
        for record in strangers(zone, self.edit if "write" in self.calls else None):
            zone.add_record(record, lenient=True)
        return exists

    def _apply(self, plan: Plan) -> None:
        kinds = {(c.record.name, recordsets.key(c.record)[1]) for c in plan.changes}
        assert not kinds & {*TEXTS, *DATA}, "a record set of others is written"
        super()._apply(plan)


def strangers(zone: Zone, edit: tuple[str, str] | None = None) -> Iterator[Record]:
    """Yield record sets of others, made anew as for each reading; one may be edited."""
    for (name, kind), (ttl, texts) in TEXTS.items():
        fqdn = f"{name}.{zone.name}".lstrip(".")
        yield Record.from_rrset(zone, Rrset(fqdn, kind, ttl, texts), lenient=True)
    for (name, kind), values in DATA.items():
        changed = [value | EDITS[kind] for value in values] if (name, kind) == edit else values
        data = {"type": kind, "ttl": 60, "values": changed}
        yield Record.new(zone, name, data, lenient=True)


EDITS: dict[str, dict[str, Any]] = {
    # The class of this value leaves the field out of its own comparison.
    "Route53Provider/ALIAS": {"evaluate-target-health": True},
    "PowerDnsProvider/LUA": {"script": "pickrandom({'192.0.2.2'})"},
    "NobodyProvider/UNHEARD": {"weights": {"a": (1, 3)}},
}


@pytest.fixture(autouse=True)
def _unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("powerdns", "route53"):
        class_of(PROVIDERS[name].path)  # importing it registers its types
    known = {**Record.registered_types(), "NobodyProvider/UNHEARD": UnheardRecord}
    monkeypatch.setattr(Record, "_CLASSES", known)


def crowded() -> Provider:
    served(harbor=harbor())
    return Provider("memory", CrowdedProvider("test", "memory"))


def test_every_type_of_octodns_and_of_the_packages_is_in_these_tables() -> None:
    for entry in PROVIDERS.values():
        class_of(entry.path)  # importing it registers its types
    kinds = {kind for _, kind in (*TEXTS, *DATA)}

    assert kinds | OF_OURS >= {*Record.registered_types()}


def test_foreign_types_stay_while_a_zone_is_published_restored_and_left() -> None:
    provider = crowded()
    store = provider.octodns.zones[HARBOR]

    run_scenario(provider, HARBOR, lambda: dict(store))


def test_the_plan_names_no_foreign_type_and_the_backup_holds_none() -> None:
    provider = crowded()
    first = planned(provider, HARBOR, fleet_of(HARBOR, 1))
    run = published(provider, HARBOR, fleet_of(HARBOR, 1))
    (saved,) = Backups().of(run)

    strange = {kind for _, kind in DATA}
    assert not strange & {change.type for change in first.changes}
    assert not strange & {one.type for one in saved.sets}
    assert restored(provider, run).notes == ()
    assert list(orphan_plans(provider, HARBOR, PlanScope(("mx1",), whole=True))) == []


@pytest.mark.parametrize("edit", DATA)
def test_a_foreign_set_that_changes_during_the_write_is_shown_by_its_data(
    edit: tuple[str, str],
) -> None:
    provider = crowded()
    plan = planned(provider, HARBOR, fleet_of(HARBOR, 1))
    provider.octodns.edit = edit

    with pytest.raises(MailError) as error:
        apply(plan)

    sentence = str(error.value)
    assert f"{edit[1]} {edit[0]}".rstrip() in sentence
    assert "changed while our own records were written" in sentence
    assert next(iter(DATA[edit][0])) in sentence


@pytest.mark.parametrize(
    "edit", [("lua", "PowerDnsProvider/LUA"), ("unheard", "NobodyProvider/UNHEARD")]
)
def test_a_foreign_set_that_changed_since_the_plan_stops_the_write(
    edit: tuple[str, str],
) -> None:
    provider = crowded()
    plan = planned(provider, HARBOR, fleet_of(HARBOR, 1))
    provider.octodns.edit = edit
    provider.octodns.calls.append("write")

    with pytest.raises(MailError, match=f"somebody else changed {edit[1]} {edit[0]}"):
        apply(plan)


def test_a_zone_of_powerdns_with_a_lua_record_is_published_restored_and_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch)
    lua = (60, ("A \"ifportup(443, {'192.0.2.1', '192.0.2.2'})\"",))
    unknown = (60, ("1 2 3",))
    held = harbor() | {(HARBOR, "LUA"): lua, (f"www.{HARBOR}", "RP"): unknown}
    api = PowerDnsApi(held)
    reached(monkeypatch, api)

    run_scenario(load(configured("powerdns")), HARBOR, lambda: dict(held))

    assert held[HARBOR, "LUA"] == lua
    assert held[f"www.{HARBOR}", "RP"] == unknown
