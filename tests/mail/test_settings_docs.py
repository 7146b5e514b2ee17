"""docs/settings.md is made from the code, and every key in it has a meaning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from deploys.mail.settings import docs
from deploys.mail.settings.inventory import known_keys
from deploys.mail.settings.types import DomainName, Files, NextHop, TlsPolicy
from deploys.mail.settings.values.addresses import Address

PAGE = Path(__file__).parents[2] / "docs/settings.md"


def test_the_page_is_generated_from_the_code() -> None:
    assert PAGE.read_text() == docs.page(), "run python -m deploys.mail.settings.docs"


def test_every_key_is_listed_once_with_a_meaning() -> None:
    rows = [line.split(" | ") for line in docs.page().splitlines() if line.startswith("| `")]
    keys = [row[0].strip("| `") for row in rows]

    assert sorted(keys) == sorted(known_keys())
    assert all(row[4].endswith(".") for row in rows)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (bool, "True or False"),
        (Address, "IP address"),
        (tuple[Address, ...], "list of IP addresses"),
        (tuple[DomainName, ...] | None, "list of domain names or None"),
        (Literal["", "now"], '"" or "now"'),
        (Mapping[str, Any], "dictionary"),
        (Mapping[DomainName, Files], "dictionary, domain name: list of absolute paths"),
        (Mapping[NextHop, TlsPolicy], "dictionary, domain or [host]: TLS policy"),
        (Annotated[int, "anything"], "whole number"),
    ],
)
def test_a_type_has_plain_words(kind: object, text: str) -> None:
    assert docs.words(kind) == text
