"""Refusals of every API: its reason is in the sentence, however the provider's class raises it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploys.mail.errors import MailError
from deploys.zones.providers.loader import load
from deploys.zones.providers.refusal import explained
from tests.zones.configurations import KEYS, api, configured, credentials, given
from tests.zones.fleets import HARBOR

# Without HTTP of requests: a refused update is an exception of dnspython, and see below.
OTHERWISE = {"rfc2136", "route53"}
REFUSALS: dict[str, tuple[Any, str]] = {
    "azure": (
        {"error": {"code": "BadRequest", "message": "The TTL is not valid."}},
        "message: The TTL is not valid",
    ),
    "cloudflare": (
        {
            "success": False,
            "errors": [
                {
                    "code": 1004,
                    "message": "DNS Validation Error",
                    "error_chain": [{"code": 9021, "message": "TTL must be between 60 and 86400."}],
                }
            ],
        },
        "message: TTL must be between 60 and 86400",
    ),
    "desec": (
        [{}, {"ttl": ["Ensure this value is greater than or equal to 3600."]}],
        "ttl: Ensure this value is greater than or equal to 3600",
    ),
    "digitalocean": (
        {"id": "unprocessable_entity", "message": "record ttl must be greater than 30"},
        "message: record ttl must be greater than 30",
    ),
    "dnsimple": (
        {"message": "Validation failed", "errors": {"ttl": ["must be greater than 59"]}},
        "message: Validation failed; ttl: must be greater than 59",
    ),
    "gandi": (
        {
            "code": 400,
            "message": "Bad request",
            "errors": [{"name": "rrset_ttl", "description": "200 is less than 300"}],
        },
        "description: 200 is less than 300",
    ),
    "googlecloud": (
        {"error": {"code": 400, "message": "Invalid value for 'entity.change.additions[0].ttl'"}},
        "message: Invalid value for 'entity.change.additions[0].ttl'",
    ),
    "hetzner": (
        {"error": {"code": "invalid_input", "message": "invalid input in field 'ttl'"}},
        "message: invalid input in field 'ttl'",
    ),
    "ns1": (
        {"message": "Input validation failed (5 for field ttl is too low)"},
        "message: Input validation failed (5 for field ttl is too low)",
    ),
    "ovh": ({"class": "Client::BadRequest", "message": "Invalid ttl"}, "message: Invalid ttl"),
    "powerdns": ({"error": "IN A: TTL too low"}, "error: IN A: TTL too low"),
}


def test_every_short_name_is_in_this_table() -> None:
    assert REFUSALS.keys() | OTHERWISE == KEYS.keys()


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_the_reason_of_the_api(
    name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch)
    body, reason = REFUSALS[name]

    def answer(url: str) -> tuple[int, Any]:
        first = credentials(url)
        return (status, body) if first is None else (200, first)

    api(monkeypatch, answer)
    with pytest.raises(MailError) as error:
        load(configured(name)).read(HARBOR)

    sentence = str(error.value)
    assert f"answers with HTTP status {status}: " in sentence
    assert sentence.endswith(reason)
    assert "\n" not in sentence


def test_a_refusal_of_amazon_has_its_reason() -> None:
    answer = {"Error": {"Code": "InvalidChangeBatch", "Message": "[TTL is too low]"}}
    _, reason = explained(ClientError(answer, "ChangeResourceRecordSets"))

    assert reason == (
        "fails with ClientError: An error occurred (InvalidChangeBatch) when calling the "
        "ChangeResourceRecordSets operation: [TTL is too low]"
    )
