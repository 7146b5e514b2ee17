"""
Forwarded mail: it has a sender of the mail host (SRS), for which SPF passes, and is unchanged.

One message goes through an alias of each host that leads to a mailbox which the run can read. Its
sender is an address elsewhere, as the host's own addresses stay as they are.
"""

from collections.abc import Iterator
from email.parser import BytesHeaderParser
from email.policy import compat32

from ...mail import srs
from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.world import Names, UnansweredError, World
from .dkim_signature import failure, signatures
from .evaluation import spf_of
from .exchange import Delivery
from .inspection import Deliveries, hosts_without, lost, of_messages
from .integrity import unescaped

FORWARDED = Check(
    "delivery.forwarded",
    "domain",
    "Does forwarded mail arrive unchanged, with a sender for which SPF passes?",
    "RFC 7208 section 2.4, RFC 7960 section 3.2.2",
    why="The author's domain does not permit our host, so the next server may refuse the mail.",
    remedy="Deploy the host again: postsrsd rewrites the sender, and no filter may change mail.",
)

_RESOLVE = "check that the resolver answers, then verify again"
_MAILBOX = "name a mailbox of yours in verify_mailboxes, and lead an alias to it alone"


@of_messages(FORWARDED)
def forwarded(deliveries: Deliveries, fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check the message that was forwarded by each host."""
    sent = [one for one in deliveries if one.route.forwarded]
    for delivery in sent:
        yield _finding(delivery, fleet.host(delivery.route.host).hostname, world.names)
    for host in hosts_without(sent, fleet):
        if host.recipients.forwards:
            saw = f"{host.inventory_name}: no alias leads only to mailboxes that a run can read"
            yield from (FORWARDED.info(domain, saw, _MAILBOX) for domain in host.domains[:1])


def _finding(delivery: Delivery, hostname: str, names: Names) -> Finding:
    domain, path = delivery.route.domain, delivery.route.path
    if not delivery.received:
        return FORWARDED.unknown(domain, *lost(path))
    raw = unescaped(delivery.received.raw)
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    sender = str(headers.get("Return-Path", "")).strip(" <>\r\n")
    if not srs.is_rewritten(sender, hostname):
        fix = f"deploy {delivery.route.host} again, and see that postsrsd runs there"
        saw = f"{path}: the sender is <{sender}>, and not an address at {hostname}"
        return FORWARDED.error(domain, saw, fix)
    try:
        return _spf(delivery, raw, names) or _signed(delivery, raw, sender, names)
    except UnansweredError as problem:
        return FORWARDED.unknown(domain, f"{path}: {problem}", _RESOLVE)


def _spf(delivery: Delivery, raw: bytes, names: Names) -> Finding | None:
    """Return a finding if SPF does not pass for the rewritten sender."""
    domain, path = delivery.route.domain, delivery.route.path
    found = spf_of(domain, raw, names)
    if found is None:
        saw = f"{path}: no Received header names the address that it came from"
        return FORWARDED.unknown(domain, saw, "read a mailbox whose server writes such a header")
    if found.found.result == "temperror":
        return FORWARDED.unknown(domain, f"{path}: {found}", _RESOLVE)
    if found.found.result != "pass":
        return FORWARDED.error(domain, f"{path}: {found}", found.fix)
    return None


def _signed(delivery: Delivery, raw: bytes, sender: str, names: Names) -> Finding:
    domain, path = delivery.route.domain, delivery.route.path
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    verified = signatures(headers)
    for index, one in enumerate(verified):
        if reason := failure(raw, index, names):
            saw = f"{path}: the signature of {one.get('d')} does not verify: {reason}"
            return FORWARDED.error(domain, saw, "remove filters that change forwarded mail")
    saw = f"{path}: from <{sender}>, SPF passes, signatures that verify: {len(verified)}"
    return FORWARDED.ok(domain, saw)
