"""
Judgement on the way to a mailbox: a message that looks like spam is filed into Junk.

It comes from this machine to one mailbox of each host that judges, and has the test line for Junk.
"""

from collections.abc import Iterator
from email.parser import BytesHeaderParser
from email.policy import compat32

from ...mail.settings.model import Fleet
from ..clients.endpoint import JUNK
from ..core.finding import Check, Finding
from ..core.world import World
from .exchange import Delivery
from .inspection import Deliveries, hosts_without, lost, of_messages

FILED = Check(
    "delivery.junk",
    "domain",
    "Is a message that looks like spam filed into Junk?",
    "RFC 6154 section 2",
    why="Spam among the mail of the day is read, and spam that is lost is missed if it was none.",
    remedy="Deploy the host again: rspamd marks the message, and a rule of Dovecot files it.",
)

_UNJUDGED = "verify from a machine that is not in mail_networks, or deploy {0} again"
_UNFILED = "deploy {0} again, and see that mail_dovecot leaves sieve_before as it is"
_READABLE = "write a reference such as env(...) as the password of one mailbox"


@of_messages(FILED)
def samples(deliveries: Deliveries, fleet: Fleet, _world: World) -> Iterator[Finding]:
    """Check the message with the test line of each host."""
    sent = [one for one in deliveries if one.route.sample]
    yield from map(_finding, sent)
    for host in hosts_without(sent, fleet):
        if host.judgement and host.mailboxes:
            saw = f"{host.inventory_name}: no mailbox has a password that a run knows"
            yield FILED.info(min(host.mailbox_domains), saw, _READABLE)


def _finding(delivery: Delivery) -> Finding:
    route, received = delivery.route, delivery.received
    domain, path = route.domain, route.path
    if not received:
        return FILED.unknown(domain, *lost(path))
    if received.folder == JUNK:
        return FILED.ok(domain, f"{path}: found in {JUNK}")
    headers = BytesHeaderParser(policy=compat32).parsebytes(received.raw)
    if headers.get("X-Spam", "").strip() != "Yes":
        saw = f"{path}: the message has no mark of rspamd"
        return FILED.unknown(domain, saw, _UNJUDGED.format(route.host))
    saw = f"{path}: marked as spam, and found in {received.folder}"
    return FILED.error(domain, saw, _UNFILED.format(route.host))
