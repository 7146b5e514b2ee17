"""Preconditions of a host: every obstacle is reported, all at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploys.host.agent.existing import known_users, matching
from deploys.host.model.plan import configuration
from deploys.host.model.state import Existing, FoundListener, FoundSystem, FoundUnit
from deploys.host.preconditions import obstacles
from deploys.host.services import registry
from deploys.host.services.plan_input import plan_input
from deploys.mail.settings.model import MailSettings
from tests.host.found import bare, settings

ACME = settings(mail_tls="acme", mail_acme_contact="admin@harbor.example")
NGINX, DNSMASQ = FoundListener(7, "nginx"), FoundListener(8, "dnsmasq")


def on(own: MailSettings, foreign: tuple[str, ...] = (), **ports: FoundListener) -> Existing:
    """Return a new host on which others listen and have configured Postfix."""
    host = bare("12", own)
    listeners = {**host.listeners, **{port.removeprefix("p"): one for port, one in ports.items()}}
    postfix = replace(host.services["postfix"], foreign=foreign)
    return replace(host, listeners=listeners, services={**host.services, "postfix": postfix})


def test_a_new_host_meets_them_all() -> None:
    assert obstacles(on(settings()), settings()) == ()
    assert obstacles(on(ACME), ACME) == ()


def test_every_obstacle_is_reported_at_once() -> None:
    found = obstacles(on(ACME, ("/etc/postfix/transport",), p53=DNSMASQ, p80=NGINX), ACME)

    assert [one.partition(";")[0] for one in found] == [
        "dnsmasq (process 8) listens on port 53",
        "nginx (process 7) listens on port 80",
        "somebody else has configured postfix: /etc/postfix/transport",
    ]
    assert "; stop and remove it, or write mail_acme_webroot = the directory that it" in found[1]
    kept = "(the originals are kept in /var/lib/pyinfra-mail/originals/postfix)"
    assert f"; write mail_take_over = True to replace it {kept}, or remove this host" in found[2]


@pytest.mark.parametrize(
    ("listener", "keys"),
    [
        (NGINX, {}),  # no CA asks at port 80
        (FoundListener(9, "certbot"), {"mail_tls": "acme"}),
        (NGINX, {"mail_tls": "acme", "mail_acme_webroot": "/var/www/html"}),
        (NGINX, {"mail_tls": "acme", "mail_acme_challenge": "dns"}),
    ],
)
def test_port_80_may_be_taken(listener: FoundListener, keys: dict[str, Any]) -> None:
    own = settings(**keys)

    assert obstacles(on(own, p80=listener), own) == ()


def test_an_orphan_of_a_service_of_ours_is_no_other_program() -> None:
    """Debian 12's unit is active for as long as one daemon lives, without its main process too."""
    own = settings()
    orphan = FoundListener(11, "smtpd", "postfix@-.service")

    assert obstacles(on(own, p25=orphan), own) == ()
    (other,) = obstacles(on(own, p25=replace(orphan, unit="postfix@other.service")), own)
    assert other.startswith("smtpd (process 11) listens on port 25; stop and remove it")


def test_a_masked_unit_is_an_obstacle_with_its_remedy() -> None:
    own = settings()
    found = on(own)

    def with_unit(state: str) -> Existing:
        unbound = replace(
            found.services["unbound"], units={"unbound.service": FoundUnit("inactive", state)}
        )
        return replace(found, services={**found.services, "unbound": unbound})

    assert obstacles(with_unit("disabled"), own) == ()
    assert obstacles(with_unit("masked-runtime"), own) == ()  # by an interrupted installation
    assert obstacles(with_unit("masked"), own) == (
        (
            "unbound.service is masked, so unbound cannot start; "
            "run systemctl unmask unbound.service on the host"
        ),
    )


def test_ipv6_addresses_in_the_settings_need_ipv6_on_the_host() -> None:
    own = settings()

    assert obstacles(replace(on(own), ipv6=()), own) == (
        (
            "mail_addresses has 2001:db8:25::11, but IPv6 is switched off on this host; switch it "
            "on (sysctl net.ipv6.conf.all.disable_ipv6=0), or remove 2001:db8:25::11 from "
            "mail_addresses"
        ),
    )
    without = settings(mail_addresses=["203.0.113.11"])
    assert obstacles(replace(on(without), ipv6=()), without) == ()
    assert obstacles(replace(on(own), ipv6=("2001:db8:25::11",)), own) == ()  # and no ::1


def test_a_long_list_of_files_is_cut() -> None:
    files = tuple(f"/etc/postfix/{number}" for number in range(9))

    (sentence,) = obstacles(on(settings(), files), settings())

    assert "/etc/postfix/5 and 3 more; write" in sentence


def test_an_unknown_system_is_the_only_obstacle() -> None:
    host = replace(on(settings(), p53=DNSMASQ), system=FoundSystem("alpine", "3.20", "Alpine 3.20"))

    assert obstacles(host, settings()) == ("Alpine 3.20 is not supported; install Debian 12 or 13",)


def test_a_host_without_an_answer_is_an_obstacle() -> None:
    assert obstacles(None, settings()) == ("the host did not report its state",)


def test_the_plan_of_a_takeover_names_what_it_replaces_and_where_that_stays() -> None:
    own = settings(mail_take_over=True)
    host = on(own, ("/etc/postfix/main.cf (relay_domains)",))
    postfix = next(
        one for one in registry.services(own, plan_input(own, host)) if one.query.name == "postfix"
    )

    assert obstacles(host, own) == ()
    assert str(next(configuration(postfix, host))) == (
        "replace /etc/postfix/main.cf (relay_domains) "
        "(kept in /var/lib/pyinfra-mail/originals/postfix)"
    )


@pytest.mark.parametrize(
    ("data", "key", "recipient"),
    [
        ({"mail_aliases": {"n": "ghost"}}, "mail_aliases", "n@harbor.example"),
        (
            {"mail_aliases": {"office": "anna", "anna": ["root", "ghost"]}},
            "mail_aliases",
            "office@harbor.example",
        ),
        ({"mail_postmaster": "ghost"}, "mail_postmaster", "postmaster"),
    ],
)
def test_a_recipient_whose_user_does_not_exist_is_an_obstacle(
    data: dict[str, Any], key: str, recipient: str
) -> None:
    own = settings(**data)
    found = on(own)
    assert obstacles(found, own) == ()

    assert obstacles(replace(found, users={**found.users, "ghost": False}), own) == (
        (
            f"{key}: {recipient} leads to the user ghost, who does not exist; "
            f"run adduser ghost, or correct {key}"
        ),
    )


@pytest.mark.parametrize(
    ("wanted", "there", "said"),
    [
        ("sdbox", "Maildir", "are in the format 'maildir'"),
        ("maildir", "sdbox", "are in the format 'sdbox'"),
    ],
)
def test_mailboxes_in_another_format_are_an_obstacle(wanted: str, there: str, said: str) -> None:
    own = settings(
        mail_mailboxes={"anna@harbor.example": {"password": f"$6${'a' * 8}${'b' * 86}"}},
        mail_mailbox_format=wanted,
    )
    home = "/var/vmail/harbor.example"
    boxes = (f"{home}/anna/{there}", f"{home}/bert/{there}")
    pattern = f"/var/vmail/*/*/{there}"
    assert [query.patterns for query in registry.queries(own) if query.patterns] == [(pattern,)]
    host = on(own)
    assert obstacles(replace(host, paths={pattern: ()}), own) == ()

    (sentence,) = obstacles(replace(host, paths={pattern: boxes}), own)

    other = said.split("'")[1]
    assert sentence == (
        f"mail_mailbox_format is {wanted!r}, and 2 mailboxes of the host {said}, such as "
        f"{boxes[0]}; convert them with doveadm (docs/mailboxes.md), or write "
        f"mail_mailbox_format = {other!r}"
    )


def test_paths_are_found_by_their_pattern(tmp_path: Path) -> None:
    for one in ("a/x/Maildir", "a/y/Maildir", "a/z/sdbox"):
        (tmp_path / one).mkdir(parents=True)

    assert matching(f"{tmp_path}/*/*/Maildir") == (
        f"{tmp_path}/a/x/Maildir",
        f"{tmp_path}/a/y/Maildir",
    )
    assert matching(f"{tmp_path}/none/*") == ()


def test_a_host_knows_its_users() -> None:
    assert known_users(["root", "nobody-at-all"]) == {"root": True, "nobody-at-all": False}


def test_the_host_is_asked_for_the_users_at_the_ends_of_aliases() -> None:
    own = settings(mail_aliases={"office": "anna", "anna": ["joe", "b@far.example"]})

    (users,) = (query.users for query in registry.queries(own) if query.name == "postfix")

    assert users == ("root", "joe")
