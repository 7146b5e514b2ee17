"""TLS-RPT as the world sees it: whether senders can tell a domain that TLS kept mail away."""

from collections.abc import Iterator
from functools import partial

from ...mail.errors import MailError
from ...mail.settings.model import Fleet
from ...mail.tls_rpt import VERSION, TlsRpt, is_policy, record_name
from ..core.finding import Check, Finding
from ..core.world import Answer, World, side_by_side
from .query import Inquiry, inquire

TLS_RPT = Check(
    "dns.tls_rpt",
    "domain",
    "Do senders know where to report that TLS failed?",
    "RFC 8460 section 3",
    why=(
        "With MTA-STS or DANE a broken certificate keeps mail away, and these reports tell of it. "
        "A broken policy, or two of them, count as none."
    ),
    remedy="Publish one TXT record `v=TLSRPTv1; rua=mailto:...` at `_smtp._tls.` of the domain.",
)


def published(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every authoritative server for the policy of every domain."""
    inquiries = [_of_domain(domain, fleet) for domain in fleet.domains]
    for findings in side_by_side(partial(inquire, world, inquiry) for inquiry in inquiries):
        yield from findings


def _of_domain(domain: str, fleet: Fleet) -> Inquiry:
    wanted = tuple(uri for host in fleet.hosts_for(domain) for uri in host.tls_rpt)
    judge = partial(policy, domain, tuple(dict.fromkeys(wanted)))
    return Inquiry(TLS_RPT, domain, record_name(domain), "TXT", judge)


def policy(domain: str, wanted: tuple[str, ...], answer: Answer) -> Finding:
    """Judge a server's TXT records, where reports to the `wanted` URIs are asked for."""
    name = record_name(domain)
    policies = [value for value in answer.values if is_policy(value)]
    if len(policies) > 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {name} start with {VERSION}"
        return TLS_RPT.error(domain, saw, f"publish exactly one {VERSION} policy at {name}")
    if policies:
        return _parsed(domain, wanted, answer.server, policies[0])
    saw = f"{answer.server}: no {VERSION} policy at {name}"
    if wanted:
        fix = f'publish TXT "{TlsRpt.of(wanted)}" at {name}'
        return TLS_RPT.error(domain, saw, fix)
    return TLS_RPT.ok(domain, f"{saw}, and none is asked for")


def _parsed(domain: str, wanted: tuple[str, ...], server: str, text: str) -> Finding:
    saw = f"{server}: {text}"
    try:
        found = TlsRpt.parse(text)
    except MailError as problem:
        fix = f"correct the TXT record at {record_name(domain)}: {problem}"
        return TLS_RPT.error(domain, saw, fix)
    if missing := [uri for uri in wanted if uri not in found.reports]:
        return TLS_RPT.error(domain, saw, f"add {', '.join(missing)} to its rua")
    return TLS_RPT.ok(domain, saw)
