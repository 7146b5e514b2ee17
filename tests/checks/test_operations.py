"""Verification as an operation: it runs once, in every mode of pyinfra."""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest
from pyinfra.api.command import StringCommand
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import ConnectError, DeployError, PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op, operation
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.connectors.fake import FakeConnector
from pyinfra.context import ctx_state

from deploys.checks import operations
from deploys.checks.core.finding import Finding
from deploys.checks.core.report import Report
from deploys.checks.core.world import World
from deploys.checks.deploy import verified
from deploys.checks.operations import verification
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from tests.checks.report_samples import bad, good

MAIL, PEER = ("@fake/mx1", "@fake/mx2"), "@fake/peer"
Way = Callable[[State], None]
WAYS: dict[str, Way] = {
    "all at once": run_ops,
    "host by host": partial(run_ops, serial=True),
    "at their own pace": partial(run_ops, no_wait=True),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


class Proofs:
    """What was proved, for which hosts; the report to give is `report`."""

    def __init__(self) -> None:
        self.report = good()
        self.hosts: list[tuple[str, ...]] = []
        self.absent: dict[str, str] = {}

    def verify(
        self,
        fleet: Fleet,
        _world: World,
        _changes: object,
        absent: Iterable[Finding],
        limits: tuple[str, ...],
    ) -> Report:
        self.hosts.append(tuple(host.inventory_name for host in fleet.hosts))
        self.absent = {finding.subject: finding.severity for finding in absent}
        return replace(self.report, limits=(*self.report.limits, *limits))


@pytest.fixture(name="proofs")
def _proofs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Proofs:
    proofs = Proofs()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(operations, "verify", proofs.verify)
    return proofs


def fleet(words: Mapping[str, object]) -> Fleet:
    hosts = {
        name: {
            "mail_hostname": f"mx{number}.harbor.example",
            "mail_addresses": [f"192.0.2.{number}"],
            "mail_domains": [f"harbor{number}.example"],
            **words,
        }
        for number, name in enumerate(MAIL, 1)
    }
    visitor = {"mail_witness_address": "v@far.example", "mail_witness_mailbox": "/var/mail/v"}
    return fleet_from(hosts, {PEER: visitor})


@operation()
def stumbles() -> Generator[StringCommand, None, None]:
    """Run a command that fails on some hosts."""
    yield StringCommand("stumble")


def ready(
    failing: Iterable[str] = (),
    limit: Iterable[str] = (),
    words: Mapping[str, object] = MappingProxyType({}),
) -> State:
    """Return a state that is ready to run an operation that some hosts fail, and the proof."""
    quick: dict[str, object] = {"fake_delay": 0, "fake_delay_jitter": 0}
    responses = {"fake_responses": {"stumble": {"success": False}}}
    hosts = [(name, quick | responses if name in failing else quick) for name in (*MAIL, PEER)]
    inventory = Inventory((hosts, {}))
    limited = [host for host in inventory if host.name in limit] if limit else None
    state = State(inventory, Config(), check_for_changes=False, initial_limit=limited)
    with ctx_state.use(state):
        connect_all(state)
    add_op(state, stumbles)
    add_op(state, verification, scope=fleet(words), changes={})
    return state


def run(state: State, way: Way) -> set[str]:
    """Run it and return the hosts that failed, as the CLI's exit status counts them."""
    with suppress(PyinfraError):
        way(state)
    return {host.name for host in state.failed_hosts}


@every_way
def test_the_checks_run_once_for_all_hosts(proofs: Proofs, way: Way) -> None:
    assert run(ready(), way) == set()
    assert proofs.hosts == [MAIL]
    assert set(proofs.absent.values()) == {"ok"}


@every_way
def test_the_report_is_written_and_shown_on_stderr(
    proofs: Proofs, way: Way, capsys: pytest.CaptureFixture[str]
) -> None:
    run(ready(), way)

    assert proofs.hosts
    assert Path("reports/inventory/report.json").exists()
    assert "Mail is delivered." in capsys.readouterr().err
    assert capsys.readouterr().out == ""


@every_way
def test_a_report_of_failure_fails_the_run(proofs: Proofs, way: Way) -> None:
    proofs.report = bad()

    assert len(run(ready(), way)) == 1


@every_way
@pytest.mark.parametrize("failing", [(MAIL[0],), (MAIL[1],), (PEER,), MAIL], ids=str)
def test_hosts_that_failed_are_not_waited_for_but_named(
    proofs: Proofs, way: Way, failing: tuple[str, ...]
) -> None:
    run(ready(failing), way)

    assert len(proofs.hosts) == 1
    assert {name for name, severity in proofs.absent.items() if severity == "error"} == set(failing)


@every_way
def test_a_host_that_cannot_be_reached_is_named(
    proofs: Proofs, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(connector: FakeConnector) -> None:
        if connector.host.name == MAIL[0]:
            raise ConnectError("no route to it")

    monkeypatch.setattr(FakeConnector, "connect", connect)

    run(ready(), way)

    assert len(proofs.hosts) == 1
    assert proofs.absent == {MAIL[0]: "error", MAIL[1]: "ok", PEER: "ok"}


@pytest.mark.parametrize(
    ("words", "hosts", "limits"),
    [
        ({}, MAIL, ()),
        ({"verify_host": MAIL[1]}, (MAIL[1],), (f"only host {MAIL[1]}",)),
        ({"verify_domain": "harbor1.example"}, (MAIL[0],), ("only domain harbor1.example",)),
    ],
    ids=str,
)
def test_a_partial_report_is_kept_apart_and_leaves_the_other_hosts_out(
    proofs: Proofs, words: dict[str, str], hosts: tuple[str, ...], limits: tuple[str, ...]
) -> None:
    proofs.report = replace(good(), limits=limits)

    assert run(ready(words=words), run_ops) == set()

    folder = Path("reports/inventory", "part" if limits else "")
    assert proofs.hosts == [hosts]
    assert set(proofs.absent) == {*hosts, PEER}
    assert json.loads((folder / "report.json").read_text())["limits"] == list(limits)


def test_a_check_that_does_not_exist_is_refused_before_the_first_connection(proofs: Proofs) -> None:
    with pytest.raises(DeployError, match=r"'dns\.mz' is no check; did you mean dns\.mx\?"):
        verified("Verify", fleet({"verify_only": "dns.mz"}), {})

    assert proofs.hosts == []


@every_way
def test_hosts_outside_the_limit_are_left_out_and_reported(proofs: Proofs, way: Way) -> None:
    run(ready(limit=(MAIL[1], PEER)), way)

    assert proofs.hosts == [(MAIL[1],)]
    assert proofs.absent == {MAIL[0]: "info", MAIL[1]: "ok", PEER: "ok"}
    assert Path("reports/inventory/part/report.json").exists()


@pytest.mark.parametrize(("report", "failed"), [(good(), 0), (bad(), 1)], ids=["good", "bad"])
def test_a_report_that_cannot_be_written_is_one_sentence_and_the_findings_decide(
    proofs: Proofs, caplog: pytest.LogCaptureFixture, report: Report, failed: int
) -> None:
    Path("reports").write_text("a file where the folder should be")
    proofs.report = report

    assert len(run(ready(), run_ops)) == failed
    assert proofs.hosts
    assert "the report cannot be written to reports/inventory" in caplog.text
    assert "Traceback" not in caplog.text
