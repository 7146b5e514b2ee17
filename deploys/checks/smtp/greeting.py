"""
How a server introduces itself on port 25: by its own name, without its version, with extensions.

RFC 5321 sections 4.2 and 4.1.1.1: the greeting and the answer to EHLO begin with the server's fully
qualified name. DSN is not asked for: a server that offers it to strangers sends reports to senders
that may be forged, which is why ours keep it for those who log in.
"""

import re
import smtplib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, Names, UnansweredError, World, addresses, side_by_side

BANNER = Check(
    "smtp.banner",
    "host",
    "Does the server give its own name, tell no version, and offer the SMTP of today?",
    "RFC 5321 sections 4.2 and 4.1.1.1",
    why=(
        "Other servers distrust one that goes by another name, a version tells attackers what to "
        "try, and without the extensions mail is slower and its errors say less."
    ),
    remedy="Set `myhostname` to `mail_hostname`, and `smtpd_banner = $myhostname ESMTP`.",
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
class Introduction:
    """What a server says of itself: in its greeting, and in answer to EHLO."""

    greeting: Reply
    ehlo: Reply
    extensions: frozenset[str]


def introduced(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Listen to how every address of every host introduces itself."""
    asked = [(host, endpoint) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    calls = (partial(_asked, endpoint, host, fleet, world) for host, endpoint in asked)
    for findings in side_by_side(calls):
        yield from findings


def _asked(endpoint: Endpoint, host: MailSettings, fleet: Fleet, world: World) -> Sequence[Finding]:
    try:
        with session(endpoint, world) as client:
            seen = _introduction(client.greeting, client)
    except (MisbehavedError, UnansweredError) as problem:
        return [BANNER.unknown(endpoint.host, f"not asked: {problem}", "mend smtp.connect first")]
    names = world.names if fleet.foreign else None
    return judged(endpoint, host, seen, names)


def _introduction(greeting: tuple[int, bytes], client: smtplib.SMTP) -> Introduction:
    first = (client.ehlo_resp or b"").split(b"\n")[0] if client.does_esmtp else b""
    offered = frozenset(word.upper() for word in client.esmtp_features)
    return Introduction(reply(greeting), reply((0, first)), offered)


def judged(
    endpoint: Endpoint, host: MailSettings, seen: Introduction, names: Names | None = None
) -> list[Finding]:
    """Judge how a server introduces itself; a stranger's may have a name that the DNS knows."""
    wrong = list(_wrong(endpoint, host, seen, names))
    if wrong:
        return wrong
    saw = f"{endpoint} answers as {_first(seen.greeting)}, with {', '.join(EXTENSIONS)}"
    if _INTERNATIONAL not in seen.extensions:
        fix = "set smtputf8_enable = yes, so that addresses beyond ASCII get through"
        return [BANNER.info(endpoint.host, f"{saw}, without {_INTERNATIONAL}", fix)]
    return [BANNER.ok(endpoint.host, f"{saw}, {_INTERNATIONAL}")]


def _wrong(
    endpoint: Endpoint, host: MailSettings, seen: Introduction, names: Names | None
) -> Iterator[Finding]:
    if not seen.ehlo.text:
        fix = "let the server speak ESMTP: without it there is neither TLS nor any extension"
        yield BANNER.error(endpoint.host, f"{endpoint} does not answer EHLO", fix)
        return
    for words, said in (("its greeting", seen.greeting), ("its answer to EHLO", seen.ehlo)):
        yield from _name(endpoint, host, words, _first(said), names)
    if version := _VERSION.search(seen.greeting.text):
        saw = f"{endpoint} tells {version[0]} in its greeting: {seen.greeting}"
        yield BANNER.warning(endpoint.host, saw, "set smtpd_banner = $myhostname ESMTP")
    if missing := [word for word in EXTENSIONS if word not in seen.extensions]:
        saw = f"{endpoint} does not offer {', '.join(missing)}"
        fix = "take them out of smtpd_discard_ehlo_keywords, and of what filters in between discard"
        yield BANNER.warning(endpoint.host, saw, fix)


def _name(
    endpoint: Endpoint, host: MailSettings, words: str, said: str, names: Names | None
) -> Iterator[Finding]:
    saw = f"{endpoint} begins {words} with {said!r}"
    if not _NAME.fullmatch(said.lower()):
        yield BANNER.error(endpoint.host, f"{saw}, which is no fully qualified name", _RENAME)
    elif said.lower() not in host.host_names:
        if names is None:
            yield BANNER.error(endpoint.host, f"{saw}, and not with {host.hostname}", _RENAME)
        else:
            yield from _stranger(endpoint, said, saw, names)


def _stranger(endpoint: Endpoint, said: str, saw: str, names: Names) -> Iterator[Finding]:
    # A cluster may answer under another name than the one that its MX records give it.
    try:
        found = addresses(names, said.lower())
    except UnansweredError as problem:
        yield BANNER.unknown(endpoint.host, f"{saw}; {problem}", "ask again later")
        return
    if endpoint.address not in found:
        fix = f"{_RENAME}; or let {said} have the address {endpoint.address}"
        yield BANNER.warning(endpoint.host, f"{saw}, which has another address or none", fix)


def _first(said: Reply) -> str:
    return said.text.partition(" ")[0]
