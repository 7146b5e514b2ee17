"""Hosts that hang, services that will not load: one whole set is live, always."""

import json
import re
import shlex
import smtplib
import time

import pytest

from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    OTHER,
    Traffic,
    deployed,
    interrupted,
    live_set,
    live_sets,
    on,
    pyinfra,
    refused,
    undone,
)

pytestmark = pytest.mark.usefixtures("lab", "configured")


@pytest.fixture
def configured() -> None:
    """Every test begins with hosts that are as the inventory says."""
    deployed()


def test_a_service_that_will_not_load_gets_its_previous_set_back() -> None:
    before = live_set("mx2")
    override = "/etc/systemd/system/postfix.service.d"
    broken = "[Service]\\nExecReload=\\nExecReload=/bin/false\\n"
    on("mx2", f"mkdir -p {override} && printf '{broken}' > {override}/broken.conf")
    with undone("mx2", f"rm -r {override}; systemctl daemon-reload"):
        on("mx2", "systemctl daemon-reload")
        with Traffic("mx2") as traffic:
            said = refused(*OTHER)

        assert "Refused at load: postfix.service does not reload" in said
        assert "the previous configuration is active again" in said
        assert live_set("mx2") == before
    traffic.assert_nothing_was_lost()


def test_a_file_edited_by_hand_is_shown_and_put_right() -> None:
    on("mx1", "echo 'soft_bounce = yes' >> /etc/postfix/main.cf")

    planned = pyinfra("deploys/hosts.py", "--dry", "--diff").stdout
    assert "-soft_bounce = yes" in planned
    assert "soft_bounce" in on("mx1", "cat /etc/postfix/main.cf")

    deployed()
    assert "soft_bounce" not in on("mx1", "cat /etc/postfix/main.cf")


def test_a_dry_run_shows_its_changes_in_json_and_makes_none() -> None:
    before = live_sets()

    shown = pyinfra("deploys/hosts.py", "--dry", "--json", *OTHER).stdout

    for name in MAIL_HOSTS:
        assert f'"{name}: update /etc/postfix/main.cf"' in shown
    assert live_sets() == before


def test_a_configuration_that_was_never_loaded_is_loaded() -> None:
    on("mx1", "rm -f /run/pyinfra-mail/postfix.json; touch /etc/postfix/main.cf")

    assert "load postfix@-.service" in deployed()


def test_a_stopped_postfix_is_started() -> None:
    on("mx2", "systemctl stop postfix")

    assert "start postfix.service" in deployed()
    assert on("mx2", "systemctl is-active postfix").strip() == "active"


def test_what_others_keep_in_the_directory_stays() -> None:
    on("mx1", "echo mine > /etc/postfix/own.txt; chmod 640 /etc/postfix/own.txt")
    with undone("mx1", "rm -f /etc/postfix/own.txt"):
        deployed(*OTHER)

        assert on("mx1", "stat -c %a /etc/postfix/own.txt; cat /etc/postfix/own.txt") == "640\nmine"


def test_the_key_of_the_certificate_is_for_root_alone() -> None:
    assert on("mx1", "stat -c '%a %U' /etc/ssl/private/pyinfra-mail/*.pem | sort -u") == "600 root"


def test_rules_that_ask_the_dns_are_no_mistake_and_a_preflight_fills_no_mailbox() -> None:
    rules = ["reject_unknown_sender_domain", "reject_rbl_client blocked.nic.example"]
    own = {"smtpd_recipient_restrictions": rules, "home_mailbox": "Maildir/"}

    deployed("--data", "mail_postfix_main=" + json.dumps(own))

    for name in MAIL_HOSTS:
        assert on(name, "ls /root/Maildir 2>/dev/null | wc -l") == "0"


def test_without_namespaces_the_validators_still_guard() -> None:
    typo = 'mail_postfix_main={"mynetwrks": "x"}'

    said = refused("--data", "mail_preflight=false", "--data", typo)

    assert said.count("unused parameter: mynetwrks") == 2


def test_a_host_that_cannot_be_reached_does_not_hold_the_other() -> None:
    on("mx2", "systemctl stop postfix")
    on("mx1", "systemctl stop ssh")
    with undone("mx1", "systemctl start ssh"):
        done = pyinfra("deploys/hosts.py", "-y")

    assert done.returncode == 1
    assert re.search(r"\[mx1\].*(connect|Connection refused)", done.stdout), done.stdout
    assert on("mx2", "systemctl is-active postfix").strip() == "active"


@pytest.mark.parametrize(("number", "moment"), [(1, "before"), (2, "before"), (2, "within")])
def test_a_host_that_hangs_is_reported_at_its_timeout_while_others_finish(
    number: int, moment: str
) -> None:
    container = LAB.lab.container(LAB.host("mx1"))
    freeze = shlex.join(("podman", "exec", container, "pkill", "-STOP", "sshd"))
    bounds = ("--data", "mail_timeout=6", "--data", "mail_apply_timeout=20")
    with undone("mx1", "pkill -CONT sshd"):
        done = interrupted("mx1", number, moment, freeze, *OTHER, *bounds)
        hung = on("mx1", "ps -o stat= -C sshd").split()

    assert hung
    assert all(state.startswith("T") for state in hung), hung  # the run did not wait for its end
    assert done.returncode == 1
    assert re.search(r"\[mx1\].*(Timeout opening|timed out|no answer within)", done.stdout), (
        done.stdout
    )
    assert re.search(r"\[mx2\].*Success", done.stdout), done.stdout


SMALL_DISK = """
systemctl stop postfix@- rspamd dovecot && mv /var/spool/postfix /var/spool/postfix.kept &&
mkdir /var/spool/postfix && mount -t tmpfs -o size=30m tmpfs /var/spool/postfix &&
cp -a /var/spool/postfix.kept/. /var/spool/postfix/ && systemctl start dovecot rspamd postfix@-
"""
OWN_DISK = """
systemctl stop postfix@- rspamd dovecot; umount /var/spool/postfix; rmdir /var/spool/postfix
mv /var/spool/postfix.kept /var/spool/postfix; systemctl start dovecot rspamd postfix@-
"""


def test_a_queue_without_room_refuses_for_now_and_takes_mail_again_when_there_is_room() -> None:
    with undone("mx1", OWN_DISK):
        on("mx1", SMALL_DISK)
        with smtplib.SMTP(LAB.address("mx1"), timeout=20) as client:
            client.ehlo("stranger.example")
            assert client.mail("someone@faraway.example")[0] == 452
    with Traffic("mx1") as traffic:
        time.sleep(2)
    traffic.assert_nothing_was_lost()
