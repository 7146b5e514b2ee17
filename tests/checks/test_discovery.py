"""A target: its servers come from the DNS, and only checks without an inventory are made."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.target import TargetDomain
from deploys.checks.core.world import Answer, UnansweredError
from deploys.checks.report.summary import scope
from deploys.checks.run.catalogue import INSPECTIONS
from deploys.checks.run.discovery import MOST, discovered
from deploys.checks.run.runner import verify
from deploys.checks.run.selection import selected
from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import verification_from
from deploys.mail.settings.verification import Verification
from deploys.mail.toolkit import VERSION
from tests.checks.worlds import Machine, Zone, world

ASKED = Verification(domain=("garden.example",))
Records = Mapping[tuple[str, str], tuple[str, ...]]
TWO: Records = {
    ("garden.example", "MX"): ("10 MX1.garden.example.", "20 mx.other.example."),
    ("mx1.garden.example", "A"): ("192.0.2.1",),
    ("mx1.garden.example", "AAAA"): ("2001:db8::1",),
    ("mx.other.example", "A"): ("192.0.2.2",),
    ("_25._tcp.mx1.garden.example", "TLSA"): ("3 1 1 00",),
}


def names(records: Records) -> Zone:
    return Zone({key: [Answer("ns", values)] for key, values in records.items()})


def found(records: Records) -> TargetDomain:
    return discovered(ASKED, names(records))


def refusal(records: Records) -> str:
    with pytest.raises(MailError) as told:
        found(records)
    return str(told.value)


def test_hosts_are_those_that_mx_records_name() -> None:
    hosts = {host.inventory_name: host for host in found(TWO).hosts}

    assert list(hosts) == ["mx1.garden.example", "mx.other.example"]
    assert [str(one) for one in hosts["mx1.garden.example"].addresses] == [
        "192.0.2.1",
        "2001:db8::1",
    ]
    assert hosts["mx1.garden.example"].dane
    assert not hosts["mx.other.example"].dane
    assert found(TWO).domains == ("garden.example",)


def test_without_mx_records_the_domain_itself_takes_its_mail() -> None:
    hosts = found({("garden.example", "A"): ("192.0.2.1",)}).hosts

    assert [host.hostname for host in hosts] == ["garden.example"]


def test_a_host_without_an_address_is_left_to_the_check_of_mx_records() -> None:
    records = {**TWO, ("mx.other.example", "A"): ()}

    assert [host.hostname for host in found(records).hosts] == ["mx1.garden.example"]


def test_no_number_of_mx_records_makes_the_run_endless() -> None:
    many: Records = {("garden.example", "MX"): tuple(f"1 m{n}.example." for n in range(99))}
    everywhere: Records = {(f"m{n}.example", "A"): ("192.0.2.1",) for n in range(99)}

    assert len(found({**many, **everywhere}).hosts) == MOST


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ({}, "it has neither MX records nor an address, or does not exist"),
        ({("garden.example", "MX"): ("0 .",)}, "receives no mail (null MX, RFC 7505)"),
        ({("garden.example", "MX"): ("1 gone.example.",)}, "lead to gone.example, without"),
        (
            {("garden.example", "MX"): ("1 a_b.example.",), ("a_b.example", "A"): ("192.0.2.1",)},
            "garden.example has an MX 'a_b.example'",
        ),
    ],
    ids=["nothing", "null MX", "no address", "no host name"],
)
def test_a_domain_that_takes_no_mail_is_refused_in_a_sentence(records: Records, words: str) -> None:
    assert words in refusal(records)


def test_a_resolver_that_does_not_answer_is_reported() -> None:
    class Silent(Zone):
        def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
            raise UnansweredError(f"no answer about {rdtype} of {name}")

    with pytest.raises(MailError, match="no answer about MX of garden"):
        discovered(ASKED, Silent({}))


@pytest.mark.parametrize("domains", [(), ("garden.example", "harbor.example")])
def test_one_domain_is_checked(domains: tuple[str, ...]) -> None:
    with pytest.raises(MailError, match="write exactly one domain"):
        discovered(Verification(domain=domains), Zone({}))


def test_checks_that_need_an_inventory_are_listed_as_left_out(tmp_path: Path) -> None:
    here = replace(world(tmp_path, port=1), names=names(TWO))
    assert isinstance(here.hosts, Machine)

    report = verify(found(TWO), here, dict)

    anywhere = {
        one.id for inspection in INSPECTIONS if inspection.anywhere for one in inspection.checks
    }
    asked = {finding.id for finding in report.findings}
    assert {"dns.mx", "smtp.tls"} <= asked <= anywhere
    assert {"smtp.relay", "dns.dkim", "delivery.arrived"} <= set(report.not_asked)
    assert list(here.hosts.spool.iterdir()) == []
    assert report.limits == ()
    assert scope(report).startswith("Checked from outside, without an inventory; ")


def test_a_selection_that_needs_an_inventory_is_refused() -> None:
    with pytest.raises(MailError, match=r"smtp\.relay needs an inventory"):
        selected(Verification(only=("smtp.relay",)), target=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"verify_domian": "x.example"},
            f"verify_domian is not a setting of pyinfra-mail {VERSION}; did you mean verify_domain",
        ),
        ({"verify_domain": "x.example", "verify_host": "mx1"}, "verify_host needs an inven"),
        ({"verify_domain": "a b"}, "verify_domain.0: "),
        ({"verify_resolvers": "nine"}, "'nine' is not an address; write one like"),
    ],
)
def test_unreadable_values_are_refused(data: dict[str, str], words: str) -> None:
    with pytest.raises(MailError) as told:
        verification_from(data)

    assert words in str(told.value)
