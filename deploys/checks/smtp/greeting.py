"""
Greeting and EHLO on port 25: the server's own name, no version, and the usual extensions.

RFC 5321 sections 4.2 and 4.1.1.1: the greeting and the reply to EHLO begin with the server's fully
qualified name. DSN is not among the extensions: a server that offers it to unauthenticated clients
sends reports to forged senders, so ours offer it on the submission ports only.
"""

import re
import smtplib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...mail.settings.model import MailSettings
from ..clients.endpoint import Endpoint, per_endpoint
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.target import CheckedHost, TargetServer
from ..core.world import Names, UnansweredError, World, addresses

BANNER = Check(
    "smtp.banner",
    "host",
    "Does the server greet with its own name, without a version, and offer the usual extensions?",
    "RFC 5321 sections 4.2 and 4.1.1.1",
    why=(
        "Other servers distrust a server with another name. A version tells attackers what to try. "
        "Without the extensions mail is slower, and its errors say less."
    ),
    remedy="Set `myhostname` to `mail_hostname`, and `smtpd_banner = $myhostname ESMTP`.",
    when_unknown="fix smtp.connect first",
)
EXTENSIONS = ("PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS")
_INTERNATIONAL = "SMTPUTF8"
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
# "Exim 4.96", "Sendmail 8.17.1/8.17.1", "Version: 10.0"; no queue id, date or address.
_VERSION = re.compile(
    r"(?<![\w.@-])[A-Za-z]+(?: |/|-|: | \()v?\d+(?:\.\d+){1,2}(?!\.?\d)(?<!\.20\d\d)"
)
_RENAME = "set myhostname, and smtpd_banner = $myhostname ESMTP"


@dataclass(frozen=True)
class Greeting:
    """A server's greeting, the first line of its reply to EHLO, and its extensions."""

    greeting: Reply
    ehlo: Reply
    extensions: frozenset[str]


@per_endpoint(BANNER, anywhere=True)
def greetings(endpoint: Endpoint, host: CheckedHost, world: World) -> Iterable[Finding]:
    """Check the greeting and the reply to EHLO at one address."""
    with session(endpoint, world) as client:
        seen = _greeting(client.greeting, client)
    return findings(endpoint, host, seen, world.names)


def _greeting(greeting: tuple[int, bytes], client: smtplib.SMTP) -> Greeting:
    first = (client.ehlo_resp or b"").split(b"\n")[0] if client.does_esmtp else b""
    offered = frozenset(word.upper() for word in client.esmtp_features)
    return Greeting(reply(greeting), reply((0, first)), offered)


def findings(endpoint: Endpoint, host: CheckedHost, seen: Greeting, names: Names) -> list[Finding]:
    """Return the findings; a target may use any name that has its address in the DNS."""
    wrong = list(_wrong(endpoint, host, seen, names))
    if wrong:
        return wrong
    saw = f"{endpoint} answers as {_first(seen.greeting)}, with {', '.join(EXTENSIONS)}"
    offered = _INTERNATIONAL in seen.extensions
    if not offered and isinstance(host, MailSettings) and host.feeds_mailboxes:
        # Dovecot takes no mail that needs it, and a bounce would be late.
        return [BANNER.ok(endpoint.host, f"{saw}; its mailboxes cannot have {_INTERNATIONAL}")]
    if not offered:
        fix = "set smtputf8_enable = yes, so that addresses beyond ASCII get through"
        return [BANNER.info(endpoint.host, f"{saw}, without {_INTERNATIONAL}", fix)]
    return [BANNER.ok(endpoint.host, f"{saw}, {_INTERNATIONAL}")]


def _wrong(
    endpoint: Endpoint, host: CheckedHost, seen: Greeting, names: Names
) -> Iterator[Finding]:
    if not seen.ehlo.text:
        fix = "enable ESMTP: without EHLO there is neither TLS nor any extension"
        yield BANNER.error(endpoint.host, f"{endpoint} does not answer EHLO", fix)
        return
    for reply_, text in (("its greeting", seen.greeting), ("its reply to EHLO", seen.ehlo)):
        yield from _name(endpoint, host, (reply_, _first(text)), names)
    if version := _VERSION.search(seen.greeting.text):
        saw = f"{endpoint} shows {version[0]} in its greeting: {seen.greeting}"
        yield BANNER.warning(endpoint.host, saw, "set smtpd_banner = $myhostname ESMTP")
    if missing := [word for word in EXTENSIONS if word not in seen.extensions]:
        saw = f"{endpoint} does not offer {', '.join(missing)}"
        fix = "remove them from smtpd_discard_ehlo_keywords, and check filters in front of Postfix"
        yield BANNER.warning(endpoint.host, saw, fix)


def _name(
    endpoint: Endpoint, host: CheckedHost, first: tuple[str, str], names: Names
) -> Iterator[Finding]:
    place, name = first
    saw = f"{endpoint} begins {place} with {name!r}"
    if not _NAME.fullmatch(name.lower()):
        yield BANNER.error(endpoint.host, f"{saw}, which is no fully qualified name", _RENAME)
    elif name.lower() in host.host_names:
        return
    elif isinstance(host, TargetServer):
        yield from _other_name(endpoint, name, saw, names)
    else:
        yield BANNER.error(endpoint.host, f"{saw}, and not with {host.hostname}", _RENAME)


def _other_name(endpoint: Endpoint, name: str, saw: str, names: Names) -> Iterator[Finding]:
    # The members of a cluster may have other names than the target of its MX record.
    try:
        found = addresses(names, name.lower())
    except UnansweredError as problem:
        yield BANNER.unknown(
            endpoint.host, f"{saw}; {problem}", "make the resolver answer, and verify again"
        )
        return
    if endpoint.address not in found:
        fix = f"{_RENAME}; or publish the address {endpoint.address} for {name}"
        yield BANNER.warning(endpoint.host, f"{saw}, which has another address or none", fix)


def _first(reply_: Reply) -> str:
    return reply_.text.partition(" ")[0]
