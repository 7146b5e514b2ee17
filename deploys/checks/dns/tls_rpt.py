"""TLS-RPT policies (RFC 8460): the record with the addresses for reports of failed TLS."""

from collections.abc import Iterable
from functools import partial

from ...mail.errors import MailError
from ...mail.tls_rpt import VERSION, TlsRpt, is_policy, record_name
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope, demanding
from ..core.world import Answer, World
from .query import RecordQuery, discarded, per_server

TLS_RPT = Check(
    "dns.tls_rpt",
    "domain",
    "Does the domain publish where senders report failures of TLS?",
    "RFC 8460 section 3",
    why=(
        "With MTA-STS or DANE a broken certificate keeps mail away, and these reports show it. A "
        "broken policy, or two of them, count as none."
    ),
    remedy="Publish one TXT record `v=TLSRPTv1; rua=mailto:...` at `_smtp._tls.` of the domain.",
)


@per_domain(TLS_RPT, anywhere=True)
def policies(domain: str, scope: Scope, world: World) -> Iterable[Finding]:
    """Check the TLS-RPT policy of a domain on every authoritative server."""
    uris = (uri for host in demanding(scope, domain) for uri in host.tls_rpt)
    wanted = tuple(dict.fromkeys(uris))
    expected = (str(TlsRpt.of(wanted)),) if wanted else ()
    name, make_finding = record_name(domain), partial(finding, domain, wanted)
    query = RecordQuery(TLS_RPT, domain, name, "TXT", make_finding, expected, is_policy)
    return per_server(query, world)


def finding(domain: str, wanted: tuple[str, ...], answer: Answer) -> Finding:
    """Return the finding about a server's policy, which has to name the `wanted` URIs."""
    name = record_name(domain)
    policies = [value for value in answer.values if is_policy(value)]
    if len(policies) > 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {name} start with v={VERSION}"
        return TLS_RPT.error(domain, saw, f"publish exactly one v={VERSION} policy at {name}")
    if policies:
        return _of_policy(domain, wanted, answer.server, policies[0])
    if misspelt := discarded(TLS_RPT, domain, name, VERSION, answer):
        return misspelt
    saw = f"{answer.server}: no v={VERSION} policy at {name}"
    if wanted:
        fix = f'publish TXT "{TlsRpt.of(wanted)}" at {name}'
        return TLS_RPT.error(domain, saw, fix)
    return TLS_RPT.not_applicable(domain, f"{saw}; the inventory demands none")


def _of_policy(domain: str, wanted: tuple[str, ...], server: str, text: str) -> Finding:
    saw = f"{server}: {text}"
    try:
        found = TlsRpt.parse(text)
    except MailError as problem:
        fix = f"correct the TXT record at {record_name(domain)}: {problem}"
        return TLS_RPT.error(domain, saw, fix)
    if missing := [uri for uri in wanted if uri not in found.reports]:
        return TLS_RPT.error(domain, saw, f"add {', '.join(missing)} to its rua")
    return TLS_RPT.ok(domain, saw)
