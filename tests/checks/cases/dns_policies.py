"""Policies in the DNS: TLS-RPT, MTA-STS and DMARC reports, correct and broken."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.core.world import Answer, Page
from deploys.checks.dns import dmarc_reports, dmarc_subdomains, mta_sts, tls_rpt
from deploys.mail.mta_sts import Policy
from tests.checks.cases.pair import Case, Pair
from tests.checks.worlds import Pages, Zone, fleet, world


def reporting(*policies: str) -> Case:
    """Ask a zone with these TLS-RPT policies."""

    def case(folder: Path) -> Iterable[Finding]:
        zone = Zone({("_smtp._tls.harbor.example", "TXT"): [Answer("ns", policies)]})
        return tls_rpt.policies(fleet(), replace(world(folder), names=zone))

    return case


def enforced(*names: str) -> Case:
    """Ask for a policy in enforce that names these hosts, as the inventory wants one."""

    def case(folder: Path) -> Iterable[Finding]:
        policy = Policy.of("enforce", names)
        here = replace(
            world(folder),
            names=announcing(policy.announcement),
            web=Pages({POLICY: Page(200, "text/plain", str(policy))}),
        )
        return mta_sts.policies(fleet({"mail_mta_sts": "enforce", "mail_tls": "acme"}), here)

    return case


def announcing(*values: str, address: str = "127.0.0.1") -> Zone:
    """Return a DNS in which a policy is announced, and its name has an address or none."""
    records = {
        ("_mta-sts.harbor.example", "TXT"): values,
        ("mta-sts.harbor.example", "A"): (address,) if address else (),
        ("harbor.example", "MX"): ("10 mx1.harbor.example.",),
    }
    return Zone({key: [Answer("ns", found)] for key, found in records.items()})


POLICY = "https://mta-sts.harbor.example/.well-known/mta-sts.txt"
REPORTS = "v=TLSRPTv1; rua=mailto:tls@harbor.example"
CONSENT = "harbor.example._report._dmarc.faraway.example"


def reported(policy: str, *consents: str) -> Zone:
    """Return a DNS of a policy, and of a domain elsewhere that takes its reports, or does not."""
    records = {
        ("_dmarc.harbor.example", "TXT"): (policy,),
        ("harbor.example", "MX"): ("10 mx1.harbor.example.",),
        ("faraway.example", "MX"): ("10 mail.faraway.example.",),
        ("nomail.faraway.example", "MX"): ("0 .",),
        ("lists.harbor.example", "AAAA"): ("2001:db8::1",),
        (CONSENT, "TXT"): consents,
    }
    return Zone({key: [Answer("ns", values)] for key, values in records.items()})


def consented(*consents: str) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        zone = reported("v=DMARC1; p=none; rua=mailto:dmarc@faraway.example", *consents)
        return dmarc_reports.receivers(fleet(), replace(world(folder), names=zone))

    return case


def of_subdomains(policy: str) -> Case:
    """Ask a zone with this DMARC policy about subdomains."""
    return lambda folder: dmarc_subdomains.policies(
        fleet(), replace(world(folder), names=reported(policy))
    )


CASES: Mapping[str, Pair] = {
    "dns.dmarc_reports": Pair(consented("v=DMARC1"), consented()),
    "dns.dmarc_subdomains": Pair(
        of_subdomains("v=DMARC1; p=reject"), of_subdomains("v=DMARC1; p=reject; sp=none")
    ),
    "dns.mta_sts": Pair(enforced("mx1.harbor.example"), enforced("mx2.harbor.example")),
    "dns.tls_rpt": Pair(reporting(REPORTS), reporting(REPORTS, REPORTS)),
}
