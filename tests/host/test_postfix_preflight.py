"""Questions of Postfix's preflight and probe, by the settings of a host."""

import re
from collections.abc import Iterable
from typing import Any

import pytest

from deploys.host.dkim.signing_table import SigningKey
from deploys.host.model.desired import Arrival, Dialogue, Preflight
from deploys.host.services.postfix_preflight import preflight, probes, targets
from tests.host.found import settings

V4, V6 = "203.0.113.11", "2001:db8:25::11"
HASH = "$6$" + "a" * 8 + "$" + "b" * 86
ACCOUNTS = {"mail_accounts": {"postmaster@harbor.example": {"password": HASH}}}


def made(**data: Any) -> Preflight:
    keys = (SigningKey("mx1-rsa", "/rsa"), SigningKey("mx1-ed25519", "/ed25519"))
    return preflight(settings(**data), (), {"harbor.example": keys})


def names(several: Iterable[Dialogue | Arrival]) -> list[str]:
    return [one.name for one in several]


@pytest.mark.parametrize(
    ("own", "places"),
    [
        ({}, ["127.0.0.1", "::1", V4, V6]),
        ({"inet_interfaces": f"127.0.0.1, {V4}, {V6}"}, ["127.0.0.1", V4, V6]),
        ({"inet_interfaces": f"{V4} [{V6}]"}, [V4, V6]),
        ({"inet_interfaces": f"127.0.0.1, {V6}"}, ["127.0.0.1", V6]),  # mail_accept has the other
        ({"inet_interfaces": f"[{V6}], {V4}, localhost"}, ["127.0.0.1", V6, V4]),
        ({"inet_protocols": "ipv6"}, ["::1", V6]),
        ({"inet_protocols": "ipv6, ipv4"}, ["127.0.0.1", "::1", V4, V6]),
    ],
)
def test_every_address_that_the_dns_names_must_answer(
    own: dict[str, str], places: list[str]
) -> None:
    accepted = [] if V4 in places else [f"not listen on {V4}"]
    host = settings(mail_postfix_main=own, mail_accept=accepted)

    assert {*targets(host)} == {*places}
    assert targets(host)[0] == places[0]
    assert {one.target for one in probes(host)} == set(places)


def test_a_probe_delivers_no_message_and_needs_no_password() -> None:
    asked = [step for one in probes(settings(**ACCOUNTS)) for step in one.steps]

    assert [step for step in asked if step.send == "DATA" or step.login] == []


def test_relaying_is_tried_from_every_eighth_of_both_address_spaces() -> None:
    tried = [one for one in made().dialogues if one.name.startswith("relay for ")]

    eighths = {int(one.source.partition(".")[0]) // 32 for one in tried if "." in one.source}
    assert eighths == set(range(8))
    assert {one.source[:2] for one in tried if ":" in one.source} >= {
        "20",
        "24",
        "26",
        "28",
        "2a",
        "2c",
    }
    assert {one.target for one in tried} == {V4, V6}


def test_a_network_that_may_relay_is_not_tried() -> None:
    trusted = made(mail_networks=["1.0.128.0/24", "2400::/48"])

    assert set(names(made().dialogues)) - set(names(trusted.dialogues)) == {
        "relay for 1.0.128.1",
        "relay for 2400::1",
        "inbound from 1.0.128.1",
    }


@pytest.mark.parametrize(
    ("reply", "relayed"),
    [("250 2.1.5 Ok", True), ("554 5.7.1 denied", False), ("454 4.7.1 denied", False)],
)
def test_a_reply_that_defers_relays_nothing(reply: str, relayed: bool) -> None:  # noqa: FBT001
    relay = next(one for one in made().dialogues if one.name == "relay for 192.0.2.1")

    wanted = [step.expect for step in relay.steps if step.send.startswith("RCPT")]
    assert len(wanted) == 4
    assert [bool(re.search(one, reply)) for one in wanted] == [not relayed] * 4


def test_messages_of_every_way_into_the_host_arrive_with_all_signatures() -> None:
    arrivals = {one.name: one for one in made(**ACCOUNTS).arrivals}

    kept = ("local delivery", "sendmail", "mail from an account at port 465")
    for name in (*kept, "mail from an account at port 587"):
        assert not arrivals[name].queued
        assert (
            sum("DKIM-Signature" in one for one in arrivals[f"signature of {name}"].patterns) == 2
        )
    assert arrivals["delivery elsewhere"].queued
    assert "multipart/report" in arrivals["bounce"].patterns[0]


def test_a_message_that_came_back_has_not_arrived() -> None:
    (local,) = (one for one in made().arrivals if one.name == "local delivery")

    (pattern,) = local.patterns
    header = "Return-Path: <>\nSubject: preflight, local delivery\n"
    assert re.search(pattern, f"{header}\nhi\n", re.MULTILINE)
    bounce = f"Subject: Undelivered Mail Returned to Sender\n\n--x\n\n{header}\nhi\n"
    assert not re.search(pattern, bounce, re.MULTILINE)


@pytest.mark.parametrize(
    ("own", "read"),
    [
        ({}, True),
        ({"mail_postfix_main": {"mailbox_command": "/usr/bin/procmail"}}, True),
        (
            {
                "mail_postfix_main": {"virtual_transport": "virtual"},
                "mail_accept": ["deliver mail of mailboxes by virtual"],
            },
            False,
        ),
    ],
)
def test_the_user_of_a_mailbox_without_rules_reads_what_arrives(
    own: dict[str, Any],
    read: bool,  # noqa: FBT001
) -> None:
    boxes = {
        "anna@harbor.example": {"password": HASH, "sieve": "keep;"},
        "bert@harbor.example": {"password": HASH},
    }
    host = made(mail_mailboxes=boxes, **own)

    assert ("mailbox" in names(host.arrivals)) is read
    sent = [step.send for one in host.reads for step in one.steps if "LOGIN" in step.send]
    assert sent == ['1 LOGIN "bert@harbor.example" "PASSWORD"'][: int(read)]
    ruled = made(mail_mailboxes={one: boxes[one] for one in boxes if one[0] == "a"}, **own)
    assert ruled.reads == ()


def test_without_accounts_nothing_is_asked_about_submission() -> None:
    assert {one.port for one in made().dialogues} == {25}
    assert {one.port for one in made(**ACCOUNTS).dialogues} == {25, 465, 587}


def test_a_host_that_takes_mail_at_an_own_address_only_is_no_client_of_itself() -> None:
    own = made(mail_postfix_main={"inet_interfaces": f"{V4}, {V6}"})

    assert not {"local delivery", "delivery elsewhere"} & {*names(own.dialogues)}
    assert "sendmail, another domain" in names(own.arrivals)


def test_a_message_that_the_operators_own_program_keeps_is_found_in_the_log() -> None:
    own = made(mail_postfix_main={"mailbox_command": "/usr/bin/procmail"})

    assert "local delivery" not in names(own.arrivals)
    (pattern,) = (one.pattern for one in own.log if "status=sent" in one.pattern)
    assert re.search(pattern, "to=<root@mx1>, relay=local, delay=0, status=sent (delivered)")
    assert not re.search(pattern, "to=<root@mx1>, relay=none, delay=0, status=sent (discard)")


@pytest.mark.parametrize(
    ("aliases", "domain"),
    [({}, "harbor.example"), ({"@harbor.example": "root"}, "mx1.harbor.example")],
)
def test_an_unknown_recipient_is_none_that_a_catch_all_takes(
    aliases: dict[str, str], domain: str
) -> None:
    probe = next(
        one for one in probes(settings(mail_aliases=aliases)) if one.name == "unknown recipient"
    )

    assert probe.steps[-1].send.endswith(f"@{domain}>")


def test_a_postmaster_elsewhere_leaves_mail_in_the_queue() -> None:
    elsewhere = made(mail_aliases={"postmaster": "boss@far.example"})

    (arrival,) = (one for one in elsewhere.arrivals if one.name == "local delivery")
    assert arrival.queued


@pytest.mark.parametrize(
    ("accepted", "names_gone"),
    [
        ("relay for 200.0.0.0/8", {"relay for 200.0.128.1"}),
        ("preflight: bounce", {"bounce"}),
        ("preflight: relay for 1.0.128.1", {"relay for 1.0.128.1"}),
        (
            "let every account send as any sender",
            {"forged sender at port 465", "forged sender at port 587"},
        ),
    ],
)
def test_what_the_operator_accepts_is_not_asked(accepted: str, names_gone: set[str]) -> None:
    usual, own = made(**ACCOUNTS), made(**ACCOUNTS, mail_accept=[accepted])

    asked, less = ({*names(one.dialogues), *names(one.arrivals)} for one in (usual, own))
    assert asked - less == names_gone


def test_unsigned_mail_that_is_accepted_needs_no_milter() -> None:
    own = made(mail_accept=["send unsigned mail"])

    assert [one for one in names(own.arrivals) if one.startswith("signature")] == []
    assert own.log == ()


def test_a_client_in_a_network_of_the_operator_is_no_outside_sender() -> None:
    own = made(mail_postfix_main={"mynetworks": "127.0.0.0/8, [::1]/128, 192.0.2.0/24"})

    assert "relay for 192.0.2.1" in names(made().dialogues)
    assert "relay for 192.0.2.1" not in names(own.dialogues)


def test_a_service_of_the_operator_is_started_even_if_no_message_needs_it() -> None:
    own = {
        "verify/unix": "- - y - 1 verify -v",
        "flush/unix": "n - y 1000? 0 flush",
        "policy/unix": "- n n - 0 spawn user=nobody argv=/bin/true",
        "scache/unix": None,
        "2525/inet": "n - y - - smtpd",
    }

    assert made(mail_postfix_master=own).sockets == (
        "/var/spool/postfix/private/verify",
        "/var/spool/postfix/public/flush",
    )


def test_mail_that_may_be_discarded_need_not_arrive() -> None:
    own = made(mail_accept=["discard mail by body_checks"])

    assert own.arrivals == ()
    assert own.log == ()
