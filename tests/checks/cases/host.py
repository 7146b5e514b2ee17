"""Snapshots of a host: as it should be, and with one fault each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploys.checks.core.finding import Finding
from deploys.checks.host.inspection import hosts
from deploys.mail.settings.secret import command
from tests.checks.cases.pair import Case, Pair
from tests.checks.snapshots import DKIM, NOW, SSL, snapshot_lines, units
from tests.checks.worlds import Zone, fleet, world


class FixedOutput:
    """A host with a given snapshot."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def run(self, _name: str, _command: str, _lines: Sequence[str], _limit: float) -> list[str]:
        return self._lines


PASSWORD = {"password": "$6$" + "a" * 8 + "$" + "b" * 86}
ACCOUNTS = {
    "mail_aliases": {"captain": "root"},
    "mail_accounts": {"captain@harbor.example": PASSWORD},
}

QUOTA = {"mail_mailboxes": {"captain@harbor.example": PASSWORD | {"quota": "100M"}}}

ASKED = {
    "mail_directory": {
        "class": "postgresql",
        "host": "db.harbor.example",
        "database": "mail",
        "user": "reader",
        "password": command("echo", "sesame"),
    },
    "mail_mailboxes": {"captain@harbor.example": PASSWORD},
}
AWAY = (
    "postmap: warning: connect to pgsql server db:5432: connection to server at "
    '"db", port 5432 failed: Connection refused??Is the server running on that host?'
)


def snapshot_case(
    own: Mapping[str, object] | None = None,
    *,
    ahead: float = 0,
    days: float = 90,
    **changed: Sequence[str],
) -> Case:
    """Return a host with own settings whose snapshot has some sections changed."""

    def case(folder: Path) -> list[Finding]:
        from_now = NOW - ahead
        here = replace(
            world(folder),
            hosts=FixedOutput(snapshot_lines(folder, changed, days)),
            names=Zone({}),
            clock=lambda: from_now,
        )
        return list(hosts(fleet(own), here))

    return case


def waiting(seconds: float, reason: str = "connect timed out") -> str:
    return (
        f'{{"queue_name": "deferred", "arrival_time": {NOW - seconds}, '
        f'"recipients": [{{"delay_reason": "{reason}"}}]}}'
    )


STREAM = {
    "accounts": ["news@harbor.example"],
    "bounces": "bounces.harbor.example",
    "secret": command("echo", "x" * 32),
}
BULK = {
    "mail_aliases": {"captain": "root", "news": "root"},
    "mail_accounts": {f"{one}@harbor.example": PASSWORD for one in ("captain", "news")},
    "mail_bulk": STREAM,
}
HANDED_OVER = ["news@harbor.example\tbulk_stream"]


SENDS = {"mail_send_reports": ["dmarc", "tls"]}
HANDED_IN = "Reporting collection has finished 1 dates processed, 2 reports: 2 completed, 0 failed"
COLLECTED = ["sessions 40 failed 2", "sent 3 mailto:tls@example.net"]


NEW_ADDRESS = "192.0.2.42"
WARMUP = {
    **BULK,
    "mail_bulk": {**STREAM, "addresses": ["192.0.2.41", NEW_ADDRESS]},
    "mail_warmup": {"address": NEW_ADDRESS, "start": "2026-12-01", "plan": [50, 100]},
}


def warmup_state(
    *, today: str = "2026-12-02", left: int = 30, paused: str = "", **day: Any
) -> list[str]:
    """Return the state of a warm-up at one receiver group, as its program prints it."""
    own = {"receiver": "google", "number": 2, "date": "2026-12-02", "most": 100, "over": False}
    pause = {"receiver": "google", "since": 1_796_202_000, "reason": paused}
    rows = {
        "today": today,
        "days": [{"address": NEW_ADDRESS, **own, **day}],
        "pauses": [{"address": NEW_ADDRESS, **pause}] if paused else [],
        "delivered": {NEW_ADDRESS: {"google": left}},
    }
    return [json.dumps(rows)]


def sent_by(sender: str, seconds: float = 600) -> str:
    """Return a message in a queue, which has waited for some time."""
    return (
        f'{{"queue_name": "deferred", "arrival_time": {NOW - seconds}, "sender": "{sender}", '
        '"recipients": []}'
    )


def deferred(count: int, reason: str = "host mx.example.net said: 421 4.7.0 later") -> list[str]:
    """Return bulk messages for one domain, each deferred for a reason."""
    recipient = f'{{"address": "anna@example.net", "delay_reason": "{reason}"}}'
    message = sent_by("news@harbor.example").replace("[]", f"[{recipient}]")
    return [message] * count


CASES: Mapping[str, Pair] = {
    "bulk.receivers": Pair(
        snapshot_case(BULK, bulkqueue=deferred(19)),
        snapshot_case(BULK, bulkqueue=deferred(20)),
        lab_test="test_shaping.test_a_group_that_defers_is_slowed_and_other_mail_goes",
    ),
    "bulk.separation": Pair(
        snapshot_case(BULK, bulkaccount=HANDED_OVER, bulkqueue=[sent_by("news@harbor.example")]),
        snapshot_case(BULK, bulkaccount=HANDED_OVER, queue=[sent_by("news@harbor.example")]),
        lab_test="test_bulk.test_bulk_mail_waits_while_its_instance_is_stopped_and_other_mail_goes",
    ),
    "bulk.warmup": Pair(
        snapshot_case(WARMUP, warmup=warmup_state()),
        snapshot_case(WARMUP, warmup=warmup_state(paused="12 of 30 attempts were deferred")),
        lab_test="test_shaping.test_a_burst_of_deferrals_pauses_the_new_address_until_it_is_resumed",
    ),
    "reports.sent": Pair(
        snapshot_case(SENDS, dmarcsent=[HANDED_IN], tlsresult=COLLECTED),
        snapshot_case(SENDS, dmarcsent=[HANDED_IN], tlsresult=[]),
        lab_test="test_reports.test_the_reports_of_the_hosts_are_sent",
    ),
    "host.services": Pair(snapshot_case(), snapshot_case(unit=units(ActiveState="failed"))),
    "host.updates": Pair(
        snapshot_case(),
        snapshot_case(update=["Inst postfix [3.7.1] (3.7.2 Debian-Security:12/stable-security)"]),
    ),
    "host.queue": Pair(
        snapshot_case(queue=[waiting(60)]), snapshot_case(corrupt=["/var/spool/postfix/corrupt/A"])
    ),
    "host.quota": Pair(
        snapshot_case(QUOTA, quota=["captain@harbor.example\tmailbox\tSTORAGE\t94\t100\t94"]),
        snapshot_case(QUOTA, quota=["captain@harbor.example\tmailbox\tSTORAGE\t95\t100\t95"]),
        lab_test="test_mailboxes.test_a_full_mailbox_is_refused_at_rcpt_and_its_user_is_warned",
    ),
    "host.directory": Pair(
        snapshot_case(ASKED, directory=["directory_aliases 12 ", "dovecot 8 "]),
        snapshot_case(ASKED, directory=[f"directory_aliases 3004 {AWAY}", "dovecot 8 "]),
        lab_test="test_directory.test_mail_waits_while_the_directory_is_away",
    ),
    "host.account_rate": Pair(
        snapshot_case(ACCOUNTS),
        snapshot_case(ACCOUNTS, limited=["      7 captain@harbor.example"]),
        lab_test="test_signing.test_an_account_that_sends_too_much_is_told_to_come_back",
    ),
    "host.disk": Pair(
        snapshot_case(), snapshot_case(blocks=["/dev/sda1 99999999 99899999 100000 99% /"])
    ),
    "host.clock": Pair(snapshot_case(), snapshot_case(ahead=60)),
    "host.drift": Pair(
        snapshot_case(), snapshot_case(deployed=["postfix changed /etc/postfix/main.cf"])
    ),
    "host.keys": Pair(
        snapshot_case(),
        snapshot_case(
            secret=[f"644 root 1 {SSL}/a.pem", f"600 _rspamd {int(NOW)} {DKIM}/mx1-rsa.key"]
        ),
    ),
    "host.port25": Pair(snapshot_case(), snapshot_case(port25=["192.0.2.7 no answer within 5 s"])),
}
