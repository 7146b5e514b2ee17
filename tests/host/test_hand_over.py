"""Postfix of a backup MX and of its primary, against golden files; the tables of both."""

import pytest

from deploys.host.services import postfix
from deploys.host.services.postfix_preflight import probes
from deploys.mail import paths
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings
from tests.conftest import Golden
from tests.host.test_templates import VERSIONS
from tests.mail.test_hand_over import ANNA, BACKUP, BERT, BOX, HOP1, PRIMARY
from tests.mail.test_settings import MX1, MX2

HOSTS = fleet_from(
    {"mx1": MX1 | PRIMARY, "mx2": MX2 | BACKUP | {"mail_backup_lifetime": 14}}, {}
).hosts


def tables(host: MailSettings) -> dict[str, dict[str, str]]:
    return {one.path: dict(one.entries) for one in postfix.tables(host)}


@pytest.mark.parametrize(("number", "role"), [(0, "primary"), (1, "backup")])
def test_postfix_is_configured_as_the_golden_file_says(
    number: int, role: str, golden: Golden
) -> None:
    rendered = postfix.render(HOSTS[number], VERSIONS["3.7"], "main.cf")

    golden(f"3.7/hand_over/{role}.cf", rendered)


def test_a_backup_has_tables_of_all_recipients_and_of_the_way_to_its_primary() -> None:
    found = tables(HOSTS[1])

    assert found[paths.HAND_OVER] == {"harbor.example": HOP1}
    assert found[paths.RELAY_DOMAINS] == dict.fromkeys(
        (
            *("info@harbor.example", "sales@harbor.example", ANNA),
            *("postmaster@harbor.example", "abuse@harbor.example"),
        ),
        "OK",
    )
    assert not [one for one in found[postfix.VIRTUAL] if one.endswith("@harbor.example")]
    assert postfix.MAILBOXES not in found


def test_the_preflight_asks_a_backup_for_the_recipients_of_its_primary() -> None:
    asked = {one.name: [step.send for step in one.steps] for one in probes(HOSTS[1])}

    assert "RCPT TO:<postmaster@orchard.example>" in asked["accepted"]
    steps = asked["relay domain harbor.example"]
    assert [one.split("@")[-1] for one in steps if one.startswith("RCPT")] == [
        "harbor.example>",
        "harbor.example>",
    ]


def test_a_host_without_mailboxes_of_its_own_knows_those_of_another() -> None:
    other = fleet_from(
        {
            "mx1": MX1 | {"mail_mailboxes": {ANNA: BOX, BERT: BOX}},
            "mx2": MX2 | {"mail_domains": ["orchard.example", "harbor.example"]},
        },
        {},
    ).hosts[1]

    found = tables(other)

    assert found[paths.HAND_OVER] == dict.fromkeys((ANNA, BERT), HOP1)
    assert found[postfix.MAILBOXES] == {ANNA: ANNA, BERT: BERT}
    assert found[postfix.VIRTUAL][ANNA] == ANNA
    assert other.postfix_value("virtual_alias_domains") == ""
