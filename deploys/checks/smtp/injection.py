"""
Commands sent in clear text that are answered inside TLS (CVE-2011-0411).

RFC 3207 section 4.2 has both sides forget everything when TLS begins. A server that keeps what
came in the same packet as STARTTLS takes the words of whoever is on the way for its client's.
"""

import smtplib
from collections.abc import Iterator
from functools import partial

from ...mail.settings.model import Fleet
from ..clients.endpoint import Endpoint, smtp_endpoints, submission_endpoints
from ..clients.smtp import handshake, reply, session
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

INJECTION = Check(
    "smtp.injection",
    "host",
    "Is what comes in clear text together with STARTTLS forgotten when TLS begins?",
    "RFC 3207 section 4.2, CVE-2011-0411",
    why=(
        "Who is on the way puts commands before those of a client that believes itself under TLS, "
        "and gets its mail or its password."
    ),
    remedy="Keep Postfix up to date, and nothing in front of it that speaks TLS in its place.",
)

_READY, _OK = 220, 250


def injection(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host, and its submission where TLS begins with STARTTLS."""
    endpoints = [endpoint for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    endpoints += [
        endpoint
        for host in fleet.hosts
        for address in host.addresses
        for endpoint in submission_endpoints(host, str(address))
        if not endpoint.wrapped
    ]
    yield from side_by_side(partial(injected, endpoint, world) for endpoint in endpoints)


def injected(endpoint: Endpoint, world: World) -> Finding:
    """Send NOOP with STARTTLS and EHLO inside TLS, and see whose answer comes first."""
    try:
        with session(endpoint, world) as client:
            if not client.has_extn("starttls"):
                return _unknown(endpoint, f"{endpoint} does not offer STARTTLS")
            client.send(b"STARTTLS\r\nNOOP\r\n")
            answer = reply(client.getreply())
            if answer.code != _READY:
                return INJECTION.ok(
                    endpoint.host, f"{endpoint} answered STARTTLS with NOOP: {answer}"
                )
            handshake(client, endpoint.address)
            return _inside(endpoint, client)
    except (MisbehavedError, UnansweredError) as problem:
        return _unknown(endpoint, str(problem))


def _inside(endpoint: Endpoint, client: smtplib.SMTP) -> Finding:
    code, text = client.ehlo()
    if code != _OK:
        raise smtplib.SMTPResponseException(code, text)
    # A server that offered STARTTLS has extensions to tell of, a line each.
    if b"\n" in text:
        return INJECTION.ok(endpoint.host, f"{endpoint} forgot the NOOP that came with STARTTLS")
    client.getreply()
    saw = f"{endpoint} answered NOOP, which came before TLS, inside TLS: {reply((code, text))}"
    fix = "update Postfix, or what speaks TLS in its place, to a version that mends CVE-2011-0411"
    return INJECTION.error(endpoint.host, saw, fix)


def _unknown(endpoint: Endpoint, problem: str) -> Finding:
    return INJECTION.unknown(endpoint.host, f"not asked: {problem}", "mend smtp.starttls first")
