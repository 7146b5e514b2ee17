"""Test messages of a run, and their destinations."""

import pytest

from deploys.checks.delivery.destinations import Destination
from deploys.checks.delivery.ends import MOST, left_out
from deploys.checks.delivery.host_commands import Mailbox
from deploys.checks.delivery.test_messages import Route, routes
from deploys.mail.gtube import MARKED
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import command, env
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


@pytest.mark.parametrize("encode", [True, False])
def test_a_line_is_overlong_where_the_host_encodes_it(encode: bool) -> None:  # noqa: FBT001
    found = {route.path for route in mail(fleet({"mail_encode": encode})) if route.message.overlong}

    assert found == ({"mx1 -> visitor@faraway.example"} if encode else set())


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
    assert written(abroad) == {"outside -> mx1 at 127.0.0.1 -> abuse@harbor.example"}


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


def test_mail_that_a_backup_has_taken_arrives_at_the_primary() -> None:
    host = {"mail_domains": ["harbor.example"]}
    second = {"mail_hostname": "mx2.harbor.example", "mail_addresses": ["192.0.2.2"], "mail_mx": 20}
    two = fleet_from(
        {
            "mx1": {**host, "mail_hostname": "mx1.harbor.example", "mail_addresses": ["192.0.2.1"]},
            "mx2": {**host, **second},
        },
        {},
    )

    for path in ("mx1 at 192.0.2.1", "mx2 at 192.0.2.2"):
        assert destinations(two, f"outside -> {path} -> postmaster@harbor.example") == (
            Mailbox("mx1", "/var/mail/root"),
        )


def test_each_mailbox_gets_a_message_through_every_host_that_knows_it() -> None:
    anna = "anna@harbor.example"
    host = {"mail_domains": ["harbor.example"]}
    boxes = {"mail_mailboxes": {anna: {"password": command("echo", "sesame")}}}
    names = {"mx1": "192.0.2.1", "mx2": "192.0.2.2"}
    two = fleet_from(
        {
            name: {
                **host,
                **(boxes if name == "mx1" else {}),
                "mail_hostname": f"{name}.harbor.example",
                "mail_addresses": [address],
            }
            for name, address in names.items()
        },
        {},
    )

    found = [one for one in routes(two) if one.only_arrival and not one.message.marked]
    assert [(one.host, one.places) for one in found] == [
        (name, f"the mailbox {anna} on mx1") for name in names
    ]


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


HOST, FAR = "outside -> mx1 at 127.0.0.1 -> ", "someone@elsewhere.example"
ALIASES = {
    "info": "anna",
    "office": ["anna", "bert"],
    "sales": "info",
    "far": FAR,
    "all": ["carl", FAR],
    "seen": "visitor@faraway.example",
}


def test_each_mailbox_gets_a_message_by_the_recipient_with_the_fewest_ends() -> None:
    sent = [route for route in routes(fleet({"mail_aliases": ALIASES})) if route.only_arrival]

    assert [(route.path, route.destinations, route.copies) for route in sent] == [
        (f"{HOST}info@harbor.example", (Mailbox("mx1", "/var/mail/anna"),), ()),
        (f"{HOST}seen@harbor.example", (Mailbox("peer", "/var/mail/visitor"),), ()),
        (
            f"{HOST}office@harbor.example",
            (Mailbox("mx1", "/var/mail/bert"),),
            (Mailbox("mx1", "/var/mail/anna"),),
        ),
    ]


def test_recipients_that_lead_elsewhere_get_no_message_and_are_named() -> None:
    assert list(left_out(fleet({"mail_aliases": ALIASES}))) == [
        (
            "harbor.example",
            (
                "mx1: no message was sent to far@harbor.example, all@harbor.example: it leads "
                "elsewhere, where nobody could remove the message"
            ),
        )
    ]
    assert not list(left_out(fleet({"mail_aliases": {"info": "anna"}})))


def test_a_host_gets_a_limited_number_of_messages_for_its_recipients() -> None:
    many = fleet({"mail_aliases": {f"a{number:02}": f"user{number:02}" for number in range(23)}})

    assert len([route for route in routes(many) if route.only_arrival]) == MOST
    assert list(left_out(many)) == [
        (
            "harbor.example",
            (
                "mx1: no message was sent to a20@harbor.example, a21@harbor.example, "
                "a22@harbor.example: a run sends 20 to the recipients of a host"
            ),
        )
    ]


def test_a_mailbox_of_the_host_gets_a_message_if_its_password_is_known() -> None:
    anna, bert = "anna@harbor.example", "bert@harbor.example"
    hashed = "$6$" + "a" * 8 + "$" + "b" * 86
    own = fleet(
        {
            "mail_mailboxes": {
                anna: {"password": command("echo", "sesame"), "aliases": ["a@harbor.example"]},
                bert: {"password": hashed},
            },
            "mail_aliases": {"info": ["anna", "captain"]},
        }
    )

    found = [route for route in routes(own) if route.only_arrival]
    assert [(one.message.recipient, one.places, one.sample) for one in found] == [
        (anna, f"the mailbox {anna} on mx1", False),
        (anna, f"the mailbox {anna} on mx1", True),
    ]
    assert [sentence.partition(": ")[2] for _, sentence in left_out(own)] == [
        (
            "no message was sent to bert@harbor.example: of a mailbox with a hash the password is "
            "not known, so nobody could read it"
        ),
        (
            "no message was sent to info@harbor.example: it has several ends, and a copy would "
            "stay in one"
        ),
    ]


@pytest.mark.parametrize(
    ("own", "recipients"),
    [
        ({}, []),
        ({"mail_filter": True}, []),
        ({"mail_mailboxes": "two"}, ["anna@harbor.example"]),
        ({"mail_mailboxes": "two", "mail_filter": False}, []),
    ],
)
def test_a_host_that_judges_gets_a_message_that_looks_like_spam(
    own: dict[str, object], recipients: list[str]
) -> None:
    boxes = {
        f"{name}@harbor.example": {"password": command("echo", "sesame")}
        for name in ("anna", "bert")
    }
    data = own | ({"mail_mailboxes": boxes} if "mail_mailboxes" in own else {})
    found = [route.message for route in routes(fleet(data)) if route.sample]

    assert [one.recipient for one in found] == recipients
    assert all(MARKED.encode() in one.compose() for one in found)
    assert not [one for one in routes(fleet(data)) if one.message.marked != one.sample]


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        ({}, True),
        ({"mail_filter": True}, False),
        ({"mail_filter": {"forward_spam": True}}, True),
    ],
)
def test_a_host_that_forwards_no_spam_forwards_no_message_of_this_machine(
    own: dict[str, object], *, sent: bool
) -> None:
    one = fleet({"mail_aliases": {"away": "visitor@faraway.example"}, **own})

    found = [route for route in mail(one) if route.message.recipient == "away@harbor.example"]

    assert [route.forwarded for route in found] == ([False, True] if sent else [True])
    named = [said for _, said in left_out(one) if "away@harbor.example" in said]
    assert bool(named) != sent


def with_client(root: str, *, witness: bool = True, **words: object) -> list[Route]:
    client = {
        "mail_hostname": "app.harbor.example",
        "mail_relay": "relay.faraway.example:465",
        "mail_relay_login": "app@harbor.example",
        "mail_relay_password": command("echo", "sesame"),
        "mail_root": root,
    }
    (settings,) = fleet_from({}, {}, {"app": client}).clients
    one = fleet(words, witness=witness).model_copy(update={"clients": (settings,)})
    return [route for route in routes(one) if route.origin == "app"]


@pytest.mark.parametrize(
    ("root", "recipient", "places"),
    [
        (
            "postmaster@harbor.example",
            "postmaster@harbor.example",
            [Mailbox("mx1", "/var/mail/root")],
        ),
        (FAR, "visitor@faraway.example", [Mailbox("peer", "/var/mail/visitor")]),
    ],
)
def test_a_client_sends_as_its_login_to_the_reader_of_roots_mail_or_to_a_witness(
    root: str, recipient: str, places: list[Mailbox]
) -> None:
    (route,) = with_client(root)

    assert (route.message.sender, route.message.recipient) == ("app@harbor.example", recipient)
    assert (route.path, list(route.destinations)) == (f"app -> {recipient}", places)
    assert (route.domain, route.only_arrival) == ("harbor.example", True)


def test_a_client_whose_mail_nobody_here_can_see_says_so() -> None:
    (route,) = with_client(FAR, witness=False)

    assert route.destinations == ()
    assert route.unobservable == f"{FAR} is delivered outside of this inventory"


def test_a_client_of_another_domain_is_left_out_of_a_part() -> None:
    assert not with_client(FAR, verify_domain="harbor2.example", mail_domains=["harbor2.example"])
    assert with_client(FAR, verify_domain="harbor.example")


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
