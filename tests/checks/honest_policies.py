"""Pairs of the questions about policies that stand in DNS."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from deploys.checks.dns import tls_rpt
from deploys.checks.finding import Finding
from deploys.checks.world import Answer
from tests.checks.pairs import Case, Pair
from tests.checks.worlds import Zone, fleet, world


def reporting(*policies: str) -> Case:
    """Ask a zone with these TLS-RPT policies."""

    def case(folder: Path) -> Iterable[Finding]:
        zone = Zone({("_smtp._tls.harbor.example", "TXT"): [Answer("ns", policies)]})
        return tls_rpt.published(fleet(), replace(world(folder), names=zone))

    return case


REPORTS = "v=TLSRPTv1; rua=mailto:tls@harbor.example"
PAIRS: Mapping[str, Pair] = {
    "dns.tls_rpt": Pair(reporting(REPORTS), reporting(REPORTS, REPORTS)),
}
