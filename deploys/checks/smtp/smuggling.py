r"""
Messages that end where they must not (SMTP smuggling, CVE-2023-51764).

RFC 5321 section 4.1.1.4 ends a message with `<CRLF>.<CRLF>` alone. A server that takes a bare LF or
CR for the end of a line too ends it earlier than the server that it came from, and reads what
follows in the message as commands, which then have the standing of that server.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, SubmissionEndpoint, smtp_endpoints, submission_endpoints
from ..clients.message import new_run
from ..clients.smtp import Reply
from ..core.finding import Check, Finding
from ..core.world import World, side_by_side
from .data_endings import Envelope, Outcome, said_after

SMUGGLING = Check(
    "smtp.smuggling",
    "host",
    "Does a message end at its true end only, so that no other can hide in it?",
    "RFC 5321 sections 2.3.8 and 4.1.1.4, CVE-2023-51764",
    why=(
        "A forger hides a second message in one that a good server passes on, and it arrives with "
        "that server's standing: SPF and DMARC pass."
    ),
    remedy=(
        "Keep `smtpd_forbid_bare_newline = normalize`, and strangers out of `mynetworks`, whom it "
        "spares."
    ),
)
# What one server or another has taken for the end of a message.
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
_CLOSING = 421
_FIX = (
    "set smtpd_forbid_bare_newline = normalize, in a Postfix that knows it, and keep strangers out "
    "of mynetworks, whom it spares"
)
# Postfix lets one client have 50 sessions.
_AT_ONCE = len(ENDINGS) - 1


def smuggling(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask an address of each family of every host, and submission where a password is known."""
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in _doors(host)]
    calls = [partial(tried, endpoint, envelope(endpoint, host), world) for endpoint, host in asked]
    for findings in side_by_side(calls):
        yield from findings


def envelope(endpoint: Endpoint, host: MailSettings) -> Envelope:
    """Return an envelope that a server accepts, and a recipient that it does not have."""
    ours = next(iter(host.domains), host.hostname)
    account = host.accounts[endpoint.login] if isinstance(endpoint, SubmissionEndpoint) else None
    sender = account.senders[0] if account else ""
    return Envelope(sender, f"postmaster@{ours}", f"no-such-user-{new_run()}@{ours}")


def tried(endpoint: Endpoint, mail: Envelope, world: World) -> list[Finding]:
    """Try every sequence, a few at a time; where the first cannot be tried, no other."""
    first, *others = ENDINGS
    outcomes = {first: said_after(first, endpoint, mail, world)}
    if not isinstance(outcomes[first], Exception):
        calls = [partial(said_after, ending, endpoint, mail, world) for ending in others]
        outcomes |= zip(others, side_by_side(calls, workers=_AT_ONCE), strict=True)
    return list(judged(endpoint, outcomes))


def judged(endpoint: Endpoint, outcomes: Mapping[bytes, Outcome]) -> Iterator[Finding]:
    """Judge what one address answered to each sequence."""
    read_on, problems = [], []
    for ending, outcome in outcomes.items():
        name = "".join(_NAMES.get(one, one) for one in ending.decode())
        if isinstance(outcome, Exception):
            problems.append(str(outcome))
        elif _ended(outcome):
            said = "; ".join(map(str, outcome))
            yield SMUGGLING.error(
                endpoint.host, f"{endpoint} ended a message at {name}: {said}", _FIX
            )
        else:
            read_on.append(name)
    for problem in dict.fromkeys(problems):
        fix = "mend smtp.connect, smtp.postmaster or smtp.submission first"
        yield SMUGGLING.unknown(endpoint.host, f"not asked: {problem}", fix)
    if read_on:
        yield SMUGGLING.ok(endpoint.host, f"{endpoint} ended no message at {', '.join(read_on)}")


def _ended(replies: Sequence[Reply]) -> bool:
    """Return whether the server went on to commands; to refuse the message and close is safe."""
    refused = all(one.code // 100 in (4, 5) for one in replies[:1])
    return not refused or any(one.code != _CLOSING for one in replies[1:])


def _doors(host: MailSettings) -> list[Endpoint]:
    by_family: dict[str, Endpoint] = {}
    for endpoint in smtp_endpoints(host):
        by_family.setdefault(endpoint.family, endpoint)
    manned = [
        endpoint
        for endpoint in submission_endpoints(host, str(host.addresses[0]))
        if endpoint.password
    ]
    return [*by_family.values(), *manned[-1:]]
