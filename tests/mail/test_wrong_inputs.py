"""Wrong inputs get one plain sentence each, the same from the settings and from a run."""

import re
from pathlib import Path
from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import Secret
from tests.fakes import Run
from tests.mail.test_settings import CLIENT, MX1
from tests.mail.wrong_inputs import ROWS, Row

WITNESS = {"mail_witness_address": "v@far.example", "mail_witness_mailbox": "/var/mail/v"}
LEAST = 160
# Words of pydantic and of Python.
JARGON = re.compile(
    r"input should|valid (string|integer|boolean|dictionary|tuple|list)|string|NoneType|tuple|"
    r"boolean|regex|pattern|pydantic|type=|ValueError|parse|literal",
    re.IGNORECASE,
)


def said(role: str, keys: dict[str, Any]) -> str:
    """Return the message for these keys on top of the good ones of a mail host or another."""
    own = {one: keys if one == role else {} for one in ("mail", "witness", "client")}
    with pytest.raises(MailError) as refused:
        fleet_from(
            {"mx1": MX1 | own["mail"]},
            {"peer": WITNESS | own["witness"]},
            {"app": CLIENT | own["client"]},
        )
    return str(refused.value)


@pytest.mark.parametrize(("role", "row"), ROWS, ids=[f"{row.keys}" for _, row in ROWS])
def test_a_wrong_input_gets_its_sentence(role: str, row: Row) -> None:
    message = said(role, row.keys)

    assert message == row.sentence
    assert not JARGON.search(message)
    assert "hunter2" not in message


def test_the_table_is_large() -> None:
    assert len(ROWS) >= LEAST
    assert len({repr(row) for row in ROWS}) == len(ROWS)


# One of each kind, also from a run.
IN_A_RUN = ("mail_domains", "mail_aliases", "mail_networks", "mail_message_size_limit", "mial_tls")


@pytest.mark.parametrize("key", IN_A_RUN)
def test_a_run_says_the_same_before_it_connects(key: str, run: Run, tmp_path: Path) -> None:
    row = next(row for role, row in ROWS if role == "mail" and [*row.keys] == [key])
    assert not any(isinstance(value, Secret) for value in row.keys.values())
    inventory = tmp_path / "inventory.py"
    inventory.write_text(f"mail = [('mx1', {MX1 | row.keys!r})]\n")

    done = run(inventory, "deploys/check.py", "-y")

    assert done.returncode == 1, done.stdout
    assert row.sentence in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    "keys",
    [
        {"main_domains": ["x"], "email_tls": "x", "mailer_tls": "x", "main_hostname": "x"},
        {"email": "x", "mailgun_token": "x", "mailing_lists": [], "verified": True},
        {"nginx_domains": ["x"], "hostname": "x", "domains": ["x"], "tls": "acme"},
        {"ssh_user": "root", "_sudo": True, "mailbox_dir": "/var/mail", "verification": 1},
    ],
)
def test_the_operators_own_keys_are_accepted(keys: dict[str, Any]) -> None:
    fleet_from({"mx1": MX1 | keys}, {})


@pytest.mark.parametrize(
    ("key", "given", "field", "value"),
    [
        ("mail_message_size_limit", "25M", "message_size_limit", 26_214_400),
        ("mail_message_size_limit", "70000", "message_size_limit", 70_000),
        ("mail_message_size_limit", "1 GiB", "message_size_limit", 1 << 30),
        ("mail_dmarc_reports", "mailto:d@far.example", "dmarc_reports", ("d@far.example",)),
        ("mail_tls_rpt", "mailto:d@far.example", "tls_rpt", ("mailto:d@far.example",)),
        ("mail_acme_contact", "mailto:d@far.example", "acme_contact", "d@far.example"),
        ("mail_networks", ["10.0.0.0/8", "fc00::/7"], "networks", ("10.0.0.0/8", "fc00::/7")),
        ("mail_networks", ["203.0.113.9"], "networks", ("203.0.113.9/32",)),
        ("mail_networks", ["2001:DB8:0::/48"], "networks", ("2001:db8::/48",)),
    ],
)
def test_another_spelling_is_accepted(key: str, given: object, field: str, value: object) -> None:
    (host,) = fleet_from({"mx1": MX1 | {key: given}}, {}).hosts

    assert getattr(host, field) == value


DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


@pytest.mark.parametrize(
    "anchor",
    [
        f". DS 20326 8 2 {DIGEST}",
        f". IN DS 20326 8 2 {DIGEST}",
        f".\t172800\tIN\tDS\t20326 8 2 {DIGEST[:32]} {DIGEST[32:]}",
        f". IN 172800 ds 20326 8 2 ( {DIGEST} ) ; the key of 2017",
    ],
)
def test_a_trust_anchor_is_accepted_as_tools_print_it(anchor: str) -> None:
    (host,) = fleet_from({"mx1": MX1 | {"mail_resolver_trust_anchor": anchor}}, {}).hosts

    assert host.resolver_trust_anchor == f". DS 20326 8 2 {DIGEST.lower()}"


def test_one_mistake_of_several_hosts_is_told_once() -> None:
    other = MX1 | {"mail_hostname": "mx2.harbor.example", "mail_addresses": ["203.0.113.12"]}
    with pytest.raises(MailError) as refused:
        fleet_from({"mx1": MX1 | {"mail_ttl": 3}, "mx2": other | {"mail_ttl": 3}}, {})

    assert str(refused.value) == "mx1, mx2: mail_ttl: 3 is too small; write at least 60"


def test_a_wrong_host_is_not_also_unknown_to_the_checks() -> None:
    assert said("mail", {"mail_ttl": 3, "verify_host": "mx1"}).count("\n") == 0


def test_a_key_of_another_role_is_not_suggested() -> None:
    assert "did you mean" not in said("mail", {"mail_roots": "x"})
    assert "did you mean mail_root," in said("client", {"mail_roots": "x"})
