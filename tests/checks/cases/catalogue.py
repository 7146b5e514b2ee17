"""For every check a case in which it passes and one in which it fails, by family."""

from collections.abc import Mapping

from tests.checks.cases import (
    bulk,
    delivery_bulk,
    delivery_content,
    delivery_dsn,
    delivery_results,
    dns_policies,
    dns_records,
    dns_services,
    dns_zone,
    host,
    imap,
    reports,
    reputation,
    run,
    run_cleanup,
    smtp_refusals,
    smtp_sessions,
    smtp_smuggling,
    smtp_tls,
)
from tests.checks.cases.pair import Pair

CASES: Mapping[str, Pair] = {
    **run.CASES,
    **run_cleanup.CASES,
    **dns_records.CASES,
    **dns_zone.CASES,
    **dns_policies.CASES,
    **dns_services.CASES,
    **smtp_sessions.CASES,
    **smtp_refusals.CASES,
    **smtp_smuggling.CASES,
    **smtp_tls.CASES,
    **host.CASES,
    **imap.CASES,
    **reports.CASES,
    **reputation.CASES,
    **delivery_results.CASES,
    **delivery_content.CASES,
    **delivery_dsn.CASES,
    **delivery_bulk.CASES,
    **bulk.CASES,
}
