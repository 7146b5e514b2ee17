"""What an operator may say of the proof, and the sentence for what he may not."""

from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import env
from deploys.mail.settings.verification import Verification
from deploys.mail.toolkit import VERSION

HOST = {"mail_addresses": ["192.0.2.1"], "mail_domains": ["harbor.example"]}
MX1 = HOST | {"mail_hostname": "mx1.harbor.example"}
MX2 = HOST | {"mail_hostname": "mx2.harbor.example", "mail_addresses": ["192.0.2.2"]}
VISITOR = {"mail_witness_address": "v@far.example", "mail_witness_mailbox": "/var/mail/v"}
WAIVER = {"id": "smtp.tls", "reason": "it moves", "until": "2027-01-31"}


def said(words: dict[str, Any], of_the_other: dict[str, Any] | None = None) -> Verification:
    other = words if of_the_other is None else of_the_other
    return fleet_from({"mx1": MX1 | words, "mx2": MX2 | other}, {"peer": VISITOR}).verification


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ({}, "only", ()),
        ({"verify_only": "dns.*, smtp.relay"}, "only", ("dns.*", "smtp.relay")),
        ({"verify_only": ["dns.*", "smtp.relay"]}, "only", ("dns.*", "smtp.relay")),
        ({"verify_host": "mx1"}, "host", ("mx1",)),
        ({"verify_domain": "Harbor.Example."}, "domain", ("harbor.example",)),
        ({"verify_fast": "yes"}, "fast", True),
        ({"verify_fast": False}, "fast", False),
        ({"verify_fail_on": "warning"}, "fail_on", "warning"),
        ({"verify_notify": "ops@harbor.example"}, "notify", "ops@harbor.example"),
        ({"verify_notify": env("WEBHOOK")}, "notify", env("WEBHOOK")),
        ({}, "blocklists", None),
        ({"verify_blocklists": []}, "blocklists", ()),
        ({"verify_blocklists": "Zen.Spamhaus.org"}, "blocklists", ("zen.spamhaus.org",)),
        ({"verify_metrics": "/var/lib/node"}, "metrics", "/var/lib/node"),
    ],
    ids=str,
)
def test_good_settings_of_the_checks(words: dict[str, Any], field: str, value: object) -> None:
    assert getattr(said(words), field) == value


def test_a_key_of_one_group_holds_for_all() -> None:
    assert said({"verify_fast": True}, {}).fast


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            {"verify_onyl": "x"},
            (
                f"mx1, mx2: verify_onyl is not a setting of pyinfra-mail {VERSION}; "
                "did you mean verify_only, or does it need a newer version?"
            ),
        ),
        (
            {"verify_host": "peer"},
            "verify_host: peer is not a host of the group 'mail'; write one of mx1, mx2",
        ),
        ({"verify_domain": "harbour.example"}, "did you mean harbor.example?"),
        ({"verify_domain": "a b"}, "verify_domain.0: 'a b' is not a domain name"),
        ({"verify_fail_on": "never"}, "verify_fail_on: 'never' is not allowed; write 'error'"),
        ({"verify_waivers": [{**WAIVER, "until": "soon"}]}, "verify_waivers.0.until: 'soon' is"),
        ({"verify_waivers": [{"id": "smtp.tls"}]}, "verify_waivers.0.reason is missing"),
        (
            {"verify_waivers": [{**WAIVER, "reason": ""}]},
            "verify_waivers.0.reason: the text is empty; write one",
        ),
        (
            {"verify_waivers": [{**WAIVER, "why": "x"}]},
            "verify_waivers.0.why is not a key; remove it",
        ),
        ({"verify_metrics": "here"}, "verify_metrics: 'here' is not an absolute path"),
    ],
    ids=str,
)
def test_a_bad_setting_of_the_checks_is_one_sentence(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MailError) as told:
        said(words)

    assert sentence in str(told.value)


@pytest.mark.parametrize(
    "receiver", ["http://chat.example/T0KEN", "T0KEN", "-oQ/tmp@T0KEN", "a@b@T0KEN", "a b@T0KEN"]
)
def test_a_receiver_that_is_not_valid_is_not_shown(receiver: str) -> None:
    with pytest.raises(MailError, match=r"verify_notify: the value \(masked here\)") as told:
        said({"verify_notify": receiver})

    assert "T0KEN" not in str(told.value)


def test_hosts_with_different_values_are_a_mistake() -> None:
    with pytest.raises(MailError, match="mx2: verify_fast has another value on mx1, and one run"):
        said({"verify_fast": True}, {"verify_fast": False})


def test_the_limits_of_a_partial_run_are_words() -> None:
    words = {"verify_only": "dns.*", "verify_host": "mx1", "verify_fast": "yes"}

    assert said(words).limits == ("only dns.*", "only host mx1", "without messages and scans")
    assert said({"verify_notify": "ops@harbor.example"}).limits == ()
