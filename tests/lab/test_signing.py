"""Signing on both Debians: what leaves, what waits, what is counted, and what nobody sees."""

import json
import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.lab import tls
from tests.lab.labs import Raised
from tests.lab.mail_client import VISITOR, account, found, submitted
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    Traffic,
    deployed,
    on,
    pyinfra,
    refused,
    restored,
    settled,
    undone,
)
from tests.lab.test_zones import PowerDns

OWN = ("--data", "mail_account_rate=5/1h")
SOCKET = "/var/spool/postfix/rspamd/milter.sock"
ANSWERS = f"python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"{SOCKET}\")'"
PROCESS = "systemctl show -P MainPID rspamd"
# It is gone, and systemd starts it again.
ENDED = f"""old=$({PROCESS}); systemctl kill --signal=KILL rspamd
for one in $(seq 100); do test "$({PROCESS})" != "$old" && break; sleep 0.1; done"""
FORGET = "redis-cli -s /run/redis-rspamd/redis.sock flushall"
KEYS = "/var/lib/pyinfra-mail/dkim"
SENT = "news.harbor.example"
BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts that sign, and count what accounts send."""
    assert lab
    done = pyinfra("deploys/site.py", "-y", *UNPROVED, *OWN)
    assert done.returncode == 0, done.stdout
    yield
    restored()


@pytest.fixture(autouse=True)
def _counted_from_nothing() -> None:
    for name in MAIL_HOSTS:
        on(name, FORGET)


def signatures(message: str) -> set[str]:
    """Return the signatures of a message that passed at the peer."""
    return set(re.findall(r"dkim=pass header\.d=(\S+ header\.s=\S+) header\.a=", message))


def both(name: str, domain: str) -> set[str]:
    """Return what both signatures of a host look like there."""
    return {f"{domain} header.s={name}-{algorithm}" for algorithm in ("rsa", "ed25519")}


def domain_of(name: str) -> str:
    return MAIL_HOSTS[name].partition("@")[2]


def by_hand(name: str, sender: str, recipient: str, subject: str) -> None:
    """Send mail as programs of the host itself do."""
    text = f"From: {MAIL_HOSTS[name]}\\nSubject: {subject}\\n\\nAhoy.\\n"
    on(name, f"printf '{text}' | sendmail -f {sender} {recipient}")


def test_the_second_run_changes_nothing() -> None:
    assert deployed(*OWN).count("No changes") == 6


@BOTH
def test_submitted_mail_passes_spf_and_both_signatures(name: str) -> None:
    received = found("peer", "/var/mail/visitor", submitted(name))

    assert f"spf=pass smtp.mailfrom={domain_of(name)}" in received
    assert signatures(received) == both(name, domain_of(name))


@BOTH
def test_bounces_are_signed_with_the_hosts_own_name(name: str) -> None:
    token = f"returned-{time.time_ns()}"
    by_hand(name, VISITOR, "nobody-at-all@faraway.example", token)

    bounce = found("peer", "/var/mail/visitor", "MAILER-DAEMON", token)
    assert signatures(bounce) == both(name, LAB.host(name).hostname)


@BOTH
def test_mail_from_outside_is_verified_and_never_signed_whoever_it_claims_to_be(name: str) -> None:
    token, claimed = f"claimed-{time.time_ns()}", MAIL_HOSTS[name]
    with smtplib.SMTP(LAB.address(name), timeout=20) as smtp:
        smtp.sendmail("", claimed, f"From: {claimed}\r\nSubject: {token}\r\n\r\nAhoy.\r\n")

    received = found(name, "/var/mail/root", token)
    assert "DKIM-Signature" not in received
    assert re.search(rf"Authentication-Results: {LAB.host(name).hostname};\s+dkim=none", received)


@BOTH
def test_without_the_signer_mail_waits_and_then_leaves_signed(name: str) -> None:
    token = f"waiting-{time.time_ns()}"
    with undone(name, "systemctl start rspamd"):
        on(name, f"{ENDED}; systemctl stop rspamd")
        with pytest.raises(smtplib.SMTPResponseException, match="ry again later") as answer:
            submitted(name)
        by_hand(name, MAIL_HOSTS[name], VISITOR, token)
        settled(name, "mailq | grep -q visitor")

    assert answer.value.smtp_code in (421, 451, 454)
    settled(name, ANSWERS)
    on(name, "postqueue -f")
    received = found("peer", "/var/mail/visitor", token)
    assert signatures(received) == both(name, domain_of(name))


@BOTH
def test_without_its_key_mail_waits(name: str) -> None:
    key = f"{KEYS}/{name}-ed25519.key"
    with undone(name, f"chown _rspamd: {key}; {ENDED}"):
        on(name, f"chown root: {key}; {ENDED}; rm {SOCKET}")
        settled(name, ANSWERS)
        with pytest.raises(smtplib.SMTPDataError, match=r"451.*could not be signed"):
            submitted(name)
    settled(name, ANSWERS)


@BOTH
def test_without_redis_mail_is_signed_and_not_counted(name: str) -> None:
    with undone(name, "systemctl start redis-server@rspamd"):
        on(name, "systemctl stop redis-server@rspamd")
        tokens = [submitted(name) for _ in range(7)]

    received = found("peer", "/var/mail/visitor", tokens[-1])
    assert signatures(received) == both(name, domain_of(name))


@BOTH
def test_an_account_that_sends_too_much_is_told_to_come_back(name: str) -> None:
    for port in (465, 587, 465, 587, 465):
        submitted(name, port=port)

    for port in (465, 587):
        with pytest.raises(
            smtplib.SMTPDataError, match=r"451.*5 recipients in 1h for this account; try"
        ):
            submitted(name, port=port)
    only = ("--data", "verify_only=host.account_rate", "--data", f"verify_host={name}")
    done = pyinfra("deploys/verify.py", "-y", *OWN, *only)
    assert f"messages of {account(name)} were refused in the last day, after 5" in done.stdout


def test_a_host_sends_for_a_domain_whose_mail_goes_elsewhere(lab: Raised) -> None:
    powerdns, elsewhere = PowerDns(lab), ["10 mail.faraway.example."]
    powerdns.replace("harbor.example", SENT, "MX", 60, elsewhere)
    token, sender = f"news-{time.time_ns()}", f"news@{SENT}"
    told = ("--data", f'mail_sending_domains=["{SENT}"]')
    try:
        done = pyinfra("deploys/site.py", "-y", *UNPROVED, *OWN, *told)
        assert done.returncode == 0, done.stdout
        text = f"From: {sender}\\nSubject: {token}\\n\\nAhoy.\\n"
        on("mx1", f"printf '{text}' | sendmail -f {sender} {VISITOR}")
        received = found("peer", "/var/mail/visitor", token)

        assert f"spf=pass smtp.mailfrom={SENT}" in received
        assert signatures(received) == both("mx1", SENT)
        assert powerdns.answer(SENT, "MX") == elsewhere
    finally:
        pyinfra("deploys/site.py", "-y", *UNPROVED, *OWN)
        powerdns.replace("harbor.example", SENT, "MX", 60, [])


def kept_open(name: str) -> None:
    """Send a message in a session that is open since before a reload, and one in another."""
    message = f"Subject: {time.time_ns()}\r\n\r\nAhoy.\r\n"
    with suppress(smtplib.SMTPServerDisconnected), smtplib.SMTP(LAB.address(name)) as smtp:
        smtp.ehlo()
        on(name, "systemctl reload rspamd")
        time.sleep(20)
        if name == "mx1":
            with pytest.raises(smtplib.SMTPDataError, match=r"451.*Service unavailable"):
                smtp.sendmail("", MAIL_HOSTS[name], message)
        else:
            smtp.sendmail("", MAIL_HOSTS[name], message)
    with smtplib.SMTP(LAB.address(name)) as again:
        again.sendmail("", MAIL_HOSTS[name], message)


def test_a_session_that_is_open_during_a_reload_is_served_or_comes_again() -> None:
    """By default rspamd ends old workers after 16 s; version 3.4 does so at once."""
    tls.both(kept_open)


def test_a_change_of_the_signer_refuses_nobody() -> None:
    slower = json.dumps({"options.inc": {"task_timeout": "9s"}})
    with Traffic("mx2", rate=40) as traffic:
        assert "+task_timeout = 9s;" in deployed(*OWN, "--diff", "--data", f"mail_rspamd={slower}")
    traffic.assert_nothing_was_lost()


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"optoins.inc": {"count": 1}}, "this rspamd reads no file local.d/optoins.inc"),
        ({"options.inc": {"task_timeot": 9}}, "knows no setting mail_rspamd['options.inc']['task_"),
        ({"options.inc": {"dns": "soon"}}, "look at mail_rspamd['dns']"),
    ],
)
def test_an_own_setting_that_rspamd_does_not_take_is_refused_by_name(
    own: dict[str, object], sentence: str
) -> None:
    before = on("mx1", "cat /etc/rspamd/local.d/* | sha256sum")

    said = refused(*OWN, "--data", f"mail_rspamd={json.dumps(own)}")

    assert said.count(sentence) == 2
    assert on("mx1", "cat /etc/rspamd/local.d/* | sha256sum") == before


def test_keys_of_another_name_are_made_in_secret_and_wait_for_their_records() -> None:
    with undone("mx1", f"rm -f {KEYS}/next-*"), undone("mx2", f"rm -f {KEYS}/next-*"):
        shown = ("-vvv", "--diff", "--debug", "--data", "mail_dkim_selector=next")
        done = pyinfra("deploys/hosts.py", "-y", *OWN, *shown)

        assert done.returncode == 0, done.stdout
        assert "publish: next-rsa._domainkey.harbor.example. TXT" in done.stdout
        for name in MAIL_HOSTS:
            owner = on(name, f"stat -c '%a %U' {KEYS}/*.key {KEYS}")
            assert owner == "\n".join([*["600 _rspamd"] * 4, "750 root"])
            for line in on(name, f"cat {KEYS}/*.key").splitlines():
                assert "-----" in line or line not in done.stdout
        received = found("peer", "/var/mail/visitor", submitted("mx1"))
        assert signatures(received) == both("mx1", "harbor.example")
