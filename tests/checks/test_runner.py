"""A whole verification on one machine: a server, the answers of a name server, mailboxes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.report import Verdict
from deploys.checks.core.world import World
from deploys.checks.run.catalogue import CHECKS
from deploys.checks.run.reachability import HOST
from deploys.checks.run.runner import verify
from deploys.checks.smtp import data_endings, protocols
from deploys.checks.smtp.tls_scan import ScannedServer, TlsScan
from tests.checks.cases.dns_records import zone
from tests.checks.cases.smtp_tls import signing
from tests.checks.smtp_servers import Handler, serving
from tests.checks.worlds import Gone, Machine, fleet, world


@pytest.fixture(name="here")
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(data_endings, "_SILENCE", 1 / 100)
    one = world(tmp_path, patience=30, timeout=20)
    assert isinstance(one.hosts, Machine)
    with serving(Handler(one.hosts.spool / "root"), signing(tmp_path)) as port:
        yield replace(one, port=port, names=zone())


@pytest.fixture(autouse=True, scope="module")
def _scanned() -> Iterator[None]:
    """Scan the first server only, which takes hundreds of handshakes: the others have its TLS."""
    found: list[TlsScan] = []
    scanned = protocols.scanned

    def once(
        servers: Sequence[ScannedServer], limit: float, world: World
    ) -> dict[ScannedServer, TlsScan]:
        if not found:
            found.extend(scanned(servers, limit, world).values())
        return dict.fromkeys(servers, found[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocols, "scanned", once)
        yield


def test_on_a_good_fleet_every_check_has_an_answer(here: World) -> None:
    absent = [HOST.ok("mx1", "it took part in the run")]

    report = verify(fleet(), here, lambda: {"hosts": 1, "zones": 2}, absent)

    assert report.having(Severity.ERROR, Severity.UNKNOWN, Severity.WARNING) == ()
    assert report.verdict is Verdict.PASSED
    of_what_is_not_there = {
        "smtp.forgery",
        "smtp.submission",
        "delivery.forwarded",
        "delivery.junk",
        "delivery.privacy",
        "run.waiver",
        "delivery.unsubscribe",
        "host.account_rate",
        "bulk.one_click",
        "bulk.rates",
        "bulk.receivers",
        "bulk.separation",
        "bulk.suppression",
        "bulk.unsubscribe",
        "bulk.verp",
        "bulk.warmup",
        "reports.sent",
    }
    assert {finding.id for finding in report.findings} == set(CHECKS) - of_what_is_not_there
    assert [message.arrived for message in report.messages] == [True, True, True]
    assert report.changes == {"hosts": 1, "zones": 2}


def test_a_wrong_record_fails_its_own_check_and_no_other(here: World) -> None:
    wrong = zone({("mx1.harbor.example", "AAAA"): ("2001:db8::99",)})

    report = verify(fleet(), replace(here, names=wrong), dict, ())

    assert {finding.id for finding in report.having(Severity.ERROR)} == {"dns.address"}


def test_a_silent_name_server_leaves_only_its_checks_unknown(here: World) -> None:
    report = verify(fleet(), replace(here, names=Gone()), dict, ())

    of_names = {id_ for id_ in CHECKS if id_.startswith("dns.")}
    of_names -= {"dns.caa", "dns.autoconfig"}  # of what this fleet has not
    by_names = {"delivery.signature", "delivery.spf_evaluated", "delivery.dmarc"}
    unknown = {finding.id for finding in report.having(Severity.UNKNOWN)}
    assert unknown == of_names | by_names
    assert not report.having(Severity.ERROR)


def test_a_host_that_stops_answering_fails_the_run(here: World) -> None:
    witness = fleet().witnesses[0].model_copy(update={"inventory_name": "silent"})
    one = fleet().model_copy(update={"witnesses": (witness,)})
    attendance = [HOST.ok("mx1", "it took part"), HOST.ok("silent", "it took part")]

    report = verify(one, here, dict, attendance)

    assert [(one.id, one.subject) for one in report.having(Severity.ERROR)] == [
        ("run.host", "silent")
    ]
    assert not report.succeeded


def test_a_fleet_without_a_witness_is_verified_from_this_machine_alone(here: World) -> None:
    report = verify(fleet(witness=False), here, dict, ())

    assert report.succeeded
    assert [message.path for message in report.messages] == [
        "outside -> mx1 at 127.0.0.1 -> postmaster@harbor.example"
    ]


def test_a_fleet_without_a_domain_has_no_messages_and_does_not_pass(here: World) -> None:
    report = verify(fleet({"mail_domains": []}), here, dict, ())

    assert report.messages == ()
    assert not report.succeeded
