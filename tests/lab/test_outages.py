"""
Faults under a stream of mail, as a table: what dies comes back by itself, and loses no mail.

Every fault strikes both Debian releases at once, and the next run succeeds. The streams begin
before the first fault; the last test counts their mail, and that which the hosts have sent.
"""

import smtplib
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from deploys.host.agent.existing import START
from tests.lab.labs import Raised, podman
from tests.lab.mail_client import VISITOR, any_certificate
from tests.lab.runs import LAB, MAIL_HOSTS, deployed, on, restored, settled, undone
from tests.lab.stream import Stream

WORDS = ("--data", "mail_account_rate=1000/1h")  # so that Redis is needed
POSTFIX = {"mx1": "postfix@-", "mx2": "postfix"}
KILL = 'kill -9 "$(systemctl show -p MainPID --value {unit})"'
PACKAGES = "postfix rspamd dovecot-core unbound fail2ban postfix-mta-sts-resolver redis-server"
UPGRADE = f"""
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq --reinstall install -y {PACKAGES} >/root/upgrade 2>&1
"""
SENT_AT_ONCE = 3
GREETING = 300  # seconds that a client waits for it (RFC 5321 section 4.5.3.2.1)
UNITS = (
    *("unbound", "redis-server@rspamd", "rspamd", "dovecot", "postfix-mta-sts-resolver"),
    "fail2ban",
)


@dataclass
class Ledger:
    """Mail that goes in and out of both hosts."""

    inbound: dict[str, Stream]
    stack: ExitStack
    token: str = field(default_factory=lambda: uuid4().hex)
    sent: set[str] = field(default_factory=set)

    def send(self) -> None:
        """Submit mail on each host to a mailbox elsewhere; it waits for what is down."""
        for name in MAIL_HOSTS:
            for number in range(SENT_AT_ONCE):
                subject = f"{self.token}-{name}-{len(self.sent)}-{number}"
                on(name, f"printf 'Subject: {subject}\\n\\nx\\n' | sendmail {VISITOR}")
                self.sent.add(subject)

    def arrived(self) -> set[str]:
        """Return the subjects that are in the mailbox elsewhere."""
        found = on("peer", f"grep '^Subject: {self.token}' /var/mail/visitor || true")
        return {line.removeprefix("Subject: ") for line in found.splitlines()}


@pytest.fixture(scope="module")
def ledger(lab: Raised) -> Iterator[Ledger]:
    """Return the ledger of two hosts as the inventory says, with mail that comes and goes."""
    assert lab
    deployed(*WORDS)
    with ExitStack() as stack:
        yield Ledger(
            {
                name: stack.enter_context(Stream(name, recipient, 10))
                for name, recipient in MAIL_HOSTS.items()
            },
            stack,
        )
    restored()


def takes_mail(name: str, seconds: float) -> bool:
    """Tell whether a host accepts mail from a client that waits this long for each answer."""
    with smtplib.SMTP(LAB.address(name), timeout=seconds) as smtp:
        smtp.ehlo()
        smtp.mail("")
        return smtp.rcpt(MAIL_HOSTS[name])[0] == 250


def takes_logins(name: str, seconds: float) -> bool:
    """Tell whether a host offers logins on port 465 to a client that waits this long."""
    with smtplib.SMTP_SSL(
        LAB.address(name), 465, timeout=seconds, context=any_certificate()
    ) as smtp:
        smtp.ehlo()
        return smtp.has_extn("auth")


def serves(name: str) -> bool:
    """Tell whether a host takes mail and logins now."""
    with suppress(OSError, smtplib.SMTPException):
        return takes_mail(name, 5) and takes_logins(name, 5)
    return False


def recovered(name: str, *units: str) -> None:
    """Wait until a host serves again and units run."""
    for _ in range(60):
        if serves(name):
            settled(name, *(f"systemctl is-active {unit}" for unit in units))
            return
        time.sleep(0.3)
    raise AssertionError(f"{name} does not serve: {on(name, 'systemctl --failed --no-legend')}")


def without_submission(name: str) -> None:
    """Wait until no daemon from before a reload serves port 465, which knows Dovecot still."""
    for _ in range(100):
        try:
            takes_logins(name, 2)
        except (OSError, smtplib.SMTPException):
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} serves port 465 without Dovecot")


def upgraded(name: str) -> None:
    """Wait until the package manager of a host has ended; it must not fail."""
    for _ in range(480):
        if on(name, "systemctl show -p SubState --value upgrade") != "running":
            break
        time.sleep(0.5)
    assert on(name, "systemctl show -p SubState --value upgrade") == "exited", on(
        name, "tail /root/upgrade"
    )
    on(name, "systemctl stop upgrade")


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_whose_main_process_is_killed_comes_back(unit: str, ledger: Ledger) -> None:
    for name in MAIL_HOSTS:
        on(name, KILL.format(unit=unit))
    ledger.send()
    for name in MAIL_HOSTS:
        recovered(name, unit)


@pytest.mark.usefixtures("ledger")
def test_every_service_runs_in_a_sandbox() -> None:
    """5.0 of 10 is the most that `systemd-analyze security` may find open."""
    for name in MAIL_HOSTS:
        for unit in (*UNITS, POSTFIX[name]):
            on(name, f"systemd-analyze security --no-pager --threshold=50 {unit}.service")


def test_postfix_comes_back_although_a_client_holds_one_of_its_daemons(ledger: Ledger) -> None:
    with ExitStack() as idle:
        for name in MAIL_HOSTS:
            client = idle.enter_context(socket.create_connection((LAB.address(name), 25), 10))
            assert client.recv(3) == b"220"
            on(name, KILL.format(unit=POSTFIX[name]))
        ledger.send()
        for name in MAIL_HOSTS:
            recovered(name, POSTFIX[name])


@pytest.mark.usefixtures("ledger")
def test_the_run_after_these_deaths_finds_nothing_to_change() -> None:
    said = deployed(*WORDS)

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


FAIL2BAN = "/run/fail2ban/fail2ban.sock"
SINCE = 'date +%s -d "$(systemctl show -p ActiveEnterTimestamp --value fail2ban)"'
UNWATCHED = "/run/systemd/system/postfix@-.service.d"


def test_a_run_ends_the_orphans_of_a_postfix_that_systemd_does_not_watch(ledger: Ledger) -> None:
    """Debian 12's own unit stays active for as long as one daemon lives."""
    setting = "[Service]\\nPIDFile=\\nRestart=no\\n"
    with undone("mx1", f"rm -rf {UNWATCHED}; systemctl daemon-reload"):
        on("mx1", f"mkdir -p {UNWATCHED} && printf '{setting}' >{UNWATCHED}/zz.conf")
        on("mx1", "systemctl daemon-reload && systemctl restart postfix")
        with socket.create_connection((LAB.address("mx1"), 25), 10) as idle:
            assert idle.recv(3) == b"220"
            on("mx1", "kill -9 $(cat /var/spool/postfix/pid/master.pid)")
            assert on("mx1", "systemctl is-active postfix@-") == "active"

            assert "start postfix@-.service" in deployed(*WORDS, "--limit", "mx1")

    recovered("mx1", POSTFIX["mx1"])
    ledger.send()


def test_a_run_starts_dovecot_after_submission_has_died_for_want_of_it_and_what_answers_no_more(
    ledger: Ledger,
) -> None:
    for name in MAIL_HOSTS:
        on(name, "systemctl stop dovecot && postfix reload")
        without_submission(name)
        settled(name, f"test $(($(date +%s) - $({SINCE}))) -gt {START}")
        on(name, f"rm {FAIL2BAN}")
    ledger.send()

    said = deployed(*WORDS)

    assert said.count("start dovecot.service") == len(MAIL_HOSTS)
    assert said.count(
        f"restart fail2ban.service (no process answers at the socket {FAIL2BAN})"
    ) == len(MAIL_HOSTS)
    for name in MAIL_HOSTS:
        recovered(name, "dovecot")
        on(name, "fail2ban-client ping")


def test_mail_waits_for_a_resolver_that_is_away(ledger: Ledger) -> None:
    """Before its greeting, a host looks for the name of a client: for 10 s, if nobody answers."""
    resolver = LAB.lab.container(LAB.host("resolver"))
    podman("pause", resolver)
    try:
        for name in MAIL_HOSTS:
            on(name, "unbound-control flush_zone .")
        ledger.send()
        for name in MAIL_HOSTS:
            assert takes_mail(name, GREETING)
            assert takes_logins(name, GREETING)
    finally:
        podman("unpause", resolver)

    deployed(*WORDS)


def test_every_package_is_replaced_while_mail_waits(ledger: Ledger) -> None:
    for name in MAIL_HOSTS:
        on(name, "postconf -e defer_transports=smtp && postfix reload")
    ledger.send()
    for name in MAIL_HOSTS:
        assert on(name, "postqueue -p | grep -c '^[0-9A-F]'") != "0"
        on(name, f"systemd-run -q --unit=upgrade -p RemainAfterExit=yes sh -c '{UPGRADE}'")
    for name in MAIL_HOSTS:
        upgraded(name)

        # Debian's own instance of Redis would listen on a port.
        assert "6379" not in on(name, "ss -ltn")

    deployed(*WORDS)
    for name in MAIL_HOSTS:
        recovered(name, POSTFIX[name], "rspamd", "dovecot")


def test_a_host_that_restarts_serves_again(ledger: Ledger) -> None:
    lock = "/var/mail/root.lock"  # as a delivery leaves it that the restart has cut off
    for name in MAIL_HOSTS:
        on(name, f"systemctl stop {POSTFIX[name]} && touch {lock}")
        podman("restart", "-t", "5", LAB.lab.container(LAB.host(name)))
    for name in MAIL_HOSTS:
        recovered(name, POSTFIX[name])
        settled(name, f"! test -e {lock}")
    ledger.send()

    deployed(*WORDS)


def test_what_was_accepted_is_delivered(ledger: Ledger) -> None:
    ledger.stack.close()
    for name, stream in ledger.inbound.items():
        on(name, "postqueue -f")
        assert stream.accepted
        for _ in range(100):
            if stream.accepted <= set(stream.delivered()):
                break
            time.sleep(0.3)
        assert stream.accepted - set(stream.delivered()) == set()
    for _ in range(100):
        if ledger.arrived() == ledger.sent:
            break
        time.sleep(0.3)
    assert ledger.arrived() == ledger.sent
