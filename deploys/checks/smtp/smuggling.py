r"""
SMTP smuggling (CVE-2023-51764): a message that ends at a wrong sequence.

Only `<CRLF>.<CRLF>` ends a message (RFC 5321 section 4.1.1.4). A server that also takes a bare LF
or CR as the end of a line ends it earlier than the server that sent it. It then reads the rest of
the message as commands, with the reputation of that server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...mail.settings.model import MailSettings
from ...run.threads import in_parallel
from ..clients.addresses import unknown_recipient
from ..clients.endpoint import (
    Endpoint,
    SubmissionEndpoint,
    per_endpoint,
    smtp_endpoints,
    submission_endpoints,
)
from ..clients.smtp import CLOSING, Reply
from ..core.finding import Check, Finding
from ..core.world import World
from .data_endings import EndingOutcome, Envelope, outcome

SMUGGLING = Check(
    "smtp.smuggling",
    "host",
    "Does a message end only at its true end, so that no other message can hide in it?",
    "RFC 5321 sections 2.3.8 and 4.1.1.4, CVE-2023-51764",
    why=(
        "An attacker hides a second message in one that a good server passes on. It arrives with "
        "that server's reputation: SPF and DMARC pass."
    ),
    remedy=(
        "Keep `smtpd_forbid_bare_newline = normalize`, and keep `mynetworks` to your own machines, "
        "which it exempts."
    ),
    when_unknown="fix smtp.connect, smtp.postmaster or smtp.submission first",
)
# Each of these has ended a message on some server.
ENDINGS = (
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\n",
    b"\r.\r\n",
    b"\n.\r",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\n\0.\r\n",
)

_NAMES = {"\r": "CR", "\n": "LF", "\0": "NUL"}
_FIX = (
    "set smtpd_forbid_bare_newline = normalize, in a Postfix that has it, and keep mynetworks to "
    "your own machines, which it exempts"
)
# Postfix allows one client 50 sessions.
_AT_ONCE = len(ENDINGS) - 1


def _endpoints(host: MailSettings) -> list[Endpoint]:
    """Return one address of each IP version, and one submission port with a known password."""
    by_family: dict[str, Endpoint] = {}
    for endpoint in smtp_endpoints(host):
        by_family.setdefault(endpoint.family, endpoint)
    ports = [one for one in submission_endpoints(host, str(host.addresses[0])) if one.password]
    return [*by_family.values(), *ports[-1:]]


@per_endpoint(SMUGGLING, endpoints=_endpoints, slow=True)
def smuggling(endpoint: Endpoint, host: MailSettings, world: World) -> Iterable[Finding]:
    """Try every sequence at an endpoint."""
    return attempts(endpoint, envelope(endpoint, host), world)


def envelope(endpoint: Endpoint, host: MailSettings) -> Envelope:
    """Return an envelope that a server accepts, and a recipient that it does not have."""
    domain = next(iter(host.domains), host.hostname)
    sender = ""
    if isinstance(endpoint, SubmissionEndpoint):
        sender = host.logins[endpoint.login].senders[0]
    unknown = unknown_recipient(host.every_recipient.refusing_domains[0])
    return Envelope(sender, f"postmaster@{domain}", unknown)


def attempts(endpoint: Endpoint, mail: Envelope, world: World) -> list[Finding]:
    """Try every sequence, a few at a time; if the first cannot be tried, try no other."""
    first, *others = ENDINGS
    outcomes = {first: outcome(first, endpoint, mail, world)}
    if not isinstance(outcomes[first], Exception):
        tried = in_parallel(lambda one: outcome(one, endpoint, mail, world), others, _AT_ONCE)
        outcomes |= zip(others, tried, strict=True)
    return list(findings(endpoint, outcomes))


def findings(endpoint: Endpoint, outcomes: Mapping[bytes, EndingOutcome]) -> Iterator[Finding]:
    """Yield the findings about the outcome of each sequence at one endpoint."""
    read_on, problems = [], []
    for ending, replies in outcomes.items():
        name = "".join(_NAMES.get(one, one) for one in ending.decode())
        if isinstance(replies, Exception):
            problems.append(str(replies))
        elif _ended(replies):
            saw = f"{endpoint} ended a message at {name}: {'; '.join(map(str, replies))}"
            yield SMUGGLING.error(endpoint.host, saw, _FIX)
        else:
            read_on.append(name)
    for problem in dict.fromkeys(problems):
        yield SMUGGLING.not_checked(endpoint.host, problem)
    if read_on:
        saw = f"{endpoint} ended no message at {', '.join(read_on)}"
        yield SMUGGLING.ok(endpoint.host, saw)


def _ended(replies: Sequence[Reply]) -> bool:
    """Return whether the server went on to commands; to refuse the message and close is safe."""
    refused = all(one.code // 100 in (4, 5) for one in replies[:1])
    return not refused or any(one.code != CLOSING for one in replies[1:])
