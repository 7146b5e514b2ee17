"""Groups of receivers: their limits, and the transports of Postfix that keep them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from deploys.mail import shaping
from deploys.mail.settings.bulk import Shaping, receiver_groups

ADAPTER = TypeAdapter(Shaping)
TWO = ["a.example", "b.example"]


def named(own: dict[str, Any], name: str) -> shaping.Group:
    return next(
        group for group in receiver_groups(ADAPTER.validate_python(own)) if group.name == name
    )


def test_the_groups_of_the_large_receivers_are_there_without_a_setting() -> None:
    assert not list(shaping.mistakes(shaping.groups({})))
    assert shaping.groups({}) == tuple(sorted(shaping.DEFAULTS, key=lambda group: group.name))


def test_one_field_of_a_known_group_is_changed_alone() -> None:
    changed = named({"google": {"concurrency": 20}}, "google")

    assert changed.concurrency == 20
    assert changed.mx == named({}, "google").mx


def test_a_group_is_added_and_another_is_removed() -> None:
    own = {"harbor": {"domains": ["Harbor.example"]}, "qq": None}
    names = {group.name: group.domains for group in receiver_groups(ADAPTER.validate_python(own))}

    assert names["harbor"] == ("harbor.example",)
    assert "qq" not in names


@pytest.mark.parametrize(
    ("fields", "processes", "of_domain"),
    [
        # Without reuse, every connection has its process.
        ({"concurrency": 5}, 5, 5),
        ({"concurrency": 1}, 1, 1),
        # Half of the limit may wait for another message; the listed domains share it.
        ({"concurrency": 8, "messages_per_connection": 20}, 4, 2),
        ({"concurrency": 9, "messages_per_connection": 20}, 5, 2),
        ({"concurrency": 4, "messages_per_connection": 2}, 2, 1),
    ],
)
def test_processes_and_connections_that_wait_stay_within_the_limit(
    fields: dict[str, Any], processes: int, of_domain: int
) -> None:
    group = named({"harbor": {"domains": TWO, **fields}}, "harbor")
    waiting = group.of_domain * len(TWO) if group.reuses else 0

    assert (group.processes, group.of_domain) == (processes, of_domain)
    assert group.processes + waiting <= group.concurrency


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [
        ("", 0),
        ("1/s", 1),
        ("60/1m", 1),
        ("50/1m", 2),
        ("10/1m", 6),
        ("100/1h", 36),
        ("2/1d", 43_200),
    ],
)
def test_a_rate_becomes_whole_seconds_and_is_never_exceeded(rate: str, seconds: int) -> None:
    group = named({"harbor": {"domains": TWO, "rate": rate}} if rate else {}, "google")
    if rate:
        group = named({"harbor": {"domains": TWO, "rate": rate}}, "harbor")

    assert group.delay == seconds


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"Big": {"mx": [".example.net"]}},
            "'Big' is not the name of a group; write small letters",
        ),
        (
            {"big": {"mx": ["*.example.net"]}},
            "'*.example.net' is not an MX host; write a name like",
        ),
        ({"big": {"concurrency": 0}}, "greater than or equal to 1"),
        ({"big": {"concurrency": 5}}, "['big']: it has no receivers; write 'domains' or 'mx'"),
        ({"default": {"mx": [".example.net"]}}, "it is for all other receivers; remove 'domains'"),
        (
            {"google": {"rate": "2/1s"}},
            "more than one message a second, and Postfix delays by whole",
        ),
        ({"google": {"rate": "fast"}}, "'fast' is not a rate; write one like '100/1h'"),
        ({"google": {"messages_per_connection": 20}}, "needs 'domains', and a concurrency of two"),
        (
            {"big": {"domains": TWO, "concurrency": 3, "messages_per_connection": 2}},
            "needs 'domains', and a concurrency of two for each",
        ),
        ({"big": {"mx": [".google.com"]}}, "MX .google.com is in the groups 'big' and 'google'"),
        (
            {"big": {"domains": ["yahoo.co.jp"]}},
            "yahoo.co.jp is in the groups 'big' and 'yahoo_japan'",
        ),
        ({"google": {"connections": 5}}, "Extra inputs are not permitted"),
    ],
)
def test_a_mistake_gets_a_sentence(own: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        ADAPTER.validate_python(own)

    assert sentence in str(refusal.value)


def test_postfix_gets_the_limits_of_each_group() -> None:
    own = {"harbor": {"domains": TWO, "concurrency": 3, "recipients": 10, "rate": "10/1m"}}
    harbor = (named(own, "harbor"),)

    assert shaping.parameters(harbor) == {
        "receiver-harbor_destination_concurrency_limit": "3",
        "receiver-harbor_destination_recipient_limit": "10",
        "receiver-harbor_transport_rate_delay": "6s",
    }
    assert shaping.services(harbor) == {
        "receiver-harbor/unix": "- - n - 3 smtp -o syslog_name=postfix-bulk/$service_name"
        " -o smtp_skip_quit_response=no -o smtp_connection_cache_on_demand=no"
    }


def test_connections_are_used_again_only_for_the_domains_that_are_listed() -> None:
    own = {"harbor": {"domains": TWO, "concurrency": 8, "messages_per_connection": 20}}
    services = shaping.services((named(own, "harbor"),))

    line = services["receiver-harbor/unix"]
    assert line.startswith("- - n - 4 smtp ")
    assert "-o smtp_connection_cache_destinations=a.example,b.example" in line
    assert "-o smtp_connection_reuse_count_limit=19" in line  # after the first message
    assert "-o smtp_connection_cache_on_demand=no" in line
    assert {"scache/unix", "tlsproxy/unix"} < set(services)


def test_receivers_of_no_group_have_a_limit_for_each_domain() -> None:
    default = named({"default": {"concurrency": 3}}, "default")

    assert shaping.parameters((default,)) == {"receiver-default_destination_concurrency_limit": "3"}
    assert default.processes == shaping.DEFAULT_PROCESSES


@pytest.mark.parametrize("group", shaping.DEFAULTS, ids=lambda group: group.name)
def test_the_documents_have_the_figure_and_the_source_of_each_group(group: shaping.Group) -> None:
    text = Path("docs/shaping.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| `{group.name}` |"))
    _, _, receivers, concurrency, source, _ = (cell.strip() for cell in row.split("|"))
    members = tuple(part for part in receivers.split("`") if "." in part)

    assert members == (*group.domains, *group.mx)
    assert int(concurrency) == group.concurrency
    assert source
