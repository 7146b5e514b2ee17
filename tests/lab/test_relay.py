"""Relays of mail hosts: mail goes the way that the table says, or waits and says why."""

import json
import time
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.query
import pytest

from tests.lab.labs import Done, Raised
from tests.lab.mail_client import VISITOR, found, send
from tests.lab.runs import LAB, MAIL_HOSTS, UNPROVED, UNTRIED, live_sets, on, pyinfra
from tests.lab.verification import PART, report

RELAY = "mail.faraway.example"
ACCOUNTS = "/var/lib/exim4/accounts"
FIRST, SECOND, WRONG = "of the first account", "of the second account", "not the password"
HARBOR, ORCHARD = "captain@harbor.example", "captain@orchard.example"
Keys = dict[str, Any]


@pytest.fixture(scope="module")
def certificate(lab: Raised, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A relay with two accounts, and the file on the controller with its certificate."""
    assert lab
    done = pyinfra("deploys/site.py", "-y", *UNPROVED)
    assert done.returncode == 0, done.stdout
    accounts()
    file = tmp_path_factory.mktemp("relay") / "peer.pem"
    file.write_text(on("peer", "cat /var/lib/exim4/certificate.pem"))
    yield str(file)
    on("peer", f"rm -f {ACCOUNTS}")
    assert deploy({}, *UNTRIED).returncode == 0


def accounts(first: str = FIRST) -> None:
    on("peer", f"printf 'first: {first}\\nsecond: {SECOND}\\n' >{ACCOUNTS}; chmod 644 {ACCOUNTS}")


def deploy(own: Keys, *arguments: str, script: str = "deploys/hosts.py") -> Done:
    """Run a deploy with settings of each host."""
    return pyinfra(
        script,
        "-y",
        *arguments,
        OWN_HOST_DATA=json.dumps(own),
        RELAY_FIRST=FIRST,
        RELAY_SECOND=SECOND,
        RELAY_WRONG=WRONG,
    )


def deployed(own: Keys, *arguments: str) -> str:
    done = deploy(own, *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def relay(certificate: str, port: int = 465, account: str = "first", **other: Any) -> Keys:
    """Return an entry of the table, for an account at the relay."""
    password = {"env": f"RELAY_{account.upper()}"}
    login = {"login": account, "password": password, "ca": certificate}
    return {"host": f"{RELAY}:{port}", **login, **other}


def everything(certificate: str, password: str = "RELAY_FIRST") -> Keys:  # noqa: S107 - a name
    """Return the settings of both hosts: all mail goes through the relay."""
    keys = {
        "mail_relay": f"{RELAY}:465",
        "mail_relay_login": "first",
        "mail_relay_password": {"env": password},
        "mail_relay_ca": certificate,
    }
    return dict.fromkeys(MAIL_HOSTS, keys)


def way(token: str) -> str:
    """Return the account with which the peer got a message; "" if it came as from any server."""
    log = "/var/log/exim4/mainlog"
    for _ in range(200):
        if line := on("peer", f"grep -F 'id={token}@' {log} || true"):
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            return words.get("A", "").removeprefix("plain:")
        time.sleep(0.1)
    raise AssertionError(f"{token} did not come to the peer")


def direct(token: str, name: str) -> bool:
    """Tell whether a message in the mailbox of a host came past the relay."""
    return RELAY not in found(name, "/var/mail/root", f"Subject: {token}")


def published(domain: str) -> str:
    """Return the SPF policy of a domain at its name server."""
    query = dns.message.make_query(domain, "TXT")
    answer = dns.query.tcp(query, LAB.address("ns"), timeout=10)
    texts = [str(one) for rrset in answer.answer for one in rrset]
    return next(text for text in texts if "v=spf1" in text)


def test_all_mail_goes_through_the_relay_but_that_for_the_host_itself(certificate: str) -> None:
    deployed(everything(certificate))

    for name, sender in (("mx1", HARBOR), ("mx2", ORCHARD)):
        assert way(send(name, sender, VISITOR)) == "first"
    assert not direct(send("mx1", HARBOR, "postmaster@orchard.example"), "mx2")
    assert not direct(send("mx2", ORCHARD, "postmaster@harbor.example"), "mx1")
    assert direct(send("mx1", HARBOR, "postmaster@harbor.example"), "mx1")


def test_a_second_run_changes_nothing(certificate: str) -> None:
    deployed(everything(certificate))
    said = deployed(everything(certificate))

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


def test_the_password_is_seen_by_root_alone(certificate: str) -> None:
    deployed({}, *UNTRIED)
    said = deployed(everything(certificate), "--diff", "-vvv")

    assert "relay1_password" in said
    assert FIRST not in said
    for name in MAIL_HOSTS:
        for path in ("relay1_password", "relay1_password.lmdb"):
            assert on(name, f"stat -c '%a %U' /etc/postfix/{path}") == "600 root"
        assert FIRST not in on(name, "journalctl --no-pager; postconf -n; postconf -M")


def test_a_table_chooses_by_sender_and_by_recipient_with_exceptions(certificate: str) -> None:
    by_sender = {
        HARBOR: relay(certificate),
        "@harbor.example": relay(certificate, 587, "second"),
        "orchard.example": "direct",
    }
    by_recipient = {"faraway.example": relay(certificate, 587)}
    deployed({"mx1": {"mail_relay": by_sender}, "mx2": {"mail_relay": by_recipient}})

    assert way(send("mx1", HARBOR, VISITOR)) == "first"
    assert way(send("mx1", "postmaster@harbor.example", VISITOR)) == "second"
    assert way(send("mx1", "root@mx1.harbor.example", VISITOR)) == ""
    assert direct(send("mx1", HARBOR, "postmaster@orchard.example"), "mx2")
    assert way(send("mx2", ORCHARD, VISITOR)) == "first"
    assert direct(send("mx2", ORCHARD, "postmaster@harbor.example"), "mx1")


def test_a_sender_may_be_excepted_from_the_relay_of_all_mail(certificate: str) -> None:
    table = {"*": relay(certificate), HARBOR: "direct"}
    deployed({"mx1": {"mail_relay": table}})

    assert way(send("mx1", HARBOR, VISITOR)) == ""
    assert way(send("mx1", "postmaster@harbor.example", VISITOR)) == "first"


@pytest.mark.parametrize(
    ("password", "trusted", "sentence"),
    [
        ("RELAY_WRONG", True, f"mail_relay: {RELAY} at port 465 refuses the login first (535 "),
        ("RELAY_FIRST", False, f"mail_relay: the certificate of {RELAY} at port 465 cannot be "),
    ],
)
def test_a_relay_that_would_take_no_mail_is_refused_before_the_switch(
    certificate: str,
    password: str,
    trusted: bool,  # noqa: FBT001
    sentence: str,
) -> None:
    deployed({}, *UNTRIED)
    before = live_sets()

    done = deploy(everything(certificate if trusted else "", password))

    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert WRONG not in done.stdout
    assert live_sets() == before


def test_while_the_relay_refuses_the_login_mail_waits_and_the_check_says_why(
    certificate: str,
) -> None:
    own = everything(certificate)
    deployed(own)
    accounts(first="changed meanwhile")
    try:
        token = send("mx1", HARBOR, VISITOR)
        done = deploy(
            own,
            "--data",
            "verify_only=delivery.arrived",
            "--limit",
            "mx1",
            script="deploys/verify.py",
        )
        assert done.returncode == 1, done.stdout
        saw = [one["saw"] for one in report(PART)["findings"] if one["id"] == "delivery.arrived"]
        assert any("it waits on mx1: SASL authentication failed" in one for one in saw), saw
    finally:
        accounts()
    on("mx1", "postqueue -f")
    assert way(token) == "first"


def test_the_relay_joins_the_spf_policy_and_leaves_it_again(certificate: str) -> None:
    keys = everything(certificate)["mx1"] | {"mail_relay_spf": f"a:{RELAY}"}
    done = deploy({"mx1": keys}, script="deploys/zone.py")
    assert done.returncode == 0, done.stdout
    assert f" a:{RELAY} " in published("harbor.example")

    done = deploy({}, script="deploys/zone.py")
    assert done.returncode == 0, done.stdout
    assert RELAY not in published("harbor.example")


def test_without_the_setting_nothing_of_the_relay_stays(certificate: str) -> None:
    deployed({}, *UNTRIED)
    before = live_sets()
    deployed(everything(certificate))
    assert live_sets() != before

    deployed({})

    assert live_sets() == before
    for name, sender in (("mx1", HARBOR), ("mx2", ORCHARD)):
        assert on(name, "ls /etc/postfix | grep relay || true") == ""
        assert way(send(name, sender, VISITOR)) == ""


def test_a_relay_that_does_not_exist_is_refused(certificate: str) -> None:
    assert certificate
    own = {"mx1": {"mail_relay": "no-such-host.faraway.example:587"}}

    done = deploy(own)

    assert done.returncode == 1
    assert "mail_relay is [no-such-host.faraway.example]:587, which does not exist" in done.stdout
