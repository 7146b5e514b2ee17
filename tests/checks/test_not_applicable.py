"""A check that has nothing to examine does not pass; where there is something, it does."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, Cached, World
from deploys.checks.delivery import evaluation
from deploys.checks.dns import (
    address,
    autoconfig,
    caa,
    dmarc_reports,
    dmarc_subdomains,
    mta_sts,
    resolvers,
    services,
    tls_rpt,
)
from deploys.checks.reputation import blocklists, rdap, rpki
from deploys.mail.settings.model import Fleet
from tests.checks.cases.delivery_content import ZONE, delivered
from tests.checks.cases.dns_records import zone
from tests.checks.signing import sealed
from tests.checks.worlds import Pages, Zone, fleet, inspected

Asker = Callable[[Fleet, World], Iterable[Finding]]
NO_REPORTS = zone({("_dmarc.harbor.example", "TXT"): ("v=DMARC1; p=none",)})
NO_POLICY = zone({("_dmarc.harbor.example", "TXT"): ()})
NOTHING_CACHED = zone({("_dmarc.harbor.example", "TXT"): ()})
NOTHING_CACHED.remembered = {("_dmarc.harbor.example", "TXT"): Cached((), 60)}


def asked(ask: Asker, names: Zone | None = None, settings: Fleet | None = None) -> list[Finding]:
    here = World(None, names or zone(), Pages({}))  # type: ignore[arg-type]
    return list(ask(settings or fleet(), here))


def lists(*names: str) -> Fleet:
    ours = fleet()
    chosen = ours.verification.model_copy(update={"blocklists": names})
    return ours.model_copy(update={"verification": chosen})


CASES: dict[str, Callable[[], list[Finding]]] = {
    "delivery.arc, not sealed": lambda: inspected(evaluation.evaluations, [delivered()], ZONE),
    "dns.address, no AAAA": partial(asked, address.addresses),
    "dns.autoconfig, off": partial(asked, autoconfig.documents),
    "dns.caa, self-signed": partial(asked, caa.issuers),
    "dns.caa, no record": partial(asked, caa.issuers, None, fleet({"mail_tls": "acme"})),
    "dns.dmarc_reports, no reports": partial(asked, dmarc_reports.receivers, NO_REPORTS),
    "dns.dmarc_subdomains, no policy": partial(asked, dmarc_subdomains.policies, NO_POLICY),
    "dns.mta_sts, no policy": partial(asked, mta_sts.policies),
    "dns.resolvers, no record": partial(asked, resolvers.resolvers, NOTHING_CACHED),
    "dns.srv, no record": partial(asked, services.services),
    "dns.tls_rpt, no policy": partial(asked, tls_rpt.policies),
    "reputation.age, reserved name": partial(asked, rdap.registrations),
    "reputation.blocklists, private address": partial(asked, blocklists.entries),
    "reputation.domain_lists, reserved name": partial(asked, blocklists.entries),
    "reputation.rpki, private address": partial(asked, rpki.routes),
}


@pytest.mark.parametrize("case", CASES)
def test_a_check_with_nothing_to_examine_does_not_pass(case: str) -> None:
    id_ = case.partition(",")[0]

    found = [one for one in CASES[case]() if one.id == id_ and not one.applies]

    assert found
    assert {one.severity for one in found} == {Severity.INFO}


def test_a_check_with_something_to_examine_passes_or_fails() -> None:
    whole = inspected(evaluation.evaluations, [delivered(sealed)], ZONE)
    answer = Answer("ns", ("v=TLSRPTv1; rua=mailto:tls@harbor.example",))

    assert all(one.applies for one in whole)
    assert tls_rpt.finding("harbor.example", (), answer).severity is Severity.OK
    assert tls_rpt.finding("harbor.example", ("mailto:x@y.example",), Answer("ns")).applies


def test_a_note_that_needs_no_action_still_applies() -> None:
    note = tls_rpt.TLS_RPT.info("harbor.example", "so", "nothing to do")

    assert note.applies
    assert not replace(note, fix=tls_rpt.TLS_RPT.not_applicable("x", "y").fix).applies
