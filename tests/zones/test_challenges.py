"""Values of DNS-01 challenges, published and removed alone: nothing else in a zone changes."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from deploys.dns import alias
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.model import Fleet, MailSettings
from deploys.mail.settings.secret import command
from deploys.zones.publication import Publication
from deploys.zones.run import FactsOf, Run
from tests.zones.fleets import HARBOR, fleet, harbor, host, orchard
from tests.zones.memory import RecordSets
from tests.zones.scenario import facts_of_hosts

BY_DNS = {"mail_tls": "acme", "mail_acme_challenge": "dns"}
MX1, MX2 = f"mx1.{HARBOR}", "mx2.orchard.example"
AT_MX1, AT_MX2 = f"_acme-challenge.{MX1}", f"_acme-challenge.{MX2}"
BOTH = frozenset({"mx1", "mx2"})
NONE: Mapping[str, tuple[str, ...]] = {}
REGISTRY = "_pyinfra-mail"

pytestmark = pytest.mark.usefixtures("nobody_to_wait_for")


@pytest.fixture(autouse=True)
def _no_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alias, "alias_of", lambda *_: "")


def by_dns(**data: Any) -> Fleet:
    return fleet(BY_DNS | data, BY_DNS)


def waiting(**values: Mapping[str, tuple[str, ...]]) -> FactsOf:
    """Return facts in which the orders of hosts wait for values, by the name of a certificate."""

    def facts_of(host: MailSettings) -> HostFacts:
        return HostFacts(challenges=values.get(host.inventory_name, NONE))

    return facts_of


def applied(
    facts_of: FactsOf, ready: frozenset[str] = BOTH, own: Fleet | None = None
) -> Publication:
    plans = Run().plan_challenges(own or by_dns(), ready, facts_of)
    plans.publish()
    assert not plans.failures
    return plans


def whole_run(own: Fleet, facts: Mapping[str, HostFacts] | None = None) -> None:
    known = facts or facts_of_hosts(*BOTH)
    Run().plan(own, BOTH, lambda one: known[one.inventory_name], records_for).publish()


def test_a_value_comes_and_goes_and_everything_else_stays(zones: dict[str, RecordSets]) -> None:
    whole_run(by_dns())
    before = deepcopy(zones)

    applied(waiting(mx1={MX1: ("one", "two")}, mx2={MX2: ("three",)}))

    assert zones["harbor.example"][AT_MX1, "TXT"] == (60, ('"one"', '"two"'))
    assert zones["orchard.example"][AT_MX2, "TXT"] == (60, ('"three"',))
    changed = {
        key for zone in zones for key in zones[zone] if zones[zone][key] != before[zone].get(key)
    }
    assert {name.partition(".")[0] for name, _ in changed} == {"_acme-challenge", REGISTRY}

    applied(waiting())
    assert zones == before
    assert applied(waiting()).changes == []


def test_what_the_inventory_needs_now_waits_for_a_whole_run(zones: dict[str, RecordSets]) -> None:
    whole_run(by_dns(mail_tls_rpt="tls@harbor.example"))
    zones["harbor.example"][f"_dmarc.{HARBOR}", "TXT"] = (300, ('"v=DMARC1; p=reject"',))
    before = deepcopy(zones)
    edited = by_dns(mail_addresses=["198.51.100.99"])  # other addresses, and no TLS-RPT any more

    applied(waiting(mx1={MX1: ("one",)}), own=edited)
    applied(waiting(), own=edited)

    assert zones == before


def test_a_zone_that_no_run_has_written_to_is_as_it_was(zones: dict[str, RecordSets]) -> None:
    before = deepcopy(zones)

    applied(waiting(mx1={MX1: ("one",)}))
    assert (AT_MX1, "TXT") in zones["harbor.example"]
    applied(waiting())

    assert zones == before


def test_values_of_others_stay(zones: dict[str, RecordSets]) -> None:
    zones["harbor.example"][AT_MX1, "TXT"] = 300, ('"theirs"',)

    applied(waiting(mx1={MX1: ("one",)}))
    assert zones["harbor.example"][AT_MX1, "TXT"] == (300, ('"one"', '"theirs"'))

    applied(waiting())
    assert zones["harbor.example"][AT_MX1, "TXT"] == (300, ('"theirs"',))


def test_a_host_that_is_out_of_the_run_keeps_its_values(zones: dict[str, RecordSets]) -> None:
    applied(waiting(mx1={MX1: ("one",)}, mx2={MX2: ("three",)}))

    applied(waiting(), ready=frozenset({"mx1"}))

    assert (AT_MX1, "TXT") not in zones["harbor.example"]
    assert (AT_MX2, "TXT") in zones["orchard.example"]


def test_a_host_with_other_certificates_has_no_part_in_it(zones: dict[str, RecordSets]) -> None:
    before = deepcopy(zones)

    def facts_of(one: MailSettings) -> HostFacts:
        assert one.inventory_name == "mx1"
        return HostFacts()

    assert applied(facts_of, own=fleet(BY_DNS)).changes == []
    assert zones == before


def test_a_name_that_no_provider_of_ours_has_is_left_alone(zones: dict[str, RecordSets]) -> None:
    elsewhere = by_dns(mail_tls_names=["mail.elsewhere.example"])

    applied(waiting(mx1={"mail.elsewhere.example": ("one",)}), own=elsewhere)

    assert zones == {"harbor.example": harbor(), "orchard.example": orchard()}


def test_a_failure_concerns_the_host_whose_name_it_is(zones: dict[str, RecordSets]) -> None:
    del zones["harbor.example"]
    own = by_dns()

    plans = Run().plan_challenges(own, BOTH, waiting(mx1={MX1: ("one",)}))

    assert [bool(plans.failures_of(own.host(name))) for name in ("mx1", "mx2")] == [True, False]


def test_one_host_of_a_shared_name_alone_does_not_remove_what_the_other_waits_for(
    zones: dict[str, RecordSets],
) -> None:
    mail = f"mail.{HARBOR}"
    shared = BY_DNS | {"mail_tls_names": [mail]}
    own = fleet(shared, host(2, HARBOR) | shared)
    applied(waiting(mx1={mail: ("one",)}, mx2={mail: ("two",)}), own=own)

    applied(waiting(), ready=frozenset({"mx1"}), own=own)
    assert zones["harbor.example"][f"_acme-challenge.{mail}", "TXT"][1] == ('"one"', '"two"')

    applied(waiting(mx2={mail: ("two",)}), own=own)
    assert zones["harbor.example"][f"_acme-challenge.{mail}", "TXT"][1] == ('"two"',)


def led(monkeypatch: pytest.MonkeyPatch, name: str, target: str) -> None:
    """Let a name be a CNAME, as its name servers answer."""
    monkeypatch.setattr(alias, "alias_of", lambda one, _: target if one == name else "")


@pytest.mark.parametrize("target", ["mx1.proofs.example", f"proof.{HARBOR}"])
def test_a_value_goes_where_the_cname_leads(
    target: str, zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    zones["proofs.example"] = {("proofs.example", "NS"): (3600, ("ns.nic.example.",))}
    zones["harbor.example"][AT_MX1, "CNAME"] = 300, (f"{target}.",)
    led(monkeypatch, AT_MX1, target)
    whole_run(by_dns())
    before = deepcopy(zones)

    applied(waiting(mx1={MX1: ("one",)}))
    (zone,) = (name for name in zones if target.endswith(f".{name}"))
    assert zones[zone][target, "TXT"] == (60, ('"one"',))
    assert (AT_MX1, "TXT") not in zones["harbor.example"]

    applied(waiting())
    assert zones == before


def test_a_whole_run_publishes_where_the_cname_leads(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    zones["proofs.example"] = {("proofs.example", "NS"): (3600, ("ns.nic.example.",))}
    led(monkeypatch, AT_MX1, "mx1.proofs.example")
    facts = facts_of_hosts(*BOTH)
    facts["mx1"] = replace(facts["mx1"], challenges={MX1: ("one",)})

    whole_run(by_dns(), facts)
    assert zones["proofs.example"]["mx1.proofs.example", "TXT"] == (60, ('"one"',))
    assert not any(AT_MX1 in key for key in zones["harbor.example"])


def test_a_host_with_a_key_for_the_zone_of_its_proofs_gets_the_cname_alone(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"key_name": "mx1", "key_secret": command("echo", "b3Blbi1zZXNhbWU=")}
    proofs = {"zone": "proofs.example", "server": "198.51.100.53", **key}
    own = by_dns(mail_acme_dns=proofs)
    target = f"{MX1}.proofs.example"

    whole_run(own)
    assert zones["harbor.example"][AT_MX1, "CNAME"][1] == (f"{target}.",)
    before = deepcopy(zones)

    led(monkeypatch, AT_MX1, target)
    whole_run(own)
    applied(waiting(mx1={MX1: ("one",)}), own=own)
    assert zones == before


def test_a_cname_that_leads_to_nobodys_zone_is_named(
    zones: dict[str, RecordSets], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zones
    own = by_dns()
    led(monkeypatch, AT_MX1, "mx1.proofs.example")

    plans = Run().plan_challenges(own, BOTH, waiting(mx1={MX1: ("one",)}))

    assert plans.failures_of(own.host("mx1")) == [
        (
            f"{AT_MX1} is a CNAME to mx1.proofs.example, but no mail_dns of the inventory has a "
            "zone for that; create the zone at your provider, or remove the CNAME"
        )
    ]
    assert plans.failures_of(own.host("mx2")) == []
    assert plans.changes == []
