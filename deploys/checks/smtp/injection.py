"""
Commands sent in clear text that are answered inside TLS (CVE-2011-0411).

RFC 3207 section 4.2 has both sides forget everything when TLS begins. A server that keeps what
came in the same packet as STARTTLS takes the words of whoever is on the way for its client's.
"""

import smtplib
from collections.abc import Iterator
from functools import partial

from ...mail.settings.model import Fleet
from ..clients.smtp import Endpoint, MisbehavedError, desks, endpoints, handshake, reply, session
from ..core.finding import Finding, Question
from ..core.world import UnansweredError, World, side_by_side

INJECTION = Question(
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
    doors = [door for host in fleet.hosts for door in endpoints(host)]
    doors += [
        desk
        for host in fleet.hosts
        for address in host.addresses
        for desk in desks(host, str(address))
        if not desk.wrapped
    ]
    yield from side_by_side(partial(injected, door, world) for door in doors)


def injected(door: Endpoint, world: World) -> Finding:
    """Send NOOP with STARTTLS and EHLO inside TLS, and see whose answer comes first."""
    try:
        with session(door, world) as client:
            if not client.has_extn("starttls"):
                return _unknown(door, f"{door} does not offer STARTTLS")
            client.send(b"STARTTLS\r\nNOOP\r\n")
            answer = reply(client.getreply())
            if answer.code != _READY:
                return INJECTION.ok(door.host, f"{door} answered STARTTLS with NOOP: {answer}")
            handshake(client, door.address)
            return _inside(door, client)
    except (MisbehavedError, UnansweredError) as problem:
        return _unknown(door, str(problem))


def _inside(door: Endpoint, client: smtplib.SMTP) -> Finding:
    code, text = client.ehlo()
    if code != _OK:
        raise smtplib.SMTPResponseException(code, text)
    # A server that offered STARTTLS has extensions to tell of, a line each.
    if b"\n" in text:
        return INJECTION.ok(door.host, f"{door} forgot the NOOP that came with STARTTLS")
    client.getreply()
    saw = f"{door} answered NOOP, which came before TLS, inside TLS: {reply((code, text))}"
    fix = "update Postfix, or what speaks TLS in its place, to a version that mends CVE-2011-0411"
    return INJECTION.error(door.host, saw, fix)


def _unknown(door: Endpoint, problem: str) -> Finding:
    return INJECTION.unknown(door.host, f"not asked: {problem}", "mend smtp.starttls first")
