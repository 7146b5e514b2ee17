"""Mistakes in `mail_warmup`: addresses of no stream, and mail that no address sends."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

from ..bulk import AddressWarmup, Bulk, warm
from ..model import MailSettings

IPV4 = 4
OLDEST_DAYS = 366


def warmup_mistakes(host: MailSettings) -> Iterator[str]:
    """Yield the mistakes in the warm-up of a host's new addresses."""
    where = f"{host.inventory_name}: mail_warmup"
    to_relay = any(plan.rest == "relay" for plan in host.warmup)
    if to_relay != bool(host.relays.warmup):
        yield (
            f"{host.inventory_name}: mail_relay.warmup is the relay of mail that a warm-up has no "
            "room for, and 'rest': 'relay' names it in mail_warmup; write both, or neither"
        )
    if host.warmup and not host.bulk:
        yield f"{where} is of a bulk stream, and there is none; write mail_bulk, or remove it"
    elif host.warmup and host.bulk:
        yield from (f"{where}{one}" for one in _mistakes(host, host.bulk))


def _mistakes(host: MailSettings, bulk: Bulk) -> Iterator[str]:
    today = datetime.now(UTC).date()
    for plan in host.warmup:
        yield from _of_plan(plan, bulk, today)
    counts = Counter(plan.address for plan in host.warmup)
    for address in (one for one, count in counts.items() if count > 1):
        yield f": {address} has two plans; remove one"
    if len({plan.rest for plan in host.warmup}) > 1:
        yield (
            ": its plans differ in 'rest', the way of mail that none of them has room for; write "
            "the same in all of them"
        )
    else:
        yield from _without_way(host, bulk)
    if host.bulk_relayed:
        yield " has no effect, because relays get the bulk mail; remove it"


def _of_plan(plan: AddressWarmup, bulk: Bulk, today: date) -> Iterator[str]:
    if plan.address not in bulk.addresses:
        yield f": {plan.address} is not in mail_bulk.addresses; add it there, or correct it"
    if (today - plan.start).days > OLDEST_DAYS:
        yield (
            f": the start {plan.start} of {plan.address} is more than a year ago; correct the "
            "year, or remove the plan if it is over"
        )


def _without_way(host: MailSettings, bulk: Bulk) -> Iterator[str]:
    """Yield the mistakes of plans without an address for the other mail."""
    rest, left = host.warmup[0].rest, warm(bulk.addresses, host.warmup)
    ipv4 = any(one.version == IPV4 for one in left)
    if rest == "address" and not ipv4:
        yield (
            ": mail that the plan has no room for has no way, as mail_bulk.addresses has no other "
            "IPv4 address; add one, or write 'rest': 'host' for the addresses of ordinary mail, "
            "'relay' or 'wait'"
        )
    elif rest != "host" and not ipv4 and any(one.address.version > IPV4 for one in host.warmup):
        yield (
            ": receivers without IPv6 need an IPv4 address that has no plan; add one to "
            "mail_bulk.addresses, or write 'rest': 'host'"
        )
