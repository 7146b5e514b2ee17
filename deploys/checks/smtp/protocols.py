"""
The TLS of every port, scanned: versions, cipher suites, known holes, and the order of the chain.

RFC 9325 says which TLS is secure: 1.2 and 1.3, forward secrecy, no compression. Cipher suites are
graded as Internet.nl does it. A profile for old peers excuses on port 25 what is old, as mail would
else cross the network in clear (RFC 7435), but nothing that is broken.
"""

from collections.abc import Iterator, Sequence

from sslyze import ServerScanResultAsJson

from ...mail.ciphers import Grade, broken, grade
from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints, submission_endpoints
from ..core.finding import Check, Finding
from ..core.world import World
from .scan import scanned
from .scanner import COMMANDS, OLD, VERSIONS, Server
from .weaknesses import weaknesses

PROTOCOLS = Check(
    "smtp.protocols",
    "host",
    "Is only secure TLS spoken: its versions, cipher suites and chain, without a known hole?",
    "RFC 9325",
    why=(
        "Old versions and cipher suites can be read or changed on the way; graders such as "
        "Internet.nl fail a domain for them."
    ),
    remedy='Keep `mail_tls_profile = "strict"`, and the host\'s updates.',
)
_MOST = 5  # names in one finding
_CURRENT = "set smtpd_tls_protocols = >=TLSv1.2"
_EXCLUDED = "exclude them by smtpd_tls_exclude_ciphers; Postfix as this project sets it up does"


def protocols(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Scan every address of every host, and, at the first, the ports at which accounts log in."""
    asked = {
        _server(endpoint, host, world): (endpoint, host)
        for host in fleet.hosts
        for endpoint in (*smtp_endpoints(host), *submission_endpoints(host, str(host.addresses[0])))
    }
    limit = 2 * world.timeout + len(asked)
    found = scanned(tuple(asked), limit) if asked else {}
    for server, (endpoint, host) in asked.items():
        result = found.get(server)
        if result is None:
            why = f"{endpoint} could not be scanned: its scan did not end within {limit:g} s"
            yield PROTOCOLS.unknown(
                endpoint.host, why, "mend smtp.starttls first, or look for a tarpit"
            )
        else:
            yield from judged(endpoint, host, result)


def _server(endpoint: Endpoint, host: MailSettings, world: World) -> Server:
    return Server(
        name=host.hostname,
        address=endpoint.address,
        port=endpoint.port or world.port,
        wrapped=endpoint.wrapped,
    )


def judged(
    endpoint: Endpoint, host: MailSettings, result: ServerScanResultAsJson
) -> Iterator[Finding]:
    """Judge what was found at one port."""
    found = result.scan_result
    if not found:
        reason = _reason(result.connectivity_error_trace or "") or result.scan_status.value
        why = f"{endpoint} could not be scanned: {reason}"
        yield PROTOCOLS.unknown(endpoint.host, why[:300], "mend smtp.starttls first")
        return
    attempts = {command.value: getattr(found, command.value) for command in COMMANDS}
    missing = sorted(name for name, attempt in attempts.items() if attempt.result is None)
    if missing:
        why = f"{endpoint} broke the scan of {', '.join(missing)}"
        yield PROTOCOLS.unknown(endpoint.host, why, "look at the mail service and its log")
    spoken = {
        version: [one.cipher_suite.name for one in done.accepted_cipher_suites]
        for version in VERSIONS
        if (done := attempts[f"{version}_cipher_suites"].result) and done.accepted_cipher_suites
    }
    problems = [
        *_versions(endpoint, host, spoken),
        *_suites(endpoint, host, sorted({suite for suites in spoken.values() for suite in suites})),
        *(
            PROTOCOLS.error(endpoint.host, f"{endpoint} {saw}", fix)
            if bad
            else PROTOCOLS.warning(endpoint.host, f"{endpoint} {saw}", fix)
            for bad, saw, fix in weaknesses(found)
        ),
    ]
    yield from problems
    if not problems and not missing:
        many = len({suite for suites in spoken.values() for suite in suites})
        saw = (
            f"{endpoint} speaks {_named(tuple(spoken))} with {many} cipher suites and no known hole"
        )
        yield PROTOCOLS.ok(endpoint.host, saw)


def _reason(trace: str) -> str:
    """Return sslyze's own words for what it raised, which also names the class and the server."""
    return trace.strip().rpartition("\n")[2].rpartition(' -> "')[2].removesuffix('".')


def _excused(endpoint: Endpoint, host: MailSettings) -> bool:
    return host.tls_profile == "interoperable" and not endpoint.port


def _versions(
    endpoint: Endpoint, host: MailSettings, spoken: dict[str, list[str]]
) -> Iterator[Finding]:
    old = [version for version in OLD if version in spoken]
    if _excused(endpoint, host):
        old = [version for version in old if version.startswith("ssl")]
    if old:
        fix = f"{_CURRENT}, or mail_tls_profile = 'interoperable' for TLS 1.0 and 1.1"
        yield PROTOCOLS.error(endpoint.host, f"{endpoint} speaks {_named(old)}", fix)


def _suites(endpoint: Endpoint, host: MailSettings, suites: Sequence[str]) -> Iterator[Finding]:
    excused = _excused(endpoint, host)
    bad = [one for one in suites if grade(one) is Grade.INSUFFICIENT]
    bad = [one for one in bad if broken(one)] if excused else bad
    if bad:
        saw = f"{endpoint} accepts {len(bad)} insufficient cipher suites: {_some(bad)}"
        yield PROTOCOLS.error(endpoint.host, saw, _EXCLUDED)
    old = [] if excused else [one for one in suites if grade(one) is Grade.PHASE_OUT]
    if old:
        saw = f"{endpoint} accepts {len(old)} cipher suites that are to be phased out: {_some(old)}"
        yield PROTOCOLS.warning(endpoint.host, saw, _EXCLUDED)


def _named(versions: Sequence[str]) -> str:
    return ", ".join(one.upper().replace("_", " ", 1).replace("_", ".") for one in versions)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST]) + (", ..." if len(names) > _MOST else "")
