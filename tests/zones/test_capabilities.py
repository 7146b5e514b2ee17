"""Record types that a provider does not support, and texts that it may alter, in a plan."""

from dataclasses import replace
from typing import Any

import pytest
from octodns.zone import Zone

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.apply import apply
from deploys.zones.model import recordsets
from deploys.zones.orphans import orphan_plans
from deploys.zones.ownership.scope import PlanScope
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.scenario import fleet_of, published, restored

MX = MailRecord(HARBOR, "MX", ("10 mx1.harbor.example.",), 3600, "who receives mail")
SPF = MailRecord(HARBOR, "TXT", ("v=spf1 mx ~all",), 3600, "SPF")
DMARC = MailRecord(f"_dmarc.{HARBOR}", "TXT", ("v=DMARC1; p=none",), 3600, "DMARC")


class Poor(MemoryProvider):
    """Supports the types that every provider supports."""

    SUPPORTS = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "TXT"})


def planned(zone: RecordSets, *records: MailRecord, faithful: bool = False) -> ZonePlan:
    served(harbor=zone)
    provider = Provider("route53", Poor("test", "memory"), faithful=faithful)
    return plan(provider, HARBOR, records)


def needed(kind: str, name: str, value: str) -> MailRecord:
    return MailRecord(f"{name}.{HARBOR}", kind, (value,), 3600, "mail")


NOTES = {
    "TLSA": (f"3 1 1 {'aa' * 32}", "DANE is left out, MTA-STS takes its place"),
    "CAA": ('0 issue "ca.example"', "any authority may issue certificates for the names in it"),
    "SRV": ("0 1 465 mx1.harbor.example.", "users must enter the names of the servers in"),
    "PTR": ("mx1.harbor.example.", "have the owner of the addresses set their names"),
}


@pytest.mark.parametrize("kind", NOTES)
def test_an_optional_type_is_reported_once_and_not_tried(kind: str) -> None:
    value, words = NOTES[kind]
    both = [needed(kind, f"_{name}._tcp", value) for name in ("a", "b")]
    result = planned(harbor(), *both, MX)

    assert [change.type for change in result.changes] == ["MX"]
    assert [(expected.name, expected.type) for expected in result.expected] == [(HARBOR, "MX")]
    (note,) = result.notes
    assert note.startswith(f"route53 does not support {kind}: {words}")


def test_a_type_that_mail_needs_is_refused() -> None:
    alone = MailRecord(f"a.{HARBOR}", "NAPTR", ('1 1 "u" "x" "!y!z!" .',), 3600, "no such kind")

    with pytest.raises(MailError, match=r"a\.harbor\.example needs a record of type NAPTR, which"):
        planned(harbor(), alone)


ODD = ['"a\\"b"', '"back\\\\slash"', '"\\195\\164"']
PLAIN = ['""', '"site-verification=1f3a"', '"x; y;z"', f'"{"k" * 255}" "{"k" * 99}"']


@pytest.mark.parametrize("text", ODD)
def test_a_record_set_with_a_text_that_may_be_altered_is_not_written(text: str) -> None:
    zone = harbor() | {(HARBOR, "TXT"): (300, (text,))}

    with pytest.raises(MailError, match=r"TXT harbor\.example also holds .* which route53 may alt"):
        planned(zone, SPF)


@pytest.mark.parametrize("text", ODD)
def test_such_a_text_is_no_obstacle_elsewhere_or_with_a_faithful_provider(text: str) -> None:
    beside = harbor() | {(HARBOR, "TXT"): (300, (text,))}
    already = harbor() | {(HARBOR, "TXT"): (300, (text, '"v=spf1 mx ~all"'))}

    assert [str(change.type) for change in planned(beside, DMARC).changes] == ["TXT"]
    assert planned(already, SPF).changes == ()
    assert len(planned(beside, SPF, faithful=True).changes) == 1


@pytest.mark.parametrize("text", ODD)
def test_neither_a_deletion_nor_a_restore_may_alter_it(text: str) -> None:
    zone = harbor() | {(HARBOR, "TXT"): (300, (text,))}
    served(harbor=zone)
    provider = Provider("route53", MemoryProvider("test", "memory"))
    run = published(provider, HARBOR, fleet_of(HARBOR, 1))
    after, unfaithful = dict(zone), replace(provider, faithful=False)

    with pytest.raises(MailError, match=r"TXT harbor\.example also holds .* which route53 may alt"):
        restored(unfaithful, run)
    with pytest.raises(MailError, match=r"TXT harbor\.example also holds .* which route53 may alt"):
        list(orphan_plans(unfaithful, HARBOR, PlanScope((f"mx1.{HARBOR}",), whole=True)))
    assert zone == after


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_text_stays_and_ours_is_added(text: str) -> None:
    zone = harbor() | {(HARBOR, "TXT"): (300, (text,))}
    apply(planned(zone, SPF))

    assert set(zone[HARBOR, "TXT"][1]) == {text, '"v=spf1 mx ~all"'}


def test_provider_data_of_a_record_set_stays() -> None:
    """Cloudflare's comments and tags; an address behind its proxy is refused before."""
    served(harbor=harbor() | {(f"mx1.{HARBOR}", "A"): (60, ("198.51.100.11",))})
    provider = Provider("cloudflare", Noting("test", "memory"))
    address = MailRecord(f"mx1.{HARBOR}", "A", ("198.51.100.11",), 3600, "where it is")
    desired = recordsets.sets(plan(provider, HARBOR, [SPF, address]).desired)

    for key in (("", "TXT"), ("mx1", "A")):
        assert desired[key].octodns == {"cloudflare": {"comment": "theirs"}}


class Noting(MemoryProvider):
    """Keeps a comment with every record set."""

    def populate(self, zone: Zone, *_: Any, **how: Any) -> bool:
        exists = super().populate(zone, **how)
        for record in zone.records:
            record.octodns = {"cloudflare": {"comment": "theirs"}}
        return exists
