"""The zones' operation, as pyinfra runs it for several hosts."""

import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import OperationError, PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.mail.checking import fleet_from
from deploys.mail.records import HostFacts, MailRecord, records_for
from deploys.mail.settings import Fleet, MailSettings
from deploys.zones import operations, publication
from deploys.zones.authority import Server
from deploys.zones.loading import load
from deploys.zones.operations import zones_changed, zones_published
from tests.zones.fleets import DNS, HARBOR, ORCHARD, harbor, host, orchard, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.responder import Responder

MX1, MX2 = "@fake/mx1", "@fake/mx2"


def facts_of(_: MailSettings) -> HostFacts:
    return HostFacts()


def fleet(**data: Any) -> Fleet:
    return fleet_from({MX1: host(1, HARBOR, **data), MX2: host(2, ORCHARD, **data)}, {})


@pytest.fixture
def zones() -> dict[str, RecordSets]:
    return served(harbor=harbor(), orchard=orchard())


@pytest.fixture(autouse=True)
def _nobody_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "servers", lambda *_: ())


@pytest.fixture(autouse=True)
def _own_context(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO, logger="pyinfra")
    yield
    ctx_state.reset()
    ctx_host.reset()


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> list[MemoryProvider]:
    """The providers that a run loads."""
    loaded: list[MemoryProvider] = []

    def noted(configuration: Any) -> Any:
        provider = load(configuration)
        loaded.append(provider.octodns)
        return provider

    monkeypatch.setattr(operations, "load", noted)
    return loaded


def started(*, plans: bool = True) -> State:
    """A run whose hosts are connected; without plans it is one with `-y`."""
    state = State(Inventory(([MX1, MX2], {})), Config(), check_for_changes=plans)
    connect_all(state)
    return state


def changed(state: State) -> dict[str, bool | None]:
    """Which hosts changed something; None where the operation failed."""
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

    assert len(lines(caplog, "+")) == 9
    assert len(lines(caplog, "~")) == 1
    assert any("+ MX orchard.example 10 mx2.orchard.example.  (who" in m for m in caplog.messages)
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}
    assert [provider.calls for provider in providers] == [["list", "read", "read"]]


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

    with pytest.raises(OperationError, match=r"^orchard\.example: tests.* has no zone for it; cre"):
        add_op(started(), zones_published, fleet=fleet(), facts_of=facts_of)


def test_every_mistake_is_told_while_planning() -> None:
    served()

    with pytest.raises(OperationError) as error:
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


def test_a_provider_that_is_down_is_told_of_once(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: str) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(MemoryProvider, "_call", lambda *_: refused(""))
    state = started(plans=False)
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    with pytest.raises(PyinfraError, match="No hosts remaining"):
        run_ops(state)

    told = [message for message in caplog.messages if "cannot be reached (Connection" in message]
    assert len(told) == 1
    assert "harbor.example, orchard.example: tests.zones.memory" in told[0]
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
        monkeypatch.setattr(publication, "servers", lambda zone, _: lagging.get(zone, ()))
        state = started()
        add_op(state, zones_published, fleet=fleet(mail_dns_timeout=0.1), facts_of=facts_of)
        run_ops(state)

    assert {host.name for host in state.failed_hosts} == {MX1}
    assert any(
        "ns.nic.example (127.0.0.9): A mx1.harbor.example (miss" in m for m in caplog.messages
    )
    assert zones_changed(state) == 2


def test_what_a_killed_run_did_not_wait_for_is_waited_for_by_the_next(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = started()
    add_op(first, zones_published, fleet=fleet(), facts_of=facts_of)
    run_ops(first)
    before = {name: dict(held) for name, held in zones.items()}
    with Responder("127.0.0.9") as behind:
        server = Server("ns.nic.example", behind.address, behind.port)
        monkeypatch.setattr(publication, "servers", lambda *_: (server,))
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

    assert len(meta.args) == 10
    assert meta.args[2].startswith("+ MX harbor.example 10 mx1.harbor.example.")


def test_hosts_without_mail_dns_are_nobodys_to_publish(zones: dict[str, RecordSets]) -> None:
    state = started()
    add_op(state, zones_published, fleet=fleet(mail_dns=None), facts_of=facts_of)
    run_ops(state)

    assert changed(state) == {MX1: False, MX2: False}
    assert zones == {HARBOR: harbor(), ORCHARD: orchard()}


@pytest.mark.usefixtures("zones")
def test_hosts_of_one_domain_agree_on_where_it_is_published() -> None:
    elsewhere = host(2, ORCHARD, mail_domains=[HARBOR], mail_dns=DNS | {"api_key": "x"})
    both = fleet_from({MX1: host(1, HARBOR), MX2: elsewhere}, {})

    with pytest.raises(OperationError, match=r"^harbor\.example is published through a different"):
        add_op(started(), zones_published, fleet=both, facts_of=facts_of)


@pytest.mark.usefixtures("zones")
def test_a_run_that_is_over_is_forgotten() -> None:
    add_op(started(), zones_published, fleet=fleet(), facts_of=facts_of)
    ctx_state.reset()
    ctx_host.reset()
    gc.collect()

    assert not list(operations._runs)  # noqa: SLF001 - nothing else shows it


def test_what_a_provider_cannot_hold_is_told_once_with_the_plan(
    zones: dict[str, RecordSets], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_dane(*arguments: Any) -> tuple[MailRecord, ...]:
        names = (f"_25._tcp.mx1.{HARBOR}", f"_25._tcp.mx2.{ORCHARD}")
        dane = (MailRecord(name, "TLSA", ("3 1 1 aa",), 3600, "DANE") for name in names)
        return (*records_for(*arguments), *dane)

    monkeypatch.setattr(publication, "records_for", with_dane)
    state = started()
    add_op(state, zones_published, fleet=fleet(), facts_of=facts_of)
    run_ops(state)

    assert sum("cannot hold TLSA: DANE is left out" in m for m in caplog.messages) == 1
    assert None not in changed(state).values()
    assert (HARBOR, "MX") in zones[HARBOR]
