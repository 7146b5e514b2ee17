"""
How large a message may be, as a host says it before any octet of one is sent (RFC 1870).

EHLO names the largest size. A sender that declares a size with MAIL hears at once whether it is too
much; without that it sends all of it to learn so.
"""

import re
import smtplib
from collections.abc import Iterator
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

SIZE = Check(
    "smtp.size",
    "host",
    "Does every address announce the largest size of a message, and refuse a larger one at once?",
    "RFC 1870 sections 4 and 6.1",
    why=(
        "A sender that does not know sends all of a message that is too large before it is "
        "refused; one that is told a smaller size than is meant gives up mail that would fit."
    ),
    remedy="Set the size in `mail_message_size_limit`, and deploy.",
)

_NUMBER = re.compile(r"[0-9]{1,20}")  # RFC 1870 section 3


def sizes(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host for the largest size, and for one octet more."""
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    for findings in side_by_side(
        partial(_asked, endpoint, host, world) for endpoint, host in asked
    ):
        yield from findings


def _asked(endpoint: Endpoint, host: MailSettings, world: World) -> list[Finding]:
    try:
        with session(endpoint, world) as client:
            return list(_interview(client, endpoint, host))
    except (MisbehavedError, UnansweredError) as problem:
        return [SIZE.unknown(endpoint.host, f"not asked: {problem}", "mend smtp.connect first")]


def _interview(client: smtplib.SMTP, endpoint: Endpoint, host: MailSettings) -> Iterator[Finding]:
    if not client.has_extn("size"):
        fix = "keep size out of smtpd_discard_ehlo_keywords and its address_maps"
        yield SIZE.warning(endpoint.host, f"{endpoint} does not offer SIZE", fix)
        return
    offered = client.esmtp_features["size"].strip()[:100] or "0"
    yield _offered(endpoint, host, offered)
    # RFC 1870 section 4: zero says that there is no fixed maximum.
    if _NUMBER.fullmatch(offered) and int(offered):
        yield _fitting(endpoint, *_declared(client, int(offered)))
        yield _larger(endpoint, *_declared(client, int(offered) + 1))


def _offered(endpoint: Endpoint, host: MailSettings, offered: str) -> Finding:
    # What an operator writes himself is what he wants; an expression of his is not evaluated here.
    wanted = host.postfix_value("message_size_limit")
    saw = f"{endpoint} offers SIZE {offered}"
    if offered == wanted or not _NUMBER.fullmatch(wanted):
        return SIZE.ok(endpoint.host, saw)
    return SIZE.error(
        endpoint.host,
        f"{saw}, and {wanted} is wanted",
        f"deploy {endpoint.host}, or let Postfix reload",
    )


def _declared(client: smtplib.SMTP, size: int) -> tuple[int, Reply]:
    answer = reply(client.mail("", [f"SIZE={size}"]))
    client.rset()
    return size, answer


def _fitting(endpoint: Endpoint, size: int, answer: Reply) -> Finding:
    saw = f"{endpoint} answered MAIL FROM:<> SIZE={size}: {answer}"
    if answer.positive:
        return SIZE.ok(endpoint.host, saw)
    fix = f"see the mail log of {endpoint.host}, and whether its queue has room for a message"
    if answer.permanent:
        return SIZE.error(endpoint.host, saw, fix)
    return SIZE.unknown(endpoint.host, saw, fix)


def _larger(endpoint: Endpoint, size: int, answer: Reply) -> Finding:
    saw = f"{endpoint} answered MAIL FROM:<> SIZE={size}: {answer}"
    if answer.permanent:
        return SIZE.ok(endpoint.host, saw)
    fix = f"see why smtpd of {endpoint.host} does not refuse what is larger than message_size_limit"
    if answer.positive:
        return SIZE.error(endpoint.host, saw, fix)
    return SIZE.unknown(endpoint.host, saw, fix)
