"""Hosts whose services somebody else has configured: named, kept, and replaced only if allowed."""

import pytest

from deploys.run.threads import in_parallel
from tests.lab.labs import Raised
from tests.lab.runs import deployed, on, pyinfra, refused

INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends"
PACKAGES = ("postfix", "dovecot-core", "unbound")
HAND_MADE = """
postconf -e transport_maps=hash:/etc/postfix/transport relay_domains=example.org
postconf -M filter/unix='filter unix - - n - 5 smtp'
echo 'example.org smtp:[192.0.2.1]' >/etc/postfix/transport
echo 'office: root' >>/etc/aliases
echo 'protocols = imap' >>/etc/dovecot/dovecot.conf
printf 'server:\n  cache-max-ttl: 60\n' >/etc/unbound/unbound.conf.d/own.conf
"""
HOSTS = ("mx1", "mx2")
CONFIGURED = "find /etc/postfix /etc/dovecot /etc/unbound -type f ! -name '*.key' | sort"


@pytest.fixture(scope="module", autouse=True)
def _with_packages(lab: Raised) -> None:
    """Give both hosts Debian's packages as they come."""
    lab.bare(*HOSTS)
    in_parallel(_install, HOSTS)


def _install(name: str) -> None:
    on(name, "apt-get -qq update")
    for package in PACKAGES:
        on(name, f"{INSTALL} {package} >/dev/null 2>&1")
    on(name, "systemctl reset-failed")


def test_packages_as_they_come_are_nobodys_configuration() -> None:
    planned = pyinfra("deploys/hosts.py", "--dry")

    assert planned.returncode == 0, planned.stdout
    assert "create /etc/postfix/virtual" in planned.stdout
    assert "somebody else" not in planned.stdout


def test_a_hand_made_configuration_is_named_and_left_as_it_is() -> None:
    for name in HOSTS:
        on(name, HAND_MADE)
    before = {name: on(name, f"{CONFIGURED} | xargs sha256sum") for name in HOSTS}

    said = refused()

    for name in HOSTS:
        postfix = next(
            line for line in said.splitlines() if f"[{name}]" in line and "postfix:" in line
        )
        assert "/etc/postfix/main.cf (" in postfix
        assert "relay_domains" in postfix
        assert "transport_maps" in postfix
        assert "/etc/postfix/master.cf (filter/unix)" in postfix
        assert "/etc/postfix/transport" in postfix
        assert "/etc/aliases (office)" in postfix
        assert "write mail_take_over = True to replace it" in postfix
        assert before[name] == on(name, f"{CONFIGURED} | xargs sha256sum")
    assert "configured dovecot: /etc/dovecot/dovecot.conf;" in said
    assert "configured unbound: /etc/unbound/unbound.conf.d/own.conf;" in said
    assert "configured rspamd" not in said


def test_it_is_replaced_if_the_operator_allows_it_and_its_originals_stay() -> None:
    before = {name: on(name, "cat /etc/postfix/main.cf /etc/aliases") for name in HOSTS}

    said = deployed("--data", "mail_take_over=True")

    assert "replace /etc/postfix/main.cf (" in said
    for text in ("", "mail_message_size_limit=20000000"):
        if text:
            deployed("--data", text)  # without the permission: the configuration is ours now
        for name in HOSTS:
            kept = "/var/lib/pyinfra-mail/originals/postfix/etc"
            assert before[name] == on(name, f"cat {kept}/postfix/main.cf {kept}/aliases")
            assert "transport_maps" not in on(name, "postconf -n")
            assert on(name, "stat -c %a /var/lib/pyinfra-mail/originals") == "700"
            assert on(name, "ls /var/lib/pyinfra-mail/originals").split() == [
                "dovecot",
                "postfix",
                "unbound",
            ]
