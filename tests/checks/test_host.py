"""Checks of a host's snapshot, and the script of the snapshot, run on this machine."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Answer, UnansweredError
from deploys.checks.host.deployed import compared
from deploys.checks.host.disk import disk
from deploys.checks.host.drift import drift
from deploys.checks.host.inspection import hosts
from deploys.checks.host.port25 import targets
from deploys.checks.host.queue import queue as queue_findings
from deploys.checks.host.services import services
from deploys.checks.host.snapshot import Snapshot, SnapshotRequest, take_snapshot
from deploys.mail.paths import set_digest
from tests.checks.cases.host import FixedOutput, snapshot_case, waiting
from tests.checks.cases.pair import Case
from tests.checks.smtp_servers import Handler, serving
from tests.checks.snapshots import DKIM, NOW, SSL, snapshot_lines, unit, units
from tests.checks.worlds import Zone, fleet, world


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


def test_the_common_reason_of_waiting_messages_is_named(tmp_path: Path) -> None:
    queue = [waiting(90_000, "full"), waiting(90_000, "no route"), waiting(60, "no route")]
    found = [one for one in snapshot_case(queue=queue)(tmp_path) if one.id == "host.queue"]

    assert found[0].saw == "mx1: 3 deferred, the oldest for 25.0 h; mostly: no route"


def test_a_message_is_old_when_its_sender_gets_a_notice_of_delay() -> None:
    lines = {"queue": [waiting(7200)]}
    states = [
        next(queue_findings(Snapshot(host, lines, now=NOW))).severity
        for host in (fleet({"mail_delay_warning": delay}).hosts[0] for delay in (3600, 14_400))
    ]

    assert states == [WARNING, OK]


def test_a_snapshot_that_was_cut_off_answers_no_check(tmp_path: Path) -> None:
    here = replace(world(tmp_path), hosts=FixedOutput(["begin 1", "unit x"]))

    found = list(hosts(fleet(), here))

    assert {(one.id, one.severity) for one in found} == {(one.id, UNKNOWN) for one in hosts.checks}


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
