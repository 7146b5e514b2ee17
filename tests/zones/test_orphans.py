"""Zones that have left the inventory, found in the DNS."""

import dns.nameserver
import dns.resolver
import pytest

from deploys.zones.orphans import registered_zones
from deploys.zones.ownership.scope import PlanScope
from tests.zones.responder import Responder, txt

SCOPE = PlanScope(("mx1.harbor.example",), whole=True)
ANSWERS = {
    ("_pyinfra-mail.ours.example", "TXT"): [
        txt("3f9a1c A mx1 5d41402a"),
        txt("3f9a1c host mx1.harbor.example"),
    ],
    ("_pyinfra-mail.theirs.example", "TXT"): [txt("3f9a1c host mx1.elsewhere.example")],
    ("_pyinfra-mail.odd.example", "TXT"): [txt("host mx1.harbor.example")],
}


def test_zones_with_our_marks_are_found_among_those_of_a_provider() -> None:
    zones = {"ours.example", "theirs.example", "odd.example", "bare.example"}
    with Responder("127.0.0.9") as responder:
        responder.answers = dict(ANSWERS)
        ask = dns.resolver.Resolver(configure=False)
        ask.nameservers = [dns.nameserver.Do53Nameserver(responder.address, responder.port)]

        assert registered_zones(zones, SCOPE, ask) == ["ours.example"]


@pytest.mark.parametrize("zones", [set(), {"ours.example"}])
def test_no_zone_is_found_without_a_resolver(
    zones: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploys.zones.orphans.SECONDS", 0.1)
    with Responder("127.0.0.9") as responder:
        responder.silent = True
        ask = dns.resolver.Resolver(configure=False)
        ask.nameservers = [dns.nameserver.Do53Nameserver(responder.address, responder.port)]

        assert registered_zones(zones, SCOPE, ask) == []
