"""Layers of an inventory: dictionaries are merged, and the origin of a value is known."""

from typing import Any

import pytest
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory

from deploys.host.layers import data_in_layers, origins

MAIN, DNS = "mail_postfix_main", "mail_dns"


def host(everyone: Any, group: Any, own: Any, given: Any = None) -> Host:
    """Return mx1 of the group mail, with the data of each layer."""
    inventory = Inventory(
        (["mx1"], everyone), override_data=given or {}, mail=([("mx1", own)], group)
    )
    (found,) = inventory
    return found


@pytest.mark.parametrize(
    ("key", "layers", "value"),
    [
        (MAIN, ({"a": 1}, {"b": 2}, {"c": 3}), {"a": 1, "b": 2, "c": 3}),
        (MAIN, ({"a": 1}, {"a": 2}, {"a": 3}), {"a": 3}),
        (MAIN, ({"a": 1}, {"b": 2}, {"b": 3}, {"a": 4}), {"a": 4, "b": 3}),
        ("mail_postfix_master", ({}, {"x/inet": "y"}, {"x/inet": None}), {"x/inet": None}),
        ("mail_rspamd", ({}, {"o": {"a": 1, "b": 1}}, {"o": {"b": 2}}), {"o": {"a": 1, "b": 2}}),
        ("mail_domains", (["a"], ["b"], ["c"]), ["c"]),
        ("mail_dkim_cname", ("k.example", {"a": "b"}, {"c": "d"}), {"a": "b", "c": "d"}),
        (DNS, ({"class": "x", "host": 1}, {"class": "y"}, {"port": 2}), {"class": "y", "port": 2}),
        (DNS, ({"class": "x"}, {"class": "y"}, None), None),
        ("operators_own", ({"a": 1}, {"b": 2}, {"c": 3}), {"c": 3}),
    ],
)
def test_dictionaries_of_all_layers_are_merged(key: str, layers: Any, value: object) -> None:
    assert data_in_layers(host(*({key: layer} for layer in layers)))[key] == value


def test_a_layer_that_lacks_a_key_takes_nothing_away() -> None:
    assert data_in_layers(host({MAIN: {"a": 1}}, {}, {"x": 1}))[MAIN] == {"a": 1}


def test_the_layers_of_each_setting_are_listed_without_secrets() -> None:
    found = host(
        {"mail_tls": "acme", MAIN: {"a": 1}, "other": 1},
        {"mail_tls": "files", "mail_accounts": {"a@b.example": {"password": "hunter2"}}},
        {MAIN: {"b": 2}},
        {"verify_fast": True},
    )

    assert list(origins(found)) == [
        "mx1: mail_accounts = the value (masked here) from group data 'mail'",
        "mx1: mail_postfix_main = {'a': 1, 'b': 2} from group data 'all', the host",
        "mx1: mail_tls = 'files' from group data 'mail'",
        "mx1: verify_fast = True from --data",
    ]
