"""
SIZE extension (RFC 1870): the largest message that a server accepts.

EHLO announces the largest size. A client that declares a size with MAIL learns at once if it is too
large; otherwise it sends the whole message first.
"""

import re
import smtplib
from collections.abc import Iterable, Iterator

from ...mail.settings.model import MailSettings
from ..clients.endpoint import Endpoint, per_endpoint
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.world import World

SIZE = Check(
    "smtp.size",
    "host",
    "Does every address announce the largest size of a message, and refuse a larger one at once?",
    "RFC 1870 sections 4 and 6.1",
    why=(
        "Without an announced size, a client sends the whole of a message that is too large. With "
        "a size that is too small, it does not send mail that would be accepted."
    ),
    remedy="Set the size in `mail_message_size_limit`, and deploy.",
    when_unknown="fix smtp.connect first",
)

_NUMBER = re.compile(r"[0-9]{1,20}")  # RFC 1870 section 3


@per_endpoint(SIZE)
def sizes(endpoint: Endpoint, host: MailSettings, world: World) -> Iterable[Finding]:
    """Compare the announced size with the settings, and declare that size and one octet more."""
    with session(endpoint, world) as client:
        return list(_in_session(client, endpoint, host))


def _in_session(client: smtplib.SMTP, endpoint: Endpoint, host: MailSettings) -> Iterator[Finding]:
    if not client.has_extn("size"):
        fix = "remove size from smtpd_discard_ehlo_keywords and its address_maps"
        yield SIZE.warning(endpoint.host, f"{endpoint} does not offer SIZE", fix)
        return
    offered = client.esmtp_features["size"].strip()[:100] or "0"
    yield _announced(endpoint, host, offered)
    # RFC 1870 section 4: zero says that there is no fixed maximum.
    if _NUMBER.fullmatch(offered) and int(offered):
        yield _fitting(endpoint, *_declared(client, int(offered)))
        yield _larger(endpoint, *_declared(client, int(offered) + 1))


def _announced(endpoint: Endpoint, host: MailSettings, offered: str) -> Finding:
    # An operator's own value in mail_postfix_main counts; an expression is not evaluated here.
    wanted = host.postfix_value("message_size_limit")
    saw = f"{endpoint} offers SIZE {offered}"
    if offered == wanted or not _NUMBER.fullmatch(wanted):
        return SIZE.ok(endpoint.host, saw)
    fix = f"deploy {endpoint.host}, or reload Postfix"
    return SIZE.error(endpoint.host, f"{saw}, but the settings say {wanted}", fix)


def _declared(client: smtplib.SMTP, size: int) -> tuple[int, Reply]:
    answer = reply(client.mail("", [f"SIZE={size}"]))
    client.rset()
    return size, answer


def _fitting(endpoint: Endpoint, size: int, answer: Reply) -> Finding:
    saw = f"{endpoint} answered MAIL FROM:<> SIZE={size}: {answer}"
    if answer.positive:
        return SIZE.ok(endpoint.host, saw)
    fix = f"see the mail log of {endpoint.host}, and check that its queue has room for a message"
    if answer.permanent:
        return SIZE.error(endpoint.host, saw, fix)
    return SIZE.unknown(endpoint.host, saw, fix)


def _larger(endpoint: Endpoint, size: int, answer: Reply) -> Finding:
    saw = f"{endpoint} answered MAIL FROM:<> SIZE={size}: {answer}"
    if answer.permanent:
        return SIZE.ok(endpoint.host, saw)
    fix = f"find out why smtpd of {endpoint.host} accepts more than message_size_limit"
    if answer.positive:
        return SIZE.error(endpoint.host, saw, fix)
    return SIZE.unknown(endpoint.host, saw, fix)
