"""
Clock steps on live hosts, on both Debians: of a run, of Postfix, and of the counters of rates.

Containers share the clock of their machine. So libfaketime gives the agent another time, with every
program that it starts: openssl, certbot, and Postfix in the preflight. A unit gets it by a drop-in.
"""

import json
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploys.mail.paths import REDIS_SOCKET, dkim_history
from tests.lab.labs import Raised
from tests.lab.mail_client import VISITOR, account, any_certificate, logged_in
from tests.lab.runs import LAB, MAIL_HOSTS, UNPROVED, deployed, on, pyinfra, restored, settled
from tests.lab.tls import both

PROGRAM = "/usr/local/bin/python3"  # before /usr/bin in the path of a login
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -qq update && apt-get -qq install -y faketime"


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Hosts that sign, with another clock at hand."""
    assert lab
    for name in MAIL_HOSTS:
        on(name, f"{INSTALL} >/dev/null 2>&1")
    done = pyinfra("deploys/site.py", "-y", *UNPROVED)  # so that published keys sign
    assert done.returncode == 0, done.stdout
    yield
    moved("")
    restored()
    for name in MAIL_HOSTS:
        on(name, "apt-get -qq purge -y faketime libfaketime >/dev/null 2>&1")


def moved(step: str) -> None:
    """Move the agent's clock on both hosts; "" moves it back."""
    for name in MAIL_HOSTS:
        if step:
            line = f'exec faketime -f {step} /usr/bin/python3 "$@"'
            on(name, f"printf '#!/bin/sh\\n%s\\n' '{line}' >{PROGRAM}; chmod 755 {PROGRAM}")
        else:
            on(name, f"rm -f {PROGRAM}")


def served(name: str) -> x509.Certificate:
    """Return the certificate that a host serves on port 25."""
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.starttls(context=any_certificate())
        assert isinstance(smtp.sock, ssl.SSLSocket)
        return x509.load_der_x509_certificate(smtp.sock.getpeercert(binary_form=True) or b"")


def key(name: str) -> bytes:
    """Return the public key that a host serves."""
    form = PublicFormat.SubjectPublicKeyInfo
    return served(name).public_key().public_bytes(Encoding.DER, form)


def latest(name: str) -> datetime:
    """Return the latest time of a DKIM key's event that a host has noted."""
    slots = json.loads(on(name, f"cat {dkim_history(name)}")).values()
    noted = max(time for slot in slots for time in slot.values())
    return datetime.fromtimestamp(noted, UTC)


def unchanged(said: str) -> bool:
    return said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


def test_a_step_of_some_days_ahead_changes_nothing() -> None:
    moved("+9d")

    said = deployed()

    assert unchanged(said), said


def test_a_certificate_from_a_clock_that_was_ahead_is_replaced_and_its_keys_stay() -> None:
    before = {name: key(name) for name in MAIL_HOSTS}
    moved("+3640d")
    assert deployed().count("expires within 30 days") == len(MAIL_HOSTS)
    for name in MAIL_HOSTS:
        assert served(name).not_valid_before_utc > datetime.now(UTC)
    moved("")

    assert deployed().count("it is not valid yet") == len(MAIL_HOSTS)

    for name in MAIL_HOSTS:
        assert served(name).not_valid_before_utc < datetime.now(UTC)
    assert {name: key(name) for name in MAIL_HOSTS} == before
    assert unchanged(deployed())


def test_a_step_back_keeps_the_keys_and_counts_their_times_from_now() -> None:
    """What such a clock has made is valid when the clock is right again."""
    before = {name: key(name) for name in MAIL_HOSTS}
    moved("-9d")
    deployed()
    assert all(latest(name) < datetime.now(UTC) - timedelta(days=8) for name in MAIL_HOSTS)
    moved("")

    assert unchanged(deployed())

    assert {name: key(name) for name in MAIL_HOSTS} == before


POSTFIX = {"mx1": "postfix@-.service", "mx2": "postfix.service"}
# rspamd does not run with libfaketime: what it would note there is written for it.
REDIS_CLI = f"redis-cli -s {REDIS_SOCKET}"
AHEAD = f"{REDIS_CLI} hset $key l $(date -d tomorrow +%s000)"
QUEUE = "/var/spool/postfix/deferred"
# Files keep the times that Postfix gives them.
PRELOADED = {"NO_FAKE_STAT": "1", "FAKETIME_DISABLE_SHM": "1", "DONT_FAKE_MONOTONIC": "1"}
PASSED = " ".join(("LD_PRELOAD", "FAKETIME", *PRELOADED))


@contextmanager
def clock(step: str) -> Iterator[None]:
    """Give Postfix another time, meanwhile; it starts with it, and starts again after."""
    names = {"FAKETIME": step, "LD_PRELOAD": "$(echo /usr/lib/*/faketime/libfaketime.so.1)"}
    lines = "\\n".join(f"Environment={name}={value}" for name, value in (names | PRELOADED).items())

    def restarted(name: str, before: str) -> str:
        unit, place = POSTFIX[name], f"/run/systemd/system/{POSTFIX[name]}.d"
        return on(name, f"d={place}; {before}; systemctl daemon-reload; systemctl restart {unit}")

    # master(8) passes on what this parameter names.
    passes = f'postconf -e "$(postconf import_environment) {PASSED}"'
    write = f'mkdir -p $d; printf "[Service]\\n{lines}\\n" >$d/clock.conf'
    both(lambda name: restarted(name, f"{passes}; {write}"))
    try:
        yield
    finally:
        both(lambda name: restarted(name, "rm -r $d"))


@contextmanager
def peer_away() -> Iterator[None]:
    """Let the peer take no mail, meanwhile."""
    on("peer", "systemctl stop exim4")
    try:
        yield
    finally:
        on("peer", "systemctl start exim4")


def sent(name: str, subject: str) -> None:
    """Send a message to the peer."""
    message = f"Subject: {subject}\\n\\nBy which clock?\\n"
    on(name, f"printf '{message}' | sendmail -f {MAIL_HOSTS[name]} {VISITOR}")


def test_mail_that_a_clock_ahead_has_put_off_is_tried_when_postfix_starts_again() -> None:
    """Postfix tries no message before the time of its file, which that clock has written."""
    ahead = f"test $(find {QUEUE} -type f -newermt 'now + 20 hours' | wc -l) = 2"
    both(lambda name: on(name, "postsuper -d ALL"))
    with peer_away():
        both(lambda name: sent(name, f"before the step, {name}"))
        both(lambda name: settled(name, f"find {QUEUE} -type f | grep -q ."))
        with clock("+1d"):
            both(lambda name: sent(name, f"after the step, {name}"))
            both(lambda name: settled(name, ahead))
            on("peer", "systemctl start exim4")

    both(lambda name: settled(name, f"! find {QUEUE} -type f | grep -q ."))
    for name, unit in POSTFIX.items():
        for subject in ("before the step", "after the step"):
            settled("peer", f"grep -q 'Subject: {subject}, {name}' /var/mail/visitor")
        assert "time-sync.target" in on(name, f"systemctl show -p After {unit}")


def submitted(name: str) -> int:
    """Return the code of the answer to a message of the account."""
    with logged_in(name) as smtp:
        try:
            smtp.sendmail(account(name), VISITOR, "Subject: one of many\r\n\r\nhello\r\n")
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
    return 250


def test_an_account_that_reached_its_rate_by_a_clock_ahead_sends_when_redis_starts_again() -> None:
    """A bucket leaks from the time of its last message on, and that time is still to come."""
    deployed("--data", "mail_account_rate=2/6s")
    for name in MAIL_HOSTS:
        assert any(submitted(name) == 451 for _ in range(50))
    both(lambda name: on(name, f"for key in $({REDIS_CLI} keys 'RL*'); do {AHEAD}; done"))

    time.sleep(15)  # more than twice the time of the rate
    assert set(both(submitted).values()) == {451}
    both(lambda name: on(name, "systemctl restart redis-server@rspamd"))
    assert set(both(submitted).values()) == {250}
