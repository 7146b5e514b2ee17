"""Units, packages and ports of a host follow from its settings."""

from typing import Any

import pytest

from deploys.mail import units
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings

ANNA = {"anna@harbor.example": {"password": f"$6${'a' * 8}${'b' * 86}"}}
BERT = {"bert@harbor.example": ANNA["anna@harbor.example"]}
LEARNS = {"mail_mailboxes": BERT, "mail_filter": {"bayes": True}}
SITE = {"mail_mta_sts": "testing", "mail_tls": "acme"}


def host(**data: Any) -> MailSettings:
    known = {
        "mail_hostname": "mx1.harbor.example",
        "mail_addresses": ["203.0.113.11"],
        "mail_domains": ["harbor.example"],
        "mail_aliases": {"anna": "root"},
    }
    return fleet_from({"mx1": known | data}, {}).hosts[0]


@pytest.mark.parametrize(
    ("data", "unit"),
    [
        ({"mail_accounts": ANNA}, "dovecot.service"),
        ({"mail_accounts": ANNA}, "fail2ban.service"),
        ({"mail_mailboxes": BERT}, "dovecot.service"),
        ({"mail_mailboxes": BERT}, "fail2ban.service"),
        ({"mail_accounts": ANNA}, "redis-server@rspamd.service"),
        ({"mail_scan_outbound": True}, "redis-server@rspamd.service"),
        (LEARNS, "redis-server@rspamd.service"),
        (LEARNS, "pyinfra-mail-learner.path"),
        ({"mail_aliases": {"anna": "anna@far.example"}}, "postsrsd.service"),
        (SITE, "nginx.service"),
        ({"mail_tls": "acme"}, "certbot.timer"),
        (
            {"mail_tls": "files", "mail_tls_files": {"mx1.harbor.example": "/etc/ssl/mx1.pem"}},
            "pyinfra-mail-certificates.path",
        ),
    ],
)
def test_a_unit_is_required_where_a_setting_needs_it(data: dict[str, Any], unit: str) -> None:
    assert unit in units.required_units(host(**data))
    assert unit not in units.required_units(host())


def test_nothing_is_counted_without_a_rate_or_without_accounts() -> None:
    for data in ({"mail_accounts": ANNA, "mail_account_rate": ""}, {"mail_account_rate": "5/1h"}):
        assert "redis-server@rspamd.service" not in units.required_units(host(**data))


def test_every_mail_host_needs_its_resolver_its_filter_and_its_policies() -> None:
    assert set(units.required_units(host())) == {
        "unbound.service",
        "rspamd.service",
        "postfix-mta-sts-resolver.service",
    }


def test_ports_are_open_to_the_world_or_to_the_host_alone() -> None:
    assert units.public_ports(host()) == {25}
    assert units.public_ports(host(mail_accounts=ANNA, **SITE)) == {25, 443, 465, 587}
    assert units.public_ports(host(mail_mailboxes=BERT)) == {25, 465, 587, 993}
    assert units.local_ports(host()) == {53, 8461}
    forwards = host(mail_aliases={"anna": "anna@far.example"})
    assert units.local_ports(forwards) == {53, 8461, 10001, 10002, 10588}
