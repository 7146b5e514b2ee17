"""The zones' operations, as pyinfra runs them for several hosts."""

import gc
import logging
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import DeployError, PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.dns import alias
from deploys.dns.query import Server
from deploys.mail.records import HostFacts, MailRecord, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from deploys.mail.settings.secret import env
from deploys.run.state import per_run
from deploys.zones import publication
from deploys.zones import run as runs
from deploys.zones.backup import Backups
from deploys.zones.operations import (
    challenges_published,
    zones_changed,
    zones_published,
    zones_restored,
)
from deploys.zones.propagation import propagation
from deploys.zones.providers.loader import load
from tests.zones.fleets import DNS, HARBOR, ORCHARD, harbor, host, orchard, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.responder import Responder
from tests.zones.scenario import facts_of_hosts

MX1, MX2 = "@fake/mx1", "@fake/mx2"

pytestmark = pytest.mark.usefixtures("nobody_to_wait_for")


def facts_of(_: MailSettings) -> HostFacts:
    return HostFacts()


def fleet(**data: Any) -> Fleet:
    return fleet_from({MX1: host(1, HARBOR, **data), MX2: host(2, ORCHARD, **data)}, {})


@pytest.fixture(autouse=True)
def _own_context(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO, logger="pyinfra")
    yield
    ctx_state.reset()
    ctx_host.reset()


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> list[MemoryProvider]:
    """The providers that a run loads; the first instance of each stands for its others."""
    loaded: list[MemoryProvider] = []

    def noted(configuration: Any) -> Any:
        provider = load(configuration)
        first = provider.octodns

        def interrupt(call: str) -> None:
            first.interrupt(call)

        def another() -> Any:
            made = MemoryProvider("test", "memory")
            made.calls, made.interrupt = first.calls, interrupt
            return made

        loaded.append(first)
        return replace(provider, another=another)

    monkeypatch.setattr(runs, "load", noted)
    return loaded


def started(*hosts: str, plans: bool = True) -> State:
    """A run whose hosts are connected; without plans it is one with `-y`."""
    members = list(hosts or (MX1, MX2))
    state = State(Inventory((members, {})), Config(), check_for_changes=plans)
    connect_all(state)
    return state


def changed(state: State) -> dict[str, bool | None]:
    """Return for each host if it changed something; None where the operation failed."""
    return {
        host.name: op.operation_meta.did_change() if op.operation_meta.did_succeed() else None
        for host, ops in state.ops.items()
        for op in ops.values()
    }


def lines(caplog: pytest.LogCaptureFixture, sign: str) -> list[str]:
    return [message for message in caplog.messages if message.strip().startswith(f"{sign} ")]


def test_planning_shows_each_change_once_and_writes_nothing(
    zones: dict[str, RecordSets],
    providers: list[MemoryProvider],
    caplog: pytest.LogCaptureFixture,
) -> None:
    add_op(started(), zones_published, fleet=fleet(), facts_of=facts_of)

    assert len(lines(caplog, "+")) == 13
    assert len(lines(caplog, "~")) == 1
    assert any("+ MX orchard.example 10 mx2.orchard.example.  (the" in m for m in caplog.messages)
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}
    assert [provider.calls for provider in providers] == [["list", "read", "read"]]


def test_records_left_out_are_reported_once_and_the_others_published(
    zones: dict[str, RecordSets],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    note = f"no TLSA records for mx1.{HARBOR}: {HARBOR} is not signed"
    monkeypatch.setattr(runs, "trusted_facts", lambda _fleet, facts: (facts, (note,)))
    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    run_ops(state)

    assert sum(note in message for message in caplog.messages) == 1
    assert (HARBOR, "MX") in zones[HARBOR]


def test_a_run_publishes_everything_once_and_counts_it(
    zones: dict[str, RecordSets], providers: list[MemoryProvider]
) -> None:
    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    run_ops(state)

    assert set(changed(state).values()) == {False, True}
    assert zones_changed(state) == 2
    assert (HARBOR, "MX") in zones[HARBOR]
    assert (ORCHARD, "MX") in zones[ORCHARD]
    assert len(providers) == 1
    assert providers[0].calls.count("write") == 2


def test_the_second_run_changes_nothing(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        state = started()
        add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
        before = {name: dict(held) for name, held in zones.items()}
        caplog.clear()
        run_ops(state)

    assert changed(state) == {MX1: False, MX2: False}
    assert zones_changed(state) == 0
    assert zones == before
    assert not lines(caplog, "+")


def test_a_value_whose_order_begins_in_a_run_is_published_in_it(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alias, "alias_of", lambda *_: "")
    own = fleet(mail_tls="acme", mail_acme_challenge="dns")
    name = f"mx1.{HARBOR}"
    state = started()

    def orders(member: MailSettings) -> HostFacts:
        begun = state.is_executing and member.inventory_name == MX1
        return HostFacts(challenges={name: ("one",)} if begun else {})

    add_op(state, challenges_published, fleet=own, facts_of=orders)
    run_ops(state)
    assert zones[HARBOR][f"_acme-challenge.{name}", "TXT"] == (60, ('"one"',))
    assert zones[ORCHARD] == orchard()
    assert set(changed(state).values()) == {False, True}

    state = started()
    add_op(state, challenges_published, fleet=own, facts_of=facts_of)
    run_ops(state)
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}


def test_a_dmarc_policy_is_raised_by_one_step_in_a_run(zones: dict[str, RecordSets]) -> None:
    key = f"_dmarc.{HARBOR}", "TXT"
    zones[HARBOR][key] = (300, ('"v=DMARC1; p=none"',))
    for policy in ("quarantine", "reject"):
        state = started()
        for name in ("Publish", "Announce"):
            strict = fleet(mail_dmarc="reject")
            add_op(state, zones_published, fleet=strict, facts_of=facts_of, name=name)
        run_ops(state)

        assert zones[HARBOR][key] == (300, (f'"v=DMARC1; p={policy}"',))


def test_the_hosts_that_failed_before_are_not_announced(zones: dict[str, RecordSets]) -> None:
    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    state.fail_hosts({next(host for host in state.inventory if host.name == MX2)})
    run_ops(state)

    assert (HARBOR, "MX") in zones[HARBOR]
    assert zones[ORCHARD] == orchard()


@pytest.mark.usefixtures("zones")
def test_a_mistake_stops_the_run_while_planning() -> None:
    del served(harbor=harbor(), orchard=orchard())[ORCHARD]

    with pytest.raises(DeployError, match=r"^orchard\.example: tests.* has no zone for it; cre"):
        add_op(started(), zones_published, fleet=fleet(), facts_of=facts_of)


def test_every_mistake_is_reported_while_planning() -> None:
    served()

    with pytest.raises(DeployError) as error:
        add_op(started(), zones_published, fleet=fleet(), facts_of=facts_of)

    assert [line.strip()[:13] for line in str(error.value).splitlines()] == [
        "harbor.exampl",
        "orchard.examp",
    ]


def test_a_zone_that_fails_stops_its_own_hosts_only(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture
) -> None:
    del zones[ORCHARD]
    state = started(plans=False)
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    run_ops(state)

    assert {host.name for host in state.failed_hosts} == {MX2}
    assert (HARBOR, "MX") in zones[HARBOR]
    assert sum("orchard.example: tests" in message for message in caplog.messages) == 1


def test_a_provider_that_is_down_is_reported_once(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: str) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(MemoryProvider, "_call", lambda *_: refused(""))
    state = started(plans=False)
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    with pytest.raises(PyinfraError, match="No hosts remaining"):
        run_ops(state)

    lines = [message for message in caplog.messages if "cannot be reached (Connection" in message]
    assert len(lines) == 1
    assert "harbor.example, orchard.example: tests.zones.memory" in lines[0]
    assert sum("for the reason given above" in message for message in caplog.messages) == 1
    assert not any("Traceback" in message for message in caplog.messages)
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}


@pytest.mark.usefixtures("zones")
def test_a_name_server_that_lags_stops_the_hosts_of_its_zone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Responder("127.0.0.9") as behind:
        server = Server("ns.nic.example", behind.address, behind.port)
        lagging = {HARBOR: (server,)}
        monkeypatch.setattr(propagation, "servers", lambda zone, _: lagging.get(zone, ()))
        state = started()
        add_op(state, zones_published, fleet=fleet(mail_dns_timeout=0.1), facts_of=facts_of)
        run_ops(state)

    assert {host.name for host in state.failed_hosts} == {MX1}
    assert any(
        "ns.nic.example (127.0.0.9): A mx1.harbor.example (miss" in m for m in caplog.messages
    )
    assert zones_changed(state) == 2


def test_a_run_waits_for_the_records_of_a_killed_one(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = started()
    add_op(first, zones_published, fleet=fleet(), facts_of=facts_of)
    run_ops(first)
    before = {name: dict(held) for name, held in zones.items()}
    with Responder("127.0.0.9") as behind:
        server = Server("ns.nic.example", behind.address, behind.port)
        monkeypatch.setattr(propagation, "servers", lambda *_: (server,))
        state = started()
        add_op(state, zones_published, fleet=fleet(mail_dns_timeout=0.1), facts_of=facts_of)
        with pytest.raises(PyinfraError, match="No hosts remaining"):
            run_ops(state)

    assert zones == before


def test_an_edit_between_our_read_and_our_write_fails_the_host_and_survives(
    zones: dict[str, RecordSets],
    providers: list[MemoryProvider],
    caplog: pytest.LogCaptureFixture,
) -> None:
    key, value = (f"shop.{HARBOR}", "A"), (300, ("198.51.100.81",))
    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    # The plan of the run reads both zones; its apply reads the first one again.
    providers[0].interrupt = lambda _: (
        zones[HARBOR].update({key: value}) if providers[0].calls.count("read") == 5 else None
    )
    run_ops(state)

    assert {host.name for host in state.failed_hosts} == {MX1}
    assert zones[HARBOR] == harbor() | {key: value}
    assert any("somebody else changed A shop.harbor.example" in m for m in caplog.messages)
    assert (ORCHARD, "MX") in zones[ORCHARD]


@pytest.mark.usefixtures("zones")
def test_the_plan_is_in_pyinfras_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pyinfra", "--dry", "--json"])
    state = started()
    add_op(state, zones_published, fleet=fleet(), name="Published", facts_of=facts_of)
    (meta,) = state.op_meta.values()

    assert len(meta.args) == 14
    assert meta.args[3].startswith("+ MX harbor.example 10 mx1.harbor.example.")


def test_hosts_without_mail_dns_are_not_published(zones: dict[str, RecordSets]) -> None:
    state = started()
    add_op(state, zones_published, fleet=fleet(mail_dns=None), facts_of=facts_of)
    run_ops(state)

    assert changed(state) == {MX1: False, MX2: False}
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}


@pytest.mark.usefixtures("zones")
def test_hosts_of_one_domain_agree_on_where_it_is_published() -> None:
    elsewhere = host(2, ORCHARD, mail_domains=[HARBOR], mail_dns=DNS | {"api_key": env("ANOTHER")})
    both = fleet_from({MX1: host(1, HARBOR), MX2: elsewhere}, {})

    with pytest.raises(DeployError, match=r"^harbor\.example is published through a different"):
        add_op(started(), zones_published, fleet=both, facts_of=facts_of)


@pytest.mark.usefixtures("zones")
def test_a_run_that_is_over_is_forgotten() -> None:
    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    run = weakref.ref(per_run(state, runs.Run))
    del state
    ctx_state.reset()
    ctx_host.reset()
    gc.collect()

    assert run() is None


def telling(_: MailSettings) -> HostFacts:
    return facts_of_hosts("mx1")["mx1"]


def run(operation: Any = zones_published, *, fleet: Fleet, **arguments: Any) -> State:
    state = started(*(host.inventory_name for host in fleet.hosts))
    add_op(state, operation, fleet=fleet, **arguments)
    run_ops(state)
    return state


def mx1_alone() -> Fleet:
    return fleet_from({MX1: host(1, HARBOR, mail_zone_deletes=20)}, {})


def test_earlier_records_are_saved_and_restored(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture
) -> None:
    run(fleet=fleet(), facts_of=telling)
    (saved,) = Backups().runs()
    assert (
        sum(
            f"to restore them: deploys/zone.py --data zone_restore={saved}" in line
            for line in caplog.messages
        )
        == 1
    )

    state = run(zones_restored, fleet=fleet(), run=saved)

    assert zones_changed(state) == 2
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}
    assert changed(run(zones_restored, fleet=fleet(), run=saved)) == {MX1: False, MX2: False}


@pytest.mark.usefixtures("zones")
def test_a_run_without_a_backup_cannot_be_restored() -> None:
    with pytest.raises(DeployError, match=r"no run '20200101T000000Z' has a backup in"):
        add_op(started(), zones_restored, fleet=fleet(), run="20200101T000000Z")


def test_a_zone_of_a_provider_in_no_mail_dns_cannot_be_restored(
    zones: dict[str, RecordSets],
) -> None:
    run(fleet=fleet(), facts_of=telling)
    before = {name: dict(held) for name, held in zones.items()}

    with pytest.raises(DeployError, match="no host's mail_dns names that provider"):
        add_op(started(), zones_restored, fleet=fleet(mail_dns=None), run=Backups().runs()[0])
    assert zones == before


def test_orphans_in_a_zone_that_left_the_inventory_are_deleted(
    zones: dict[str, RecordSets],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(fleet=fleet(), facts_of=telling)
    monkeypatch.setattr(publication, "registered_zones", lambda zones, *_: [*zones])
    monkeypatch.setenv("OTHER_SPELLING", "another spelling of the same")

    state = run(fleet=mx1_alone(), facts_of=telling)

    assert zones[ORCHARD] == orchard()
    assert zones_changed(state) == 2  # harbor.example's registry knows fewer hosts now
    assert any("orchard.example has left the inventory" in line for line in caplog.messages)
    assert any(line.startswith("- MX orchard.example 10 mx2") for line in lines_of(caplog))


def test_zones_that_we_wrote_are_read_if_a_provider_lists_none(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(MemoryProvider, "list_zones")
    run(fleet=fleet(), facts_of=telling)
    run(fleet=mx1_alone(), facts_of=telling)

    assert zones[ORCHARD] == orchard()


def test_no_orphan_is_deleted_in_a_run_without_all_hosts(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(fleet=fleet(), facts_of=telling)
    before = {name: dict(held) for name, held in zones.items()}
    monkeypatch.setattr(publication, "registered_zones", lambda zones, *_: [*zones])
    monkeypatch.setenv("OTHER_SPELLING", "another spelling of the same")
    run(fleet=mx1_alone(), facts_of=facts_of)

    assert zones[ORCHARD] == before[ORCHARD]


@pytest.mark.usefixtures("providers")
def test_records_published_through_another_provider_or_by_hand_stay(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(fleet=fleet(), facts_of=telling)
    before = {name: dict(held) for name, held in zones.items()}
    monkeypatch.setattr(publication, "registered_zones", lambda zones, *_: [*zones])
    monkeypatch.setenv("OTHER_SPELLING", "another spelling of the same")
    for elsewhere in (None, DNS | {"api_key": env("OTHER_SPELLING")}):
        apart = {MX1: host(1, HARBOR), MX2: host(2, ORCHARD, mail_dns=elsewhere)}

        assert zones_changed(run(fleet=fleet_from(apart, {}), facts_of=telling)) == 0
    assert zones == before


def test_no_orphan_is_deleted_if_a_provider_fails(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(fleet=fleet(), facts_of=telling)
    before = {name: dict(held) for name, held in zones.items()}
    populate = MemoryProvider.populate

    def half(provider: MemoryProvider, zone: Any, **how: Any) -> bool:
        populate(provider, zone, **how)
        if zone.name == f"{HARBOR}.":
            raise ValueError("page 2 of 3 is missing")
        return True

    monkeypatch.setattr(MemoryProvider, "populate", half)
    monkeypatch.setattr(publication, "registered_zones", lambda zones, *_: [*zones])
    monkeypatch.setenv("OTHER_SPELLING", "another spelling of the same")
    with pytest.raises(DeployError, match=r"harbor\.example: .* page 2 of 3 is missing"):
        add_op(started(MX1), zones_published, fleet=mx1_alone(), facts_of=telling)
    assert zones == before


def test_a_plan_over_the_limits_is_shown_and_refused(
    zones: dict[str, RecordSets],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(fleet=fleet(), facts_of=telling)
    before = {name: dict(held) for name, held in zones.items()}
    monkeypatch.setattr(publication, "registered_zones", lambda zones, *_: [*zones])
    monkeypatch.setenv("OTHER_SPELLING", "another spelling of the same")
    alone = fleet_from({MX1: host(1, HARBOR, mail_zone_deletes=9)}, {})

    with pytest.raises(DeployError, match=r"would delete 10 .* mail_zone_deletes allows 9"):
        add_op(started(MX1), zones_published, fleet=alone, facts_of=telling)
    assert any(line.startswith("- MX orchard.example 10 mx2") for line in lines_of(caplog))
    assert zones == before


@pytest.mark.usefixtures("zones")
def test_a_zone_delegated_elsewhere_is_reported_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = Server("ns.faraway.example", "192.0.2.1")
    for module in (publication, propagation):
        monkeypatch.setattr(
            module, "servers", lambda zone, _: (elsewhere,) if zone == HARBOR else ()
        )
    monkeypatch.setattr(propagation, "disagreements", lambda *_: ())
    state = started()
    add_op(state, zones_published, fleet=fleet(mail_dns_timeout=600), facts_of=telling)
    seen = [line for line in caplog.messages if "but it is delegated to ns.faraway.example" in line]
    run_ops(state)

    assert len(seen) == 1
    assert {host.name for host in state.failed_hosts} == {MX1}


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message.strip() for message in caplog.messages]


def test_an_unsupported_type_is_reported_once_in_the_plan(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture
) -> None:
    def with_dane(*arguments: Any) -> tuple[MailRecord, ...]:
        names = (f"_25._tcp.mx1.{HARBOR}", f"_25._tcp.mx2.{ORCHARD}")
        dane = (MailRecord(name, "TLSA", (f"3 1 1 {'aa' * 32}",), 3600, "DANE") for name in names)
        return (*records_for(*arguments), *dane)

    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of, records_of=with_dane)
    run_ops(state)

    assert sum("does not support TLSA: DANE is left out" in m for m in caplog.messages) == 1
    assert None not in changed(state).values()
    assert (HARBOR, "MX") in zones[HARBOR]
