"""Keys in a zone of ours: behind CNAMEs that are published once, or in a delegated zone."""

from typing import Any

import pytest

from deploys.dns.lookups import no_lookup
from deploys.mail.dkim_rotation import Published
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.zones import publication
from deploys.zones.backup import Backups
from deploys.zones.propagation.propagation import Propagation
from deploys.zones.providers.loader import load
from deploys.zones.publication import Publication
from deploys.zones.run import by_configuration
from tests.zones.fleets import HARBOR, harbor, host, orchard, served
from tests.zones.memory import STORES, RecordSets

KEY = Published("mx1-rsa", "v=DKIM1; k=rsa; p=MIIB", "current")
NAME = f"mx1-rsa._domainkey.{HARBOR}"
HOME = f"{NAME}.keys.example"
TEXT = '"v=DKIM1; k=rsa; p=MIIB"'


@pytest.fixture(autouse=True)
def _nobody_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "wait_for_propagation", lambda *_: Propagation())
    monkeypatch.setattr(publication, "lookup_by", lambda _: no_lookup)
    monkeypatch.setattr(publication, "servers", lambda *_: ())


def fleet(**data: Any) -> Fleet:
    return fleet_from({"mx1": host(1, HARBOR) | {"mail_dkim_cname": "keys.example"} | data}, {})


def published(fleet: Fleet) -> Publication:
    """Publish the records of mx1 and its one key."""
    done = Publication(fleet, Backups())
    everything = records_for(fleet, ["mx1"], {"mx1": HostFacts((KEY,))})
    for configuration, records in by_configuration(fleet, everything):
        done.plan(load(configuration), records)
    done.publish()
    return done


def empty(zone: str) -> RecordSets:
    return {(zone, "NS"): (3600, ("ns.keys.example.",))}


def held(zone: str) -> RecordSets:
    return {key: value for key, value in STORES["memory"][zone].items() if "_domainkey" in key[0]}


def test_a_key_is_in_our_zone_and_a_cname_of_the_domain_leads_to_it() -> None:
    served(harbor=harbor(), keys=empty("keys.example"))

    assert published(fleet()).failures == {}
    assert held(HARBOR)[NAME, "CNAME"] == (3600, (f"{HOME}.",))
    assert held("keys.example")[HOME, "TXT"] == (3600, (TEXT,))
    assert published(fleet()).changes == []


def test_a_domain_whose_zone_is_elsewhere_is_left_to_its_owner() -> None:
    served(keys=empty("keys.example"))

    done = published(fleet())

    assert done.failures == {}
    assert done.notes[0].startswith("left to the owner of the zone: A mx1.harbor.example, AAAA")
    assert set(held("keys.example")) == {
        (HOME, "TXT"),
        ("mx1-rsa._domainkey.mx1.harbor.example.keys.example", "TXT"),
    }


def test_a_domain_that_leads_nowhere_still_needs_its_zone() -> None:
    served(keys=empty("keys.example"), orchard=orchard())

    done = published(
        fleet(mail_dkim_cname={HARBOR: "keys.example"}, mail_hostname="mx1.attic.example")
    )

    assert [one.startswith("mx1.attic.example: ") for one in done.failures] == [True]


def test_a_missing_zone_of_keys_fails_its_host() -> None:
    served(harbor=harbor())

    done = published(fleet())

    assert all("has no zone for it" in one for one in done.failures_of(fleet().hosts[0]))
    assert len(done.failures_of(fleet().hosts[0])) == 2


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (("TXT", TEXT), "but the name has TXT, and a CNAME allows no other records"),
        (("CNAME", "elsewhere.example."), "has a CNAME to elsewhere.example., but needs one to"),
    ],
)
def test_a_conflict_with_a_cname_is_named(there: tuple[str, str], words: str) -> None:
    zone = harbor() | {(NAME, there[0]): (300, (there[1],))}
    served(harbor=zone, keys=empty("keys.example"))

    (sentence,) = published(fleet()).failures

    assert words in sentence
    assert zone[NAME, there[0]] == (300, (there[1],))


def test_keys_go_into_the_zone_that_a_domain_has_cut_out_for_them() -> None:
    cut = f"_domainkey.{HARBOR}"
    zones = served(harbor=harbor() | {(cut, "NS"): (3600, ("ns.keys.example.",))})
    zones[cut] = empty(cut)

    done = published(fleet(mail_dkim_cname=""))

    assert done.failures == {}
    assert held(cut) == empty(cut) | {(NAME, "TXT"): (3600, (TEXT,))}
    assert (NAME, "TXT") not in zones[HARBOR]
    assert published(fleet(mail_dkim_cname="")).changes == []


def test_a_delegated_zone_of_keys_that_is_not_ours_is_reported() -> None:
    served(harbor=harbor() | {(f"_domainkey.{HARBOR}", "NS"): (3600, ("ns.keys.example.",))})

    (sentence,) = published(fleet(mail_dkim_cname="")).failures

    assert f"_domainkey.{HARBOR} is a delegated zone; publish the rec" in sentence
