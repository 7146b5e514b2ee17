"""CAA records at names with other names below them, which inherit the records."""

from typing import Any

import pytest

from deploys.checks.dns.caa import Authority, finding
from deploys.mail.dkim_rotation import Published
from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts, MailRecord, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.zones.apply import apply
from deploys.zones.inheritance import CaaTree, fitted
from deploys.zones.ownership.scope import NO_FLEET, PlanScope
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.loader import load
from deploys.zones.providers.manual import ManualProvider
from deploys.zones.providers.provider import Provider
from tests.zones.configurations import configured, given, reached
from tests.zones.fleets import HARBOR, host, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.stand_ins import PowerDnsApi

ACCOUNT = "https://acme-v02.api.letsencrypt.org/acme/acct/17"
OPEN, BOUND = '0 issue "letsencrypt.org"', f'0 issue "letsencrypt.org; accounturi={ACCOUNT}"'
DIGICERT, IODEF = '0 issue "digicert.com"', '0 iodef "mailto:x@b.example"'


def bare(**sets: tuple[str, ...]) -> RecordSets:
    """A zone without other hosts; the name of a set is its type and its first label or `apex`."""
    zone: RecordSets = {(HARBOR, "NS"): (3600, ("ns.nic.example.",))}
    for key, values in sets.items():
        kind, _, label = key.partition("_")
        name = HARBOR if label == "apex" else f"{label.replace('__', '.')}.{HARBOR}"
        zone[name, kind] = 300, values
    return zone


def fleet(**data: Any) -> Fleet:
    settings = {"mail_tls": "acme", "mail_hostname": HARBOR, **data}
    return fleet_from({"mx1": host(1, HARBOR) | settings}, {})


def planned(zone: RecordSets, provider: Provider | None = None, **data: Any) -> ZonePlan:
    """The plan of a run with the host at the apex, that has an account."""
    served(harbor=zone)
    key = Published("mx1-rsa", "v=DKIM1; k=rsa; p=TmV3", "current")
    facts = {"mx1": HostFacts(dkim=(key,), acme_account=ACCOUNT)}
    records = records_for(fleet(**data), ["mx1"], facts)
    own = [record for record in records if record.name.endswith(HARBOR)]
    scope = PlanScope.of(fleet(**data), facts, records)
    return plan(
        provider or Provider("memory", MemoryProvider("test", "memory")), HARBOR, own, scope
    )


def caa_at_apex(zone: RecordSets) -> tuple[str, ...]:
    return zone.get((HARBOR, "CAA"), (0, ()))[1]


WWW = {"A_www": ("198.51.100.80",)}
SHOP = {"CNAME_shop": ("shops.vendor.example.",)}


@pytest.mark.parametrize(
    ("sets", "heirs"),
    [
        (WWW | SHOP, "shop.harbor.example, www.harbor.example"),
        (SHOP, "shop.harbor.example"),
        ({"AAAA_a__b": ("2001:db8::1",)}, "a.b.harbor.example"),
        ({"A_*": ("198.51.100.80",)}, "*.harbor.example"),
        ({"NS_sub": ("ns.faraway.example.",)}, "sub.harbor.example"),
        (WWW | {"CAA_apex": (IODEF,)}, "www.harbor.example"),  # which restricts nobody
        (WWW | SHOP | {"CAA_shop": (DIGICERT,)}, "www.harbor.example"),
    ],
)
def test_the_first_caa_set_above_other_servers_is_left_out_and_the_plan_says_why(
    sets: dict[str, tuple[str, ...]], heirs: str
) -> None:
    zone = bare(**sets)
    before = caa_at_apex(zone)
    result = planned(zone)
    apply(result)

    assert caa_at_apex(zone) == before
    assert (
        f"no CAA at {HARBOR}: {heirs} would inherit it and may have certificates of another "
        "authority or account (RFC 8659 section 3)"
    ) in result.notes


@pytest.mark.parametrize(
    "sets",
    [
        {},
        {"TXT_www": ('"a=1"',), "MX_mail": ("10 mx.faraway.example.",)},
        {"CNAME__acme-challenge__www": ("a.faraway.example.",)},
        WWW | {"CAA_www": (DIGICERT,)},
        {"A_a__b": ("198.51.100.80",), "CAA_b": (DIGICERT,)},
        WWW | {"CAA_www": (IODEF,)},
    ],
)
def test_a_caa_set_that_no_other_server_inherits_has_the_account(
    sets: dict[str, tuple[str, ...]],
) -> None:
    zone = bare(**sets)
    result = planned(zone)
    apply(result)

    assert caa_at_apex(zone) == (BOUND,)
    assert result.notes == ()


@pytest.mark.parametrize(
    ("existing", "after"),
    [
        ((DIGICERT,), {DIGICERT, OPEN}),
        ((DIGICERT, IODEF), {DIGICERT, IODEF, OPEN}),
        ((OPEN,), {OPEN}),
        ((OPEN, DIGICERT), {OPEN, DIGICERT}),
    ],
)
def test_an_existing_set_gets_our_authority_without_an_account(
    existing: tuple[str, ...], after: set[str]
) -> None:
    zone = bare(**WWW, CAA_apex=existing)
    result = planned(zone)
    apply(result)

    assert set(caa_at_apex(zone)) == after
    assert planned(zone).changes == ()
    changed = [change for change in result.changes if change.type == "CAA"]
    assert [("without an ACME account, as www" in change.why) for change in changed] == (
        [True] if after > set(existing) else []
    )


def test_a_set_that_forbids_every_authority_is_refused() -> None:
    with pytest.raises(MailError, match="so no authority may issue certificates for it"):
        planned(bare(**WWW, CAA_apex=('0 issue ";"',)))


def test_a_host_keeps_its_own_set_with_the_account() -> None:
    zone = bare(**WWW, **SHOP)
    apply(planned(zone, mail_hostname=f"mx1.{HARBOR}"))

    assert zone[f"mx1.{HARBOR}", "CAA"][1] == (BOUND,)
    assert (HARBOR, "CAA") not in zone


def test_a_tls_name_at_the_apex_bars_no_other_name() -> None:
    zone = bare(**WWW)
    apply(planned(zone, mail_hostname=f"mx1.{HARBOR}", mail_tls_names=[HARBOR]))

    assert zone[f"mx1.{HARBOR}", "CAA"][1] == (BOUND,)
    assert (HARBOR, "CAA") not in zone


def test_a_server_that_comes_later_frees_the_apex_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    zone = bare()
    reached(monkeypatch, PowerDnsApi(zone))
    apply(planned(zone, load(configured("powerdns"))))
    assert caa_at_apex(zone) == (BOUND,)

    zone[f"www.{HARBOR}", "A"] = 300, ("198.51.100.80",)
    result = planned(zone, load(configured("powerdns")))
    apply(result)

    assert caa_at_apex(zone) == ()
    assert result.notes[0].startswith(f"no CAA at {HARBOR}: www.{HARBOR} would inherit it")
    assert planned(zone, load(configured("powerdns"))).changes == ()


SUB = f"sub.{HARBOR}"


@pytest.mark.parametrize(
    ("apex", "after"),
    [((DIGICERT, IODEF), {DIGICERT, IODEF, OPEN}), ((OPEN,), None), ((IODEF,), None)],
)
def test_below_a_set_of_others_the_names_keep_what_they_inherit(
    apex: tuple[str, ...], after: set[str] | None
) -> None:
    zone = bare(CAA_apex=apex, A_www__sub=("198.51.100.80",))
    apply(planned(zone, mail_hostname=SUB))

    assert set(zone.get((SUB, "CAA"), (0, ()))[1]) == (after or set())
    assert planned(zone, mail_hostname=SUB).changes == ()
    assert set(caa_at_apex(zone)) == set(apex)


def test_two_hosts_above_each_other_have_a_set_each() -> None:
    zone = bare()
    apply(planned(zone, mail_tls_names=[f"mail.{HARBOR}"]))

    assert caa_at_apex(zone) == zone[f"mail.{HARBOR}", "CAA"][1] == (BOUND,)


def test_a_set_that_is_left_out_covers_no_name_below_it() -> None:
    names = (HARBOR, SUB)
    records = [MailRecord(name, "CAA", (BOUND,), 3600, "") for name in names]
    zone = planned(bare(A_www__sub=("198.51.100.80",))).existing
    result = fitted(zone, records, NO_FLEET, visible=True)

    assert result.records == ()
    assert [note.partition(":")[0] for note in result.notes] == [
        f"no CAA at {name}" for name in reversed(names)
    ]


@pytest.mark.parametrize(("name", "heirs"), [(HARBOR, ["its other names"]), (SUB, [])])
def test_of_a_zone_that_is_read_name_by_name_the_apex_may_have_heirs(
    name: str, heirs: list[str]
) -> None:
    zone = planned(bare()).existing
    visible = not Provider("manual", ManualProvider("test")).by_hand

    assert CaaTree.of(zone, (), NO_FLEET, visible=visible).heirs(name) == heirs


def test_the_check_agrees_with_an_apex_without_a_set_and_with_a_wider_one() -> None:
    (mail_host,) = fleet().hosts
    authority = Authority("letsencrypt.org", "letsencrypt.org")
    without = finding(mail_host, HARBOR, "", (), None)
    wider = finding(mail_host, HARBOR, HARBOR, (DIGICERT, OPEN), authority)

    assert "any authority may issue" in str(without)
    assert "which allows letsencrypt.org" in str(wider)
