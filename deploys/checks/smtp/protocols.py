"""
TLS scan of every port: versions, cipher suites, known weaknesses, and the order of the chain.

RFC 9325 defines secure TLS: 1.2 and 1.3, forward secrecy, no compression. Cipher suites are graded
as by Internet.nl. On port 25 the profile `interoperable` allows old versions and suites, as mail
would otherwise cross the network in clear text (RFC 7435), but no broken ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...mail.ciphers import Grade, broken, grade
from ..clients.endpoint import Endpoint, allows_old, tls_endpoints
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet
from ..core.target import CheckedHost, Scope
from ..core.world import World
from . import openssl_scan, sslyze_scan
from .tls_scan import OLD, ScannedServer, TlsScan

PROTOCOLS = Check(
    "smtp.protocols",
    "host",
    "Are TLS versions, cipher suites and certificate chains secure, without known weaknesses?",
    "RFC 9325",
    why=(
        "Attackers can read or change traffic of old versions and cipher suites, and test sites "
        "such as Internet.nl fail a domain for them. Without sslyze, the extra `scan`, a finding "
        "lists what was not asked."
    ),
    remedy='Keep `mail_tls_profile = "strict"`, and keep the host up to date.',
    when_unknown="fix smtp.starttls first",
)
_MOST = 5  # names in one finding
_CURRENT = "set smtpd_tls_protocols = >=TLSv1.2"
_WHOLE = (
    "for a whole scan, by sslyze (AGPL-3.0): pip install 'pyinfra-mail[scan]', or in a clone "
    "scripts/setup --with scan"
)
_EXCLUDED = "exclude them with smtpd_tls_exclude_ciphers, as a deploy of this project does"


@per_fleet(PROTOCOLS, anywhere=True, slow=True)
def protocols(scope: Scope, world: World) -> Iterable[Finding]:
    """Scan port 25 of every address of every host, and the submission ports of the first."""
    endpoints = {
        _server(endpoint, host, world): (endpoint, host)
        for host in scope.hosts
        for endpoint in tls_endpoints(host)
    }
    if not endpoints:
        return
    limit = 2 * world.timeout + len(endpoints)
    found = scanned(tuple(endpoints), limit, world)
    for server, (endpoint, host) in endpoints.items():
        result = found.get(server)
        if result is None:
            why = f"{endpoint}: the scan did not end within {limit:g} s"
            yield PROTOCOLS.unknown(
                endpoint.host, why, "fix smtp.starttls first, or look for a tarpit"
            )
        else:
            yield from findings(endpoint, host, result)
    if not sslyze_scan.program():
        saw = f"the TLS scan of all hosts did not ask: {'; '.join(openssl_scan.not_asked())}"
        yield PROTOCOLS.info(scope.hosts[0].inventory_name, saw, _WHOLE)


def scanned(
    servers: Sequence[ScannedServer], limit: float, world: World
) -> Mapping[ScannedServer, TlsScan]:
    """Return the results of the scans that ended: by sslyze if it is there, else by openssl."""
    sslyze = sslyze_scan.program()
    if sslyze:
        return sslyze_scan.scanned(sslyze, servers, limit)
    return openssl_scan.scanned(servers, world)


def _server(endpoint: Endpoint, host: CheckedHost, world: World) -> ScannedServer:
    return ScannedServer(
        name=host.hostname,
        address=endpoint.address,
        port=endpoint.port or world.port,
        wrapped=endpoint.wrapped,
    )


def findings(endpoint: Endpoint, host: CheckedHost, scan: TlsScan) -> Iterator[Finding]:
    """Yield the findings about the scan of one port."""
    if scan.reason:
        why = f"{endpoint} could not be scanned: {scan.reason}"
        yield PROTOCOLS.unknown(endpoint.host, why[:300], PROTOCOLS.when_unknown)
        return
    if scan.unanswered:
        why = f"{endpoint} did not answer the scan of {', '.join(scan.unanswered)}"
        yield PROTOCOLS.unknown(endpoint.host, why, "see the mail service and its log")
    suites = sorted({suite for accepted in scan.suites.values() for suite in accepted})
    problems = [*_versions(endpoint, host, scan), *_suites(endpoint, host, suites)]
    for bad, saw, fix in scan.weaknesses:
        severity = PROTOCOLS.error if bad else PROTOCOLS.warning
        problems.append(severity(endpoint.host, f"{endpoint} {saw}", fix))
    yield from problems
    if not problems and not scan.unanswered:
        tls = f"{', '.join(scan.suites)} with {len(suites)} cipher suites"
        yield PROTOCOLS.ok(endpoint.host, f"{endpoint} speaks {tls} and no known weakness")


def _versions(endpoint: Endpoint, host: CheckedHost, scan: TlsScan) -> Iterator[Finding]:
    old = [version for version in OLD if version in scan.suites]
    if allows_old(endpoint, host):
        old = [version for version in old if version.startswith("SSL")]
    if old:
        fix = f"{_CURRENT}, or mail_tls_profile = 'interoperable' for TLS 1.0 and 1.1"
        yield PROTOCOLS.error(endpoint.host, f"{endpoint} speaks {', '.join(old)}", fix)


def _suites(endpoint: Endpoint, host: CheckedHost, suites: Sequence[str]) -> Iterator[Finding]:
    allowed = allows_old(endpoint, host)
    bad = [one for one in suites if grade(one) is Grade.INSUFFICIENT]
    bad = [one for one in bad if broken(one)] if allowed else bad
    if bad:
        saw = f"{endpoint} accepts {len(bad)} insufficient cipher suites: {_some(bad)}"
        yield PROTOCOLS.error(endpoint.host, saw, _EXCLUDED)
    old = [] if allowed else [one for one in suites if grade(one) is Grade.PHASE_OUT]
    if old:
        saw = f"{endpoint} accepts {len(old)} cipher suites to be phased out: {_some(old)}"
        yield PROTOCOLS.warning(endpoint.host, saw, _EXCLUDED)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST]) + (", ..." if len(names) > _MOST else "")
