"""Checks of a host's snapshot, and the script of the snapshot, run on this machine."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Answer, UnansweredError
from deploys.checks.host.deployed import compared
from deploys.checks.host.disk import disk
from deploys.checks.host.drift import drift
from deploys.checks.host.inspection import hosts
from deploys.checks.host.port25 import port25, targets
from deploys.checks.host.queue import queue as queue_findings
from deploys.checks.host.services import services
from deploys.checks.host.snapshot import Snapshot, SnapshotRequest, take_snapshot
from deploys.checks.host.tls_results import tls_results
from deploys.mail.paths import set_digest
from tests.checks.cases.host import (
    ACCOUNTS,
    ASKED,
    BULK,
    SENDS,
    WARMUP,
    FixedOutput,
    deferred,
    snapshot_case,
    waiting,
)
from tests.checks.cases.pair import Case
from tests.checks.smtp_servers import Handler, serving
from tests.checks.snapshots import DKIM, NOW, SSL, snapshot_lines, unit, units
from tests.checks.worlds import Zone, fleet, world
from tests.host.found import settings


class Here:
    """This machine as a host, as it is; but its updates are not worked out, which takes long."""

    def __init__(self, folder: Path) -> None:
        (folder / "apt-get").write_text("#!/bin/sh\n")
        (folder / "apt-get").chmod(0o755)
        self._environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    def run(self, _name: str, command: str, _lines: Sequence[str], limit: float) -> list[str]:
        return subprocess.run(  # noqa: S602 - the command is the one that a host gets
            command,
            shell=True,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=limit,
            check=True,
        ).stdout.splitlines()


OK, WARNING, ERROR, UNKNOWN = Severity.OK, Severity.WARNING, Severity.ERROR, Severity.UNKNOWN


@pytest.mark.parametrize(
    ("id_", "case", "severity"),
    [
        ("services", snapshot_case(unit=units(NRestarts="9")), WARNING),
        ("services", snapshot_case(unit=units(UnitFileState="disabled")), ERROR),
        ("services", snapshot_case(unit=units(LoadState="not-found")), ERROR),
        ("services", snapshot_case(unit=["System has not been booted with systemd"]), UNKNOWN),
        ("services", snapshot_case(failed=["apt-daily.service loaded failed failed x"]), WARNING),
        (
            "updates",
            snapshot_case(update=["Inst vim [1] (2 Debian-Security:12/stable-security)"]),
            OK,
        ),
        *(
            ("updates", snapshot_case(update=[f"Inst {package} [1] (2 Debian-Security:12)"]), found)
            for package, found in (
                ("dovecot-imapd", WARNING),
                ("postfix-mta-sts-resolver", WARNING),
                ("redis-tools", WARNING),
                ("nginx-common", WARNING),
                ("nftables", WARNING),
                ("libssl3", WARNING),
                ("python3.11", OK),
                ("cargo", OK),
            )
        ),
        ("updates", snapshot_case(update=["Inst postfix [1] (2 Debian:12.9/stable [amd64])"]), OK),
        ("updates", snapshot_case(reboot=["required"]), WARNING),
        ("updates", snapshot_case(listed=["1700000000"]), UNKNOWN),
        ("updates", snapshot_case(list=[]), UNKNOWN),
        ("queue", snapshot_case(queue=[waiting(60)]), OK),
        ("queue", snapshot_case(queue=[waiting(90_000)]), WARNING),
        ("queue", snapshot_case(queue=[waiting(60)] * 101), WARNING),
        ("queue", snapshot_case(queue=["failed"]), UNKNOWN),
        ("queue", snapshot_case(queue=["[1]"]), UNKNOWN),
        ("disk", snapshot_case(blocks=["/dev/sda1 99999999 94999999 5000000 95% /"]), WARNING),
        ("disk", snapshot_case(inodes=["/dev/sda1 1000 999 1 99% /"]), WARNING),
        ("disk", snapshot_case(inodes=["overlay 0 0 0 - /"]), OK),
        ("disk", snapshot_case(blocks=["garbage"]), UNKNOWN),
        ("clock", snapshot_case(ahead=-60), ERROR),
        ("clock", snapshot_case(synchronized=["no"]), WARNING),
        ("clock", snapshot_case(synchronized=["no"], container=["podman"]), OK),
        ("drift", snapshot_case(deployed=["postfix table /etc/postfix/virtual"]), ERROR),
        ("drift", snapshot_case(deployed=["postfix missing /etc/postfix/main.cf"]), ERROR),
        ("drift", snapshot_case(deployed=["postfix unnoted"]), OK),
        ("drift", snapshot_case(deployed=["Traceback (most recent call last):"]), UNKNOWN),
        ("drift", snapshot_case(deployed=[]), UNKNOWN),
        ("drift", snapshot_case(postconf=["myhostname = other.example"]), ERROR),
        ("keys", snapshot_case(days=3), WARNING),
        ("keys", snapshot_case(days=-3), ERROR),
        ("keys", snapshot_case(certificate=[f"AAAA {SSL}/mx1.pem"]), ERROR),
        ("keys", snapshot_case(secret=[]), ERROR),
        ("keys", snapshot_case(secret=[f"600 root 1 {SSL}/a.pem", f"x y z {DKIM}/b.key"]), UNKNOWN),
        ("port25", snapshot_case(port25=[]), UNKNOWN),
        ("port25", snapshot_case(port25=["192.0.2.7 no answer", "192.0.2.8 reached 220 x"]), OK),
    ],
)
def test_each_state_of_a_host_has_its_severity(
    id_: str, case: Case, severity: Severity, tmp_path: Path
) -> None:
    found = [one for one in case(tmp_path) if one.id == f"host.{id_}"]

    assert severity in {one.severity for one in found}
    assert severity is OK or OK not in {one.severity for one in found} or id_ == "disk"
    assert all(one.saw.startswith("mx1") for one in found)


@pytest.mark.parametrize(
    ("loaded", "own", "severity"),
    [
        ({}, {}, OK),
        ({"smtpd_client_auth_rate_limit": "0"}, {}, ERROR),
        ({"smtpd_tls_auth_only": "no"}, {}, ERROR),
        ({"smtpd_client_auth_rate_limit": "9"}, {"smtpd_client_auth_rate_limit": "9"}, OK),
    ],
    ids=str,
)
def test_a_host_with_accounts_limits_password_guesses(
    loaded: dict[str, str], own: dict[str, str], severity: Severity, tmp_path: Path
) -> None:
    accounts = {"captain@harbor.example": {"password": "$6$" + "a" * 8 + "$" + "b" * 86}}
    manned = fleet(
        {
            "mail_aliases": {"captain": "root"},
            "mail_accounts": accounts,
            "mail_postfix_main": own,
        }
    )
    said = {"smtpd_client_auth_rate_limit": "1200", "smtpd_tls_auth_only": "yes", **loaded}
    lines = snapshot_lines(tmp_path, {})
    postconf = [line.removeprefix("postconf ") for line in lines if line.startswith("postconf ")]
    postconf += [f"{key} = {value}" for key, value in said.items()]

    found = list(
        drift(Snapshot(manned.hosts[0], {"deployed": ["postfix same"], "postconf": postconf}))
    )

    assert [one.severity for one in found] == [severity]
    assert all(f"{key} = {value}" in found[0].saw for key, value in loaded.items() if not own)


@pytest.mark.parametrize(
    "size",
    [
        {"mail_message_size_limit": 1_000_000_000},
        {"mail_postfix_main": {"message_size_limit": "1000000000"}},
    ],
    ids=lambda size: next(iter(size)),
)
def test_free_space_is_measured_by_the_size_limit_that_postfix_has(size: dict[str, object]) -> None:
    free = 1_887_436  # KiB, 1.8 GiB
    row = f"/dev/sda1 20000000 {20_000_000 - free} {free} 90% /"
    (finding,) = disk(Snapshot(fleet(size).hosts[0], {"blocks": [row]}))

    assert finding.severity is ERROR


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        ({"UnitFileState": "static"}, OK),
        ({"UnitFileState": "static", "ActiveState": "inactive"}, ERROR),
        ({"UnitFileState": "static", "LoadState": "not-found"}, ERROR),
        ({"UnitFileState": "masked"}, ERROR),
    ],
    ids=str,
)
def test_the_unit_that_takes_over_own_certificates_has_to_run(
    state: dict[str, str], severity: Severity
) -> None:
    files = {"mx1.harbor.example": "/etc/ssl/mx1.pem"}
    host = fleet({"mail_tls": "files", "mail_tls_files": files}).hosts[0]
    lines = [*units(), *unit("pyinfra-mail-certificates.path", **state)]

    found = list(services(Snapshot(host, {"unit": lines})))

    assert [one.severity for one in found] == [severity]


@pytest.mark.parametrize(
    ("own", "unit_name"),
    [
        ({"mail_send_reports": ["dmarc"]}, "pyinfra-mail-dmarc-reports.timer"),
        (
            {"mail_mailboxes": ACCOUNTS["mail_accounts"], "mail_filter": {"bayes": True}},
            "pyinfra-mail-learner.path",
        ),
    ],
)
def test_a_unit_that_rspamd_starts_is_not_enabled_by_itself(
    own: dict[str, object], unit_name: str
) -> None:
    host = fleet(own).hosts[0]
    lines = [*units(), *unit(unit_name, UnitFileState="static"), *unit("dovecot.service")]

    found = list(services(Snapshot(host, {"unit": lines})))

    assert not [one.saw for one in found if unit_name in one.saw and one.severity is not OK]


def test_the_common_reason_of_waiting_messages_is_named(tmp_path: Path) -> None:
    queue = [waiting(90_000, "full"), waiting(90_000, "no route"), waiting(60, "no route")]
    found = [one for one in snapshot_case(queue=queue)(tmp_path) if one.id == "host.queue"]

    assert found[0].saw == "mx1: 3 deferred, the oldest for 25.0 h; mostly: no route"


def test_an_account_that_has_reached_its_rate_is_named(tmp_path: Path) -> None:
    def found(own: Mapping[str, object], *lines: str) -> list[str]:
        findings = snapshot_case(own, limited=lines)(Path(mkdtemp(dir=tmp_path)))
        return [one.saw for one in findings if one.id == "host.account_rate"]

    assert found(ACCOUNTS) == ["mx1: no account has reached 2000/1d in the last day"]
    (saw,) = found(ACCOUNTS | {"mail_account_rate": "5/1h"}, "7 captain@harbor.example")
    assert saw.startswith("mx1: 7 messages of captain@harbor.example were refused in the last day")
    assert saw.endswith("after 5 recipients in 1h")
    assert found({}) == []
    assert found(ACCOUNTS | {"mail_account_rate": ""}) == []


def test_a_message_is_old_when_its_sender_gets_a_notice_of_delay() -> None:
    lines = {"queue": [waiting(7200)]}
    states = [
        next(queue_findings(Snapshot(host, lines, now=NOW))).severity
        for host in (fleet({"mail_delay_warning": delay}).hosts[0] for delay in (3600, 14_400))
    ]

    assert states == [WARNING, OK]


@pytest.mark.parametrize(
    ("own", "absent"),
    [
        (
            {},
            {
                *("bulk.rates", "bulk.receivers", "bulk.separation", "bulk.warmup"),
                *("reports.sent", "host.directory"),
            },
        ),
        (BULK | SENDS, {"bulk.warmup", "host.directory"}),
        (WARMUP, {"reports.sent", "host.directory"}),
    ],
    ids=["no stream", "stream", "warm-up"],
)
def test_a_snapshot_that_was_cut_off_answers_no_check(
    tmp_path: Path, own: Mapping[str, Any], absent: set[str]
) -> None:
    here = replace(world(tmp_path), hosts=FixedOutput(["begin 1", "unit x"]))

    found = list(hosts(fleet(own), here))

    asked = {one.id for one in hosts.checks} - absent
    assert {(one.id, one.severity) for one in found} == {(one, UNKNOWN) for one in asked}


DENIED = (
    "postmap: warning: pgsql query failed: fatal error from host db:5432: ERROR:"
    "  permission denied for table mail_aliases? "
)
SERVER = "mx1: db.harbor.example"
RUNS = "see that PostgreSQL runs there and that this host reaches it, then run again"


@pytest.mark.parametrize(
    ("lines", "severity", "saw", "advice"),
    [
        (["directory_aliases 9 ", "dovecot 40 "], OK, f"{SERVER} answers in 40 ms at most", ""),
        (
            ["directory_aliases 1200 ", "dovecot 40 "],
            WARNING,
            f"{SERVER} answers in 1200 ms",
            "add an index on `address` to its tables, or look at the load of the server",
        ),
        (
            [f"directory_aliases 9 {DENIED}", f"directory_senders 9 {DENIED}", "dovecot 9 failed"],
            ERROR,
            f"{SERVER} does not answer Postfix: ERROR:  permission denied for table mail_aliases",
            "permit the user of mail_directory to read the tables (GRANT SELECT)",
        ),
        (
            ["directory_aliases 10003 no answer within 10 s", "dovecot 9 "],
            ERROR,
            f"{SERVER} does not answer Postfix: no answer within 10 s",
            RUNS,
        ),
        (
            ["directory_aliases 9 ", "dovecot 10003 no answer within 10 s"],
            ERROR,
            f"{SERVER} does not answer Dovecot: no answer within 10 s",
            "read `journalctl -u dovecot` on the host",
        ),
        ([], UNKNOWN, "mx1: postmap has no output", "run postmap by hand"),
    ],
)
def test_the_answers_of_a_directory_are_told(
    lines: list[str], severity: Severity, saw: str, advice: str, tmp_path: Path
) -> None:
    found = snapshot_case(ASKED, directory=lines)(tmp_path)

    (told,) = (one for one in found if one.id == "host.directory")
    assert (told.severity, told.saw, told.fix) == (severity, saw, advice)
    (quota,) = (one for one in found if one.id == "host.quota")
    assert not quota.applies


def test_the_script_runs_whole_on_this_machine_and_reaches_a_server(tmp_path: Path) -> None:
    with serving(Handler()) as port:
        here = world(tmp_path, port=port, timeout=30)
        here = replace(here, hosts=Here(tmp_path))
        request = SnapshotRequest(("ssh.service",), targets=("127.0.0.1", "127.0.0.2"))
        found = take_snapshot(fleet().hosts[0], request, here)

    said = dict(line.split(maxsplit=1) for line in found.lines("port25"))
    assert said["127.0.0.1"].startswith("reached 220")
    assert said["127.0.0.2"] == "Connection refused"
    assert found.lines("blocks")
    assert not any("Error" in line for line in found.lines("deployed"))
    assert found.behind[0] <= 0 <= found.behind[1]


@pytest.mark.parametrize(
    ("relay", "severity", "says"),
    [
        ("relay.far.example:587", Severity.OK, "goes through relay.far.example:587"),
        ({"harbor.example.net": "relay.far.example:587"}, Severity.ERROR, "reaches no port 25"),
    ],
)
def test_a_host_whose_mail_all_goes_through_a_relay_needs_no_port_25(
    relay: Any, severity: Severity, says: str
) -> None:
    own = settings(mail_relay=relay)

    (found,) = port25(Snapshot(own, {"port25": ["192.0.2.7 timed out"]}))

    assert (found.severity, says in found.saw) == (severity, True)
    assert severity is Severity.OK or "by mail_relay" in found.fix


def test_deployed_files_are_compared_with_the_notes_of_the_deploy(tmp_path: Path) -> None:
    state, loaded, main, table = (tmp_path / name for name in ("state", "run", "main", "virtual"))
    state.mkdir()
    loaded.mkdir()
    main.write_text("a = b\n")
    note = {"owned": [str(main), "unit"], "tables": {}}
    (state / "postfix.json").write_text(json.dumps(note))

    def lines() -> list[str]:
        return list(compared(state, loaded, set_digest))

    assert lines() == ["postfix unnoted"]
    stamp = {"pid": 1, "digest": set_digest({str(main): "a = b\n"})}
    (loaded / "postfix.json").write_text(json.dumps(stamp))
    assert lines() == ["postfix same"]
    os.utime(loaded / "postfix.json", (1, 1))
    main.write_text("a = c\n")
    assert lines() == [f"postfix changed {main}"]
    main.unlink()
    (state / "postfix.json").write_text(json.dumps(note | {"tables": {str(table): ["x", "y"]}}))
    assert lines() == [f"postfix table {table}", f"postfix missing {main}", "postfix changed"]


def test_a_silent_host_has_no_snapshot(tmp_path: Path) -> None:
    host = fleet().hosts[0].model_copy(update={"inventory_name": "silent"})

    with pytest.raises(UnansweredError, match="did not answer"):
        take_snapshot(host, SnapshotRequest(), world(tmp_path))


def test_connections_go_to_servers_of_others(tmp_path: Path) -> None:
    records = {
        ("faraway.example", "MX"): [Answer("ns", ("10 mail.faraway.example.",))],
        ("mail.faraway.example", "A"): [Answer("ns", ("192.0.2.7", "127.0.0.1"))],
        ("mail.faraway.example", "AAAA"): [Answer("ns", ("2001:db8::7",))],
    }
    here = replace(world(tmp_path), names=Zone(records))

    assert targets(fleet().hosts[0], fleet(), here) == ("192.0.2.7",)


@pytest.mark.parametrize(
    ("kind", "lines", "severity", "saw"),
    [
        ("dmarc", [], Severity.OK, "mx1: no DMARC reports were due in the last two days"),
        (
            "dmarc",
            ["... 1 dates processed, 4 reports: 2 completed, 2 failed"],
            Severity.OK,
            "mx1: DMARC reports of the last day: 4, not handed over: 2",
        ),
        (
            "dmarc",
            ["... 1 dates processed, 4 reports: 1 completed, 3 failed"],
            Severity.WARNING,
            "mx1: DMARC reports of the last day: 4, not handed over: 3",
        ),
        ("tls", [], Severity.WARNING, "mx1: TLS results are not collected"),
        ("tls", ["broken /x: no such table"], Severity.WARNING, "mx1: /x: no such table"),
        (
            "tls",
            ["sessions 9 failed 1"],
            Severity.OK,
            "mx1: TLS sessions collected today: 9, failed: 1; reports: 0",
        ),
        (
            "tls",
            ["sessions 9 failed 1", "sent 2 mailto:a@example.net", "timedout 2 https://x.example"],
            Severity.OK,
            "mx1: TLS sessions collected today: 9, failed: 1; reports: 2",
        ),
        (
            "tls",
            ["sessions 9 failed 1", "waiting 7 mailto:b@x.example", "timedout 2 https://x.example"],
            Severity.WARNING,
            (
                "mx1: TLS sessions collected today: 9, failed: 1; reports: 0, given up: 2, as to "
                "https://x.example"
            ),
        ),
    ],
)
def test_reports_that_are_not_sent_are_told(
    tmp_path: Path, kind: str, lines: list[str], severity: Severity, saw: str
) -> None:
    sends = {"mail_send_reports": [kind]}
    findings = snapshot_case(sends, dmarcsent=lines, tlsresult=lines)(tmp_path)

    assert [(one.severity, one.saw) for one in findings if one.id == "reports.sent"] == [
        (severity, saw)
    ]


def test_results_of_tls_are_counted_in_the_tables_of_the_collector(tmp_path: Path) -> None:
    collected, reports = tmp_path / "collected.sqlite", tmp_path / "reports.sqlite"
    assert list(tls_results(collected, reports)) == []
    for file, lines in (
        (
            collected,
            (
                "CREATE TABLE finalresults(day, domain, cntrtotal, cntrfailure)",
                "INSERT INTO finalresults VALUES('2026-11-30', 'a.example', 7, 2)",
                "INSERT INTO finalresults VALUES('2026-11-30', 'b.example', 1, 0)",
            ),
        ),
        (
            reports,
            (
                "CREATE TABLE destinations(destination, status)",
                "INSERT INTO destinations VALUES('mailto:a@a.example', NULL)",
                "INSERT INTO destinations VALUES('mailto:b@b.example', 'sent')",
            ),
        ),
    ):
        with closing(sqlite3.connect(file)) as database, database:
            for line in lines:
                database.execute(line)

    assert sorted(tls_results(collected, reports)) == [
        "sent 1 mailto:b@b.example",
        "sessions 8 failed 2",
        "waiting 1 mailto:a@a.example",
    ]
    reports.write_text("no database")
    assert [one for one in tls_results(collected, reports) if one.startswith("broken ")]


@pytest.mark.parametrize(
    ("queued", "saw"),
    [
        ([], "mx1: bulk messages that receivers have deferred: 0"),
        (["failed"], "mx1: bulk messages that receivers have deferred: 0"),
        (deferred(19), "mx1: bulk messages that receivers have deferred: 19"),
        (
            deferred(20),
            (
                "mx1: 20 bulk messages wait for example.net; mostly: host mx.example.net said: 421 "
                "4.7.0 later"
            ),
        ),
        # A group that is slowed is one to know about, whatever the number.
        (
            [
                *deferred(2),
                *deferred(3, "receivers of group harbor defer mail: at most 60 a minute"),
            ],
            (
                "mx1: 5 bulk messages wait for example.net; its group is slowed; mostly: host "
                "mx.example.net said: 421 4.7.0 later"
            ),
        ),
        (
            deferred(1, "receivers of group harbor defer mail: at most 60 a minute pass"),
            (
                "mx1: 1 bulk messages wait for example.net; its group is slowed; mostly: receivers "
                "of group harbor defer mail: at most 60 a minute pass"
            ),
        ),
    ],
)
def test_receivers_that_defer_bulk_mail_are_named_with_their_reason(
    tmp_path: Path, queued: list[str], saw: str
) -> None:
    findings = snapshot_case(BULK, bulkqueue=queued)(tmp_path)

    assert [one.saw for one in findings if one.id == "bulk.receivers"] == [saw]
