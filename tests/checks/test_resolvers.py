"""Answers of resolvers as findings: old ones, and those that fail or lack validation."""

from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Cached, Trust
from deploys.checks.dns import dnssec, resolvers
from tests.checks.cases.dns_zone import followed, of, remembered, zone
from tests.checks.worlds import Zone, fleet

OK, INFO, WARNING, UNKNOWN = Severity.OK, Severity.INFO, Severity.WARNING, Severity.UNKNOWN
MX = ("harbor.example", "MX")


def test_an_old_answer_is_a_warning_with_its_end(tmp_path: Path) -> None:
    old = {MX: Cached(("10 old.example.",), 1700)}

    (finding,) = [one for one in remembered(old)(tmp_path) if one.severity not in (OK, INFO)]

    assert finding.severity is WARNING
    assert finding.saw == (
        "192.0.2.53: MX of harbor.example is 10 old.example. for 1700 s more; "
        "the authoritative servers have 10 mx1.harbor.example."
    )
    assert finding.fix.startswith("wait 1700 s")


def test_other_txt_records_and_spellings_are_no_difference(tmp_path: Path) -> None:
    same = {
        ("harbor.example", "TXT"): Cached(("v=spf1 mx -all", "other=2"), 5),
        MX: Cached(("10 MX1.harbor.example.",), 5),
    }

    assert {one.severity for one in remembered(same)(tmp_path) if one.applies} == {OK}


def test_resolvers_that_the_operator_names_are_asked() -> None:
    named = fleet().model_copy(
        update={
            "verification": fleet().verification.model_validate(
                {"resolvers": "192.0.2.53, 192.0.2.66"}
            )
        }
    )

    found = list(resolvers.resolvers(named, of(zone({}))))

    assert {(one.saw.partition(":")[0], one.severity) for one in found if one.applies} == {
        ("192.0.2.53", OK),
        ("192.0.2.66", UNKNOWN),
    }


def test_zones_without_servers_leave_resolvers_unknown() -> None:
    assert {one.severity for one in resolvers.resolvers(fleet(), of(Zone({})))} == {UNKNOWN}


@pytest.mark.parametrize(("keys", "severity"), [((), INFO), (("257 3 13 AAAA",), WARNING)])
def test_an_unsigned_zone_differs_from_one_without_a_ds_record(
    keys: tuple[str, ...], severity: Severity
) -> None:
    known = zone({("harbor.example", "DNSKEY"): keys})
    known.delegated["harbor.example"] = known.delegated["mx1.harbor.example"] = ("ns1",)
    known.trusted = dict.fromkeys(("harbor.example", "mx1.harbor.example"), Trust.INSECURE)

    first, *_ = dnssec.chains(fleet(), of(known))

    assert first.severity is severity
    assert first.fix


def test_a_broken_chain_is_an_error(tmp_path: Path) -> None:
    first, second = followed(Trust.BOGUS)(tmp_path)

    assert first.saw.startswith("MX of harbor.example: bogus")
    assert second.severity is OK


def test_without_a_validating_resolver_the_chain_is_unknown() -> None:
    assert {one.severity for one in dnssec.chains(fleet(), of(Zone({})))} == {UNKNOWN}
