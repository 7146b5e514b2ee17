"""Test messages of a run, and their destinations."""

import pytest

from deploys.checks.delivery.host_commands import Mailbox
from deploys.checks.delivery.test_messages import Destination, Route, routes
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import env
from tests.checks.worlds import fleet

PATHS = {
    "mx1 -> visitor@faraway.example",
    "peer -> postmaster@harbor.example",
    "outside -> mx1 at 127.0.0.1 -> postmaster@harbor.example",
}


def mail(one: Fleet) -> list[Route]:
    return [route for route in routes(one) if not route.message.notify]


def destinations(one: Fleet, path: str) -> tuple[Destination, ...]:
    return next(route.destinations for route in routes(one) if route.path == path)


def test_messages_go_out_and_in_and_come_from_this_machine() -> None:
    assert {route.path for route in mail(fleet())} == PATHS


def test_every_address_and_every_domain_has_its_messages() -> None:
    both = fleet(
        {
            "mail_addresses": ["192.0.2.1", "2001:db8::1"],
            "mail_domains": ["harbor.example", "pier.example"],
        }
    )

    paths = [route.path for route in mail(both)]

    assert len([path for path in paths if path.startswith("outside")]) == 4
    assert len([path for path in paths if path.startswith("peer")]) == 2
    assert len([path for path in paths if path.startswith("mx1")]) == 2


def test_a_domain_that_others_receive_mail_for_only_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP", "sesame")
    other = "pier.example"
    sending = fleet(
        {
            "mail_sending_domains": [other],
            "mail_accounts": {f"app@{other}": {"password": env("APP")}},
        }
    )

    of_domain = [route for route in routes(sending) if route.domain == other]

    assert {route.message.sender for route in of_domain} == {f"postmaster@{other}", f"app@{other}"}
    assert {route.message.recipient for route in of_domain} == {"visitor@faraway.example"}
    assert {route.path for route in routes(sending)} > PATHS


def test_without_a_witness_this_machine_still_sends() -> None:
    paths = {route.path for route in routes(fleet(witness=False))}

    assert paths == {path for path in PATHS if path.startswith("outside")}


def test_every_message_has_an_id_of_its_own() -> None:
    sent = [route.message.id for route in (*routes(fleet()), *routes(fleet()))]

    assert len(set(sent)) == len(sent)


def test_a_message_of_this_machine_has_the_null_sender() -> None:
    stranger = next(one for one in routes(fleet()) if one.path.startswith("outside"))

    assert stranger.message.sender == ""


def test_headers_beyond_ascii_go_only_where_they_stay() -> None:
    abroad = fleet({"mail_aliases": {"postmaster": "visitor@faraway.example"}})

    def written(one: Fleet) -> set[str]:
        return {route.path for route in routes(one) if route.message.international}

    assert written(fleet()) == {"outside -> mx1 at 127.0.0.1 -> postmaster@harbor.example"}
    assert written(abroad) == set()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, [Mailbox("mx1", "/var/mail/root")]),
        ({"mail_postmaster": "admin"}, [Mailbox("mx1", "/var/mail/admin")]),
        ({"mail_aliases": {"postmaster": "jo"}}, [Mailbox("mx1", "/var/mail/jo")]),
        (
            {"mail_aliases": {"postmaster@harbor.example": ["a@b.example", "jo"]}},
            [Mailbox("mx1", "/var/mail/jo")],
        ),
        (
            {"mail_aliases": {"postmaster": "visitor@faraway.example"}},
            [Mailbox("peer", "/var/mail/visitor")],
        ),
        ({"mail_aliases": {"postmaster": "someone@elsewhere.example"}}, []),
    ],
    ids=["root", "a user", "an alias", "one of several", "a witness", "out of sight"],
)
def test_postmasters_mail_is_looked_for_where_it_goes(
    data: dict[str, object], expected: list[Mailbox]
) -> None:
    assert list(destinations(fleet(data), "peer -> postmaster@harbor.example")) == expected


def test_mail_for_a_domain_with_two_hosts_may_arrive_at_either() -> None:
    host = {"mail_domains": ["harbor.example"]}
    two = fleet_from(
        {
            "mx1": {**host, "mail_hostname": "mx1.harbor.example", "mail_addresses": ["192.0.2.1"]},
            "mx2": {**host, "mail_hostname": "mx2.harbor.example", "mail_addresses": ["192.0.2.2"]},
        },
        {"peer": {"mail_witness_address": "v@far.example", "mail_witness_mailbox": "/var/mail/v"}},
    )

    assert {box.host for box in destinations(two, "peer -> postmaster@harbor.example")} == {
        "mx1",
        "mx2",
    }
    assert destinations(two, "outside -> mx2 at 192.0.2.2 -> postmaster@harbor.example") == (
        Mailbox("mx2", "/var/mail/root"),
    )


def test_each_host_asks_for_a_notice_of_success_and_of_failure_in_its_postmasters_mailbox() -> None:
    told = [route for route in routes(fleet()) if route.message.notify]

    assert [route.message.notify for route in told] == ["success", "failure"]
    assert {route.destinations for route in told} == {(Mailbox("mx1", "/var/mail/root"),)}
    visitor, nobody = (route.message.recipient for route in told)
    assert visitor == "visitor@faraway.example"
    assert nobody.startswith("no-such-user-")
    assert nobody.endswith("@faraway.example")


def test_a_dsn_without_a_destination_says_so() -> None:
    away = fleet({"mail_aliases": {"postmaster": "someone@elsewhere.example"}})

    told = [route for route in routes(away) if route.message.notify]

    assert {route.unobservable for route in told} == {
        "postmaster@harbor.example is delivered outside of this inventory"
    }


def test_a_mailbox_outside_gets_a_message_of_each_domain() -> None:
    mailbox = {
        "address": "someone@provider.example",
        "imap": "imap.provider.example",
        "login": "someone",
        "password": env("NOT_READ_HERE"),
    }
    one = fleet({"verify_mailboxes": [mailbox]})

    (box,) = destinations(one, "mx1 -> someone@provider.example")

    assert (box.host, box.path) == ("imap.provider.example", "INBOX")
