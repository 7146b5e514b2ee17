"""Plans of unusual zones."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from octodns.zone.mail import MailZoneValidator

from deploys.dns.lookups import no_lookup
from deploys.mail.dkim_rotation import Published
from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.mail.spf_evaluation import SpfLookup
from deploys.zones import publication
from deploys.zones.apply import apply
from deploys.zones.backup import Backups
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.provider import Provider
from deploys.zones.publication import Publication
from deploys.zones.run import by_configuration
from tests.zones.fleets import HARBOR, harbor, host, served
from tests.zones.memory import STORES, MemoryProvider, RecordSets
from tests.zones.scenario import everything

ACCOUNT = "https://acme-v02.api.letsencrypt.org/acme/acct/17"
EVERYTHING = everything(HARBOR)


def fleet(*domains: str, **data: Any) -> Fleet:
    return fleet_from({"mx1": host(1, HARBOR, **data) | {"mail_domains": [*domains]}}, {})


def planned(
    zone: RecordSets, *domains: str, lookup: SpfLookup = no_lookup, **data: Any
) -> ZonePlan:
    served(harbor=zone)
    key = Published("mx1-rsa", f"v=DKIM1; k=rsa; p={KEY}", "current")
    facts = {"mx1": HostFacts(dkim=(key,), acme_account=ACCOUNT)}
    records = [
        record
        for record in records_for(fleet(*(domains or (HARBOR,)), **data), ["mx1"], facts)
        if record.type != "PTR"
    ]
    return plan(
        Provider("memory", MemoryProvider("test", "memory")), HARBOR, records, lookup=lookup
    )


def published(given: Fleet, zones: dict[str, RecordSets]) -> Publication:
    """Plan and write the records of a fleet into the zones of a provider."""
    STORES["memory"] = zones
    result = Publication(given, Backups())
    for _, records in by_configuration(given, records_for(given, ["mx1"])):
        result.plan(Provider("memory", MemoryProvider("test", "memory")), records)
    for zone in result.plans:
        apply(zone)
    return result


@pytest.fixture(autouse=True)
def _nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(publication, "lookup_by", lambda _: no_lookup)
    monkeypatch.setattr(publication, "servers", lambda *_: ())
    yield
    STORES.clear()


KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" + "MIIBCgKCAQEA" * 30 + "IDAQAB=="


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("MX", "10 mx.faraway.example.", "mail for any name without an MX of its own goes there"),
        ("TXT", '"v=spf1 -all"', "receivers read it as the policy or key of any name that has"),
        ("CNAME", "www.harbor.example.", "every name that does not exist leads there, also that"),
    ],
)
def test_a_wildcard_hides_no_record_of_ours_and_the_plan_names_its_consequence(
    kind: str, value: str, words: str
) -> None:
    zone = harbor() | {("*.harbor.example", kind): (300, (value,))}
    result = planned(zone)

    assert {("mx1.harbor.example", "A"), ("_dmarc.harbor.example", "TXT")} <= {
        (change.name, change.type) for change in result.changes
    }
    assert ("*.harbor.example", kind) not in {(c.name, c.type) for c in result.changes}
    (note,) = result.notes
    wildcard = f"{kind} *.harbor.example {value} is a wildcard"
    assert note.startswith(f"{wildcard}: our records are not affected, but ")
    assert words in note


@pytest.mark.parametrize(
    "key",
    [("*.shop.harbor.example", "TXT"), ("*.harbor.example", "A"), ("www.harbor.example", "MX")],
)
def test_a_wildcard_without_a_consequence_for_mail_is_not_mentioned(key: tuple[str, str]) -> None:
    values = {"TXT": '"a=1"', "A": "198.51.100.80", "MX": "10 mx.faraway.example."}

    assert planned(harbor() | {key: (300, (values[key[1]],))}).notes == ()


@pytest.mark.parametrize("domain", ["mail.harbor.example", "quiet.harbor.example"])
def test_a_cname_at_a_name_that_needs_mx_and_txt_is_a_conflict(domain: str) -> None:
    zone = harbor() | {(domain, "CNAME"): (300, ("www.harbor.example.",))}
    silent: dict[str, Any] = {"mail_silent_domains": [domain]} if domain.startswith("quiet") else {}
    domains = [HARBOR] if silent else [HARBOR, domain]

    with pytest.raises(MailError, match=f"^{domain} needs a record of type MX, but the name is a"):
        planned(zone, *domains, **silent)


@pytest.mark.parametrize(
    "name",
    [
        "_dmarc.harbor.example",
        "_smtp._tls.harbor.example",
        "default._bimi.harbor.example",
        "_submissions._tcp.harbor.example",
    ],
)
def test_an_optional_record_is_left_out_where_its_name_is_a_cname(name: str) -> None:
    zone = harbor() | {(name, "CNAME"): (300, ("them.faraway.example.",))}
    changes = planned(zone, **EVERYTHING).changes

    assert name not in {change.name for change in changes}
    assert (HARBOR, "MX") in {(change.name, change.type) for change in changes}


def spf(*terms: str) -> RecordSets:
    text = f"v=spf1 {' '.join(terms)} -all"
    strings = (f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))
    return {(HARBOR, "TXT"): (300, (" ".join(strings),))}


def test_an_spf_policy_with_eleven_lookups_is_refused_with_its_costs() -> None:
    mailer = "v=spf1 include:a.example a:b.example mx:c.example ~all"

    def lookup(name: str, _: str) -> tuple[str, ...]:
        return (mailer if name == "mailer.example" else "v=spf1 -all",)

    others = ("include:mailer.example", *(f"include:{i}.example" for i in range(6)))
    with pytest.raises(MailError) as error:
        planned(harbor() | spf(*others), lookup=lookup)

    assert str(error.value).startswith(
        "harbor.example: the SPF policy would cost 11 DNS lookups where 10 are allowed: remove some"
        " of include:mailer.example (4), mx (1)"
    )
    planned(harbor() | spf(*others[:-1]), lookup=lookup)


@pytest.mark.parametrize(
    ("terms", "policies", "note"),
    [
        (["mx", "include:good.example"], {"good.example": "v=spf1 ip4:192.0.2.7 -all"}, ""),
        (["mx", "include=erehwon.example", "redirect=erehwon.example"], {}, ""),
        (["mx", "include:erehwon.example"], {}, "include:erehwon.example: erehwon.example has no"),
        (["mx", "include:bad.example"], {"bad.example": "v=spf1 moo"}, "(moo is unknown; the mech"),
        (["mx", *(f"include:{i}.example" for i in range(20))], {}, "would cost 21 DNS lookups"),
    ],
)
def test_an_unchanged_policy_that_is_broken_for_some_senders_is_noted_and_stops_nothing(
    terms: list[str], policies: dict[str, str], note: str
) -> None:
    zone = harbor()
    apply(planned(zone))
    zone.update(spf(*terms))

    result = planned(zone, lookup=lambda name, _: tuple(filter(None, [policies.get(name)])))

    notes = [one for one in result.notes if one.startswith("TXT harbor.example: ")]
    assert not [one for one in result.changes if (one.name, one.type) == (HARBOR, "TXT")]
    assert len(notes) == bool(note)
    assert all(note in one for one in notes)


def test_a_policy_that_is_merged_with_a_broken_one_says_for_which_senders() -> None:
    theirs = harbor() | spf("include:erehwon.example", "ip4:198.51.100.9")

    (change,) = [
        one
        for one in planned(theirs, lookup=lambda *_: ()).changes
        if (one.name, one.type) == (HARBOR, "TXT")
    ]

    assert change.desired
    assert change.desired.values == ('"v=spf1 mx include:erehwon.example ip4:198.51.100.9 -all"',)
    assert (
        "every sender that no earlier term matches gets permerror, so correct or remove "
        "include:erehwon.example: erehwon.example has no SPF policy"
    ) in change.why


def test_names_in_the_plan_are_looked_up_in_it() -> None:
    asked: list[str] = []

    def lookup(name: str, record_type: str) -> tuple[str, ...]:
        asked.append(f"{record_type} {name}")
        return ()

    planned(harbor() | spf("a:mx1.harbor.example", "include:b.example"), lookup=lookup)

    assert asked == ["TXT b.example"]


def test_a_host_that_may_be_new_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def lookup(name: str, record_type: str) -> tuple[str, ...]:
        asked.append(f"{record_type} {name}")
        return ()

    monkeypatch.setattr(publication, "lookup_by", lambda _: lookup)
    domains = (HARBOR, "grove.example")
    zones: dict[str, RecordSets] = {
        name: {(name, "NS"): (300, ("ns.nic.example.",))} for name in domains
    }

    assert not published(fleet(*domains), zones).failures
    assert zones["grove.example"]["grove.example", "TXT"] == (3600, ('"v=spf1 mx ~all"',))
    assert asked == []


@pytest.mark.parametrize("note", ['"site=1"', '"v=spf1 -all"', '"DMARC1"', '"v=DMARC2; p=none"'])
def test_unrelated_texts_at_the_name_of_a_policy_stay(note: str) -> None:
    zone = harbor() | {("_dmarc.harbor.example", "TXT"): (300, (note,))}
    apply(planned(zone))

    ttl, values = zone["_dmarc.harbor.example", "TXT"]
    assert (ttl, set(values)) == (300, {note, '"v=DMARC1; p=none"'})


def test_two_spf_policies_are_refused() -> None:
    zone = harbor() | {(HARBOR, "TXT"): (300, ('"v=spf1 -all"', '"v=spf1 a ~all"'))}

    with pytest.raises(MailError, match="2 SPF policies are published where one is"):
        planned(zone)


def test_a_completed_policy_of_others_keeps_its_ttl() -> None:
    zone = harbor() | {("_dmarc.harbor.example", "TXT"): (60, ('"v=DMARC1; p=none; fo=1"',))}
    result = planned(zone, mail_dmarc="reject", mail_dmarc_reports=["d@harbor.example"])
    apply(result)

    assert zone["_dmarc.harbor.example", "TXT"] == (
        60,
        ('"v=DMARC1; p=quarantine; fo=1; rua=mailto:d@harbor.example"',),
    )
    (change,) = (change for change in result.changes if change.name.startswith("_dmarc"))
    assert "none becomes quarantine: the step needs some weeks of reports" in change.why
    assert "mail_dmarc is reject; a later run takes the next step" in change.why


def test_long_texts_are_cut_into_strings_that_read_as_one() -> None:
    zone = harbor() | spf(*(f"ip4:203.0.113.{i}" for i in range(20)))
    apply(planned(zone))

    for key in ((HARBOR, "TXT"), ("mx1-rsa._domainkey.harbor.example", "TXT")):
        (value,) = zone[key][1]
        strings = value.strip('"').split('" "')
        assert len(strings) == 2
        assert max(map(len, strings)) <= 255
    assert "".join(strings) == f"v=DKIM1; k=rsa; p={KEY}"


@pytest.mark.parametrize("kind", ["CAA", "SRV"])
def test_an_unsupported_optional_type_is_reported_and_left_out(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryProvider, "SUPPORTS", MemoryProvider.SUPPORTS - {kind})
    result = planned(harbor(), **EVERYTHING)

    assert kind not in {change.type for change in result.changes}
    notes = [note for note in result.notes if note.startswith(f"memory does not support {kind}: ")]
    assert notes
    assert len(notes) == len(result.notes)


def test_an_internationalized_domain_is_published_by_its_a_labels() -> None:
    given = fleet(HARBOR, "münchen.example", mail_silent_domains=["bücher.münchen.example"])
    domain = "xn--mnchen-3ya.example"
    zones: dict[str, RecordSets] = {
        HARBOR: harbor(),
        domain: {(domain, "NS"): (60, ("ns.nic.example.",))},
    }
    result = published(given, zones)

    assert result.failures == {}
    held = STORES["memory"][domain]
    assert held[domain, "MX"] == (3600, ("10 mx1.harbor.example.",))
    assert held[f"_dmarc.{domain}", "TXT"] == (3600, ('"v=DMARC1; p=none"',))
    assert held[f"xn--bcher-kva.{domain}", "MX"] == (3600, ("0 .",))


def test_two_domains_of_one_zone_are_published_in_it() -> None:
    sub = "sub.harbor.example"
    result = published(fleet(HARBOR, sub), {HARBOR: harbor()})

    assert [zone.zone for zone in result.plans] == [HARBOR]
    held = STORES["memory"][HARBOR]
    assert held[HARBOR, "MX"] == held[sub, "MX"]
    assert (f"_dmarc.{sub}", "TXT") in held


CUT: RecordSets = {("sub.harbor.example", "NS"): (3600, ("ns.faraway.example.",))}


def test_a_domain_below_a_zone_cut_is_published_on_its_side_of_it() -> None:
    sub = "sub.harbor.example"
    result = published(fleet(HARBOR, sub), {HARBOR: harbor() | CUT, sub: dict(CUT)})

    assert result.failures == {}
    assert {zone.zone for zone in result.plans} == {HARBOR, sub}
    for zone in result.plans:
        below = {change.name.endswith(sub) for change in zone.changes}
        assert below == {zone.zone == sub}


def test_a_domain_below_a_zone_cut_without_its_zone_is_reported() -> None:
    result = published(fleet(HARBOR, "sub.harbor.example"), {HARBOR: harbor() | CUT})

    (sentence,) = result.failures
    assert "sub.harbor.example is a delegated zone; publish the record" in sentence
    assert STORES["memory"][HARBOR] == harbor() | CUT


def pointers(monkeypatch: pytest.MonkeyPatch, held: RecordSets, *, listing: bool) -> Publication:
    monkeypatch.setattr(MemoryProvider, "SUPPORTS", MemoryProvider.SUPPORTS | {"PTR"})
    if not listing:
        monkeypatch.delattr(MemoryProvider, "list_zones")
    return published(fleet(HARBOR), {HARBOR: harbor(), "100.51.198.in-addr.arpa": held})


POINTER = "11.100.51.198.in-addr.arpa"
REVERSE: RecordSets = {("100.51.198.in-addr.arpa", "NS"): (3600, ("ns.nic.example.",))}


@pytest.mark.parametrize("listing", [True, False])
def test_a_pointer_is_published_where_the_reverse_zone_is_ours_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
    listing: bool,  # noqa: FBT001 - a column of the table
) -> None:
    result = pointers(monkeypatch, dict(REVERSE), listing=listing)

    assert [str(c) for zone in result.plans for c in zone.changes if c.type == "PTR"] == [
        (
            f"+ PTR {POINTER} mx1.harbor.example.  "
            "(name of 198.51.100.11: receivers distrust mail from an address without a name)"
        )
    ]
    assert (result.failures, result.notes) == ({}, [])


def test_a_pointer_of_others_stays_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = REVERSE | {(POINTER, "PTR"): (60, ("host-11.isp.example.",))}
    result = pointers(monkeypatch, theirs, listing=True)

    assert {c.type for zone in result.plans for c in zone.changes} == {"A", "AAAA", "MX", "TXT"}
    assert result.notes == [
        f"PTR {POINTER}: host-11.isp.example. stays, but receivers expect mx1.harbor.example."
    ]


def test_everything_is_published_once_and_the_second_plan_is_empty() -> None:
    zone = harbor()
    apply(planned(zone, **EVERYTHING))

    assert planned(zone, **EVERYTHING).changes == ()
    assert zone["mx1.harbor.example", "CAA"][1] == (
        f'0 issue "letsencrypt.org; accounturi={ACCOUNT}"',
    )
    assert {name for name, kind in zone if kind == "SRV"} == {
        f"_{service}._tcp.harbor.example"
        for service in ("submissions", "submission", "imaps", "imap", "pop3s", "pop3")
    }
    assert zone["*._domainkey.quiet.harbor.example", "TXT"][1] == ('"v=DKIM1; p="',)


THEIRS = {
    ("mx1.harbor.example", "CAA"): (
        '0 issue "ca.example"',
        '0 issue ";"',
        '0 iodef "mailto:x@b.example"',
        '0 issue "letsencrypt.org; validationmethods=dns-01"',
    ),
    ("mx1.harbor.example", "TXT"): ('"v=spf1 ?all"', '"a=1"'),
    ("_submissions._tcp.harbor.example", "SRV"): (
        "5 0 465 mail.b.example.",
        "9 9 465 mx1.harbor.example.",
        "0 0 0 .",
    ),
    ("_imaps._tcp.harbor.example", "SRV"): ("0 1 993 imap.b.example.", "0 0 0 ."),
    ("_smtp._tls.harbor.example", "TXT"): ('"v=TLSRPTv1; rua=https://b.example/"', '"a=1"'),
    ("default._bimi.harbor.example", "TXT"): ('"v=BIMI1; l="', '"a=1"'),
    ("quiet.harbor.example", "MX"): ("0 .", "5 mx.b.example."),
    ("quiet.harbor.example", "TXT"): ('"v=spf1 ~all"', '"v=spf1 a ~all"', '"a=1"'),
    ("_dmarc.quiet.harbor.example", "TXT"): ('"v=DMARC1; p=reject; sp=none"', '"a=1"'),
}
POLICIES = ('"v=spf1', '"v=DMARC1', '"v=TLSRPTv1')


def sets(key: tuple[str, str]) -> st.SearchStrategy[tuple[int, tuple[str, ...]]]:
    values = st.lists(st.sampled_from(THEIRS[key]), min_size=1, unique=True).map(sorted).map(tuple)
    return st.tuples(st.sampled_from([60, 3600]), values)


ZONES = st.lists(st.sampled_from(sorted(THEIRS)), max_size=4, unique=True).flatmap(
    lambda keys: st.fixed_dictionaries({key: sets(key) for key in keys})
)


@settings(max_examples=80, deadline=None)
@given(ZONES)
def test_records_of_others_at_our_names_stay_and_the_second_plan_is_empty(
    start: RecordSets,
) -> None:
    zone = harbor() | start
    with suppress(MailError):
        apply(planned(zone, **EVERYTHING))
        assert planned(zone, **EVERYTHING).changes == ()
    for key, (_, values) in start.items():
        gone = set(values) - set(zone[key][1])
        assert all(value.startswith(POLICIES) for value in gone)


def test_octodns_validates_every_record_of_ours() -> None:
    zone = harbor()
    result = planned(zone, **EVERYTHING)
    found = MailZoneValidator("mail", mode="auto", min_mx=1).validate(result.desired)

    assert [reason.reason for reason in found] == []
    assert MailZoneValidator("mail", mode="mail", min_mx=1).validate(result.existing)
