"""Connections to port 25 of every address: the server answers, and STARTTLS works."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...run.threads import in_parallel
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import ehlo_name, later, refusal, session, starttls
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet
from ..core.target import Scope
from ..core.world import MisbehavedError, UnansweredError, World

CONNECT = Check(
    "smtp.connect",
    "host",
    "Does every address answer on port 25?",
    "RFC 5321 section 3.1",
    why="Without an answer, mail waits at its sender and is returned after days.",
    remedy="Start the mail service, and open port 25 in the firewall for IPv4 and IPv6.",
)
STARTTLS = Check(
    "smtp.starttls",
    "host",
    "Does the server offer STARTTLS, and does it work?",
    "RFC 3207",
    why="Without TLS, mail crosses the network in clear text, and senders that need TLS keep it.",
    remedy="Give Postfix a key and a certificate that it can read: `mail_tls`.",
    when_unknown="fix smtp.connect first, or see the session in the mail log",
)
_OFFER = "set smtpd_tls_security_level = may"
_READABLE = "name in smtpd_tls_chain_files a key and a certificate that Postfix can read"


@dataclass(frozen=True)
class Connection:
    """The server's name in EHLO, and the version of TLS, or why there is none and the remedy."""

    name: str
    tls: str = ""
    tls_problem: str = ""
    remedy: str = ""


ConnectOutcome = Connection | MisbehavedError | UnansweredError


@per_fleet(CONNECT, STARTTLS, anywhere=True)
def connections(scope: Scope, world: World) -> Iterable[Finding]:
    """Connect to every address of every host, and try STARTTLS."""
    endpoints = [endpoint for host in scope.hosts for endpoint in smtp_endpoints(host)]
    outcomes = in_parallel(lambda one: _outcome(one, world), endpoints)
    by_endpoint = dict(zip(endpoints, outcomes, strict=True))
    reached = _reached(by_endpoint)
    for endpoint, outcome in by_endpoint.items():
        yield from findings(endpoint, outcome, reached)


def findings(
    endpoint: Endpoint, outcome: ConnectOutcome, reached: frozenset[str]
) -> Iterator[Finding]:
    """Yield both findings; `reached` has the IP versions over which any address answered."""
    if isinstance(outcome, Connection):
        yield CONNECT.ok(endpoint.host, f"{endpoint} answers as {outcome.name}")
        yield _starttls(endpoint, outcome)
    else:
        yield _not_connected(endpoint, outcome, reached)
        yield STARTTLS.not_checked(endpoint.host, outcome)


def _outcome(endpoint: Endpoint, world: World) -> ConnectOutcome:
    try:
        with session(endpoint, world) as client:
            name = ehlo_name(client)
    except (MisbehavedError, UnansweredError) as problem:
        return problem
    return _with_tls(name, endpoint, world)


def _with_tls(name: str, endpoint: Endpoint, world: World) -> Connection:
    try:
        with session(endpoint, world) as client:
            if not client.has_extn("starttls"):
                problem = "EHLO does not offer STARTTLS"
                return Connection(name, tls_problem=problem, remedy=f"{_OFFER}; {_READABLE}")
            return Connection(name, tls=starttls(client))
    except (MisbehavedError, UnansweredError) as problem:
        answer = refusal(problem)
        remedy = later(endpoint.host) if answer and answer.transient else _READABLE
        saw = f"STARTTLS is offered but fails: {problem}"
        return Connection(name, tls_problem=saw, remedy=remedy)


def _not_connected(endpoint: Endpoint, problem: Exception, reached: frozenset[str]) -> Finding:
    host, saw, family = endpoint.host, str(problem), endpoint.family
    if isinstance(problem, MisbehavedError):
        return CONNECT.error(host, saw, f"look at the mail service and its log on {host}")
    if family in reached:
        fix = f"open port 25 of {endpoint.address} in the firewall of {host}"
        return CONNECT.error(host, saw, fix)
    fix = f"verify from a machine that reaches port 25 over {family}; many networks block it"
    return CONNECT.unknown(host, f"{saw}; no address answered over {family}", fix)


def _starttls(endpoint: Endpoint, seen: Connection) -> Finding:
    if not seen.tls_problem:
        return STARTTLS.ok(endpoint.host, f"{endpoint} speaks {seen.tls} after STARTTLS")
    return STARTTLS.error(endpoint.host, f"{endpoint}: {seen.tls_problem}", seen.remedy)


def _reached(outcomes: Mapping[Endpoint, ConnectOutcome]) -> frozenset[str]:
    return frozenset(
        endpoint.family
        for endpoint, outcome in outcomes.items()
        if not isinstance(outcome, UnansweredError)
    )
