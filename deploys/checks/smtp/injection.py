"""
STARTTLS injection (CVE-2011-0411): a command in clear text that is answered inside TLS.

RFC 3207 section 4.2: both sides discard what they know when TLS begins. A server that keeps
commands from the packet of STARTTLS lets an attacker on the network insert commands into the
client's session.
"""

import smtplib
from collections.abc import Iterable, Iterator

from ...mail.settings.model import MailSettings
from ..clients.endpoint import Endpoint, per_endpoint, smtp_endpoints, submission_endpoints
from ..clients.smtp import OK, READY, handshake, reply, session
from ..core.finding import Check, Finding
from ..core.world import World

INJECTION = Check(
    "smtp.injection",
    "host",
    "Are commands that come together with STARTTLS discarded when TLS begins?",
    "RFC 3207 section 4.2, CVE-2011-0411",
    why=(
        "An attacker on the network inserts commands before those of a client that relies on TLS, "
        "and gets its mail or its password."
    ),
    remedy="Keep Postfix up to date, and put no TLS proxy in front of it.",
    when_unknown="fix smtp.starttls first",
)


def starttls_endpoints(host: MailSettings) -> Iterator[Endpoint]:
    """Yield every endpoint of a host where TLS begins with STARTTLS."""
    yield from smtp_endpoints(host)
    for address in map(str, host.addresses):
        yield from (one for one in submission_endpoints(host, address) if not one.wrapped)


@per_endpoint(INJECTION, endpoints=starttls_endpoints)
def injection(endpoint: Endpoint, _host: MailSettings, world: World) -> Iterable[Finding]:
    """Send NOOP with STARTTLS and EHLO inside TLS, and see which of them is answered first."""
    with session(endpoint, world) as client:
        if not client.has_extn("starttls"):
            yield INJECTION.not_checked(endpoint.host, f"{endpoint} does not offer STARTTLS")
            return
        client.send(b"STARTTLS\r\nNOOP\r\n")
        answer = reply(client.getreply())
        if answer.code != READY:
            saw = f"{endpoint} answered STARTTLS with NOOP: {answer}"
            yield INJECTION.ok(endpoint.host, saw)
            return
        handshake(client, endpoint.address)
        yield _inside(endpoint, client)


def _inside(endpoint: Endpoint, client: smtplib.SMTP) -> Finding:
    code, text = client.ehlo()
    if code != OK:
        raise smtplib.SMTPResponseException(code, text)
    # A server that offered STARTTLS has extensions to list, one for each line.
    if b"\n" in text:
        saw = f"{endpoint} discarded the NOOP that came with STARTTLS"
        return INJECTION.ok(endpoint.host, saw)
    client.getreply()
    saw = f"{endpoint} answered NOOP, which came before TLS, inside TLS: {reply((code, text))}"
    fix = "update Postfix, or the TLS proxy in front of it, to a version with CVE-2011-0411 fixed"
    return INJECTION.error(endpoint.host, saw, fix)
