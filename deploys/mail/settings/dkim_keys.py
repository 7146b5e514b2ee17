"""Names of a host's DKIM keys: selectors, files, domains and records.

Each host signs with two keys, `<name>-rsa` (2048 bits, RFC 8301 section 3.2) and `<name>-ed25519`
(RFC 8463), because not every receiver knows the newer algorithm. They fill one slot;
`<name>-2-rsa` and `<name>-2-ed25519` fill the other one, for the next keys. A host signs for the
domains that it sends for, and for its own name, which bounces and the mail of cron come from. The
names of a domain's keys may be CNAMEs into another zone; then the TXT records are there.
"""

from collections.abc import Iterator
from itertools import product

from ..dkim import ALGORITHMS, SLOTS, record_name
from ..paths import dkim_key
from .model import MailSettings


def selector(settings: MailSettings, slot: int, algorithm: str) -> str:
    """Return the selector of one of a host's keys."""
    name = settings.selector_base if slot == 1 else f"{settings.selector_base}-{slot}"
    return f"{name}-{algorithm}"


def selectors(settings: MailSettings) -> tuple[str, ...]:
    """Return the selectors of all keys that a host may have."""
    pairs = product(SLOTS, ALGORITHMS)
    return tuple(selector(settings, slot, algorithm) for slot, algorithm in pairs)


def path(settings: MailSettings, slot: int, algorithm: str) -> str:
    """Return the file of a key on its host."""
    return dkim_key(selector(settings, slot, algorithm))


def signing_domains(settings: MailSettings) -> tuple[str, ...]:
    """Return the domains that a host signs for."""
    return tuple(dict.fromkeys((*settings.author_domains, settings.hostname)))


def cname_zone(settings: MailSettings, domain: str) -> str:
    """Return the zone that the CNAMEs of a domain's keys lead into; "" where it has none."""
    return settings.dkim_cname.get(domain, settings.dkim_cname.get("*", ""))


def txt_name(settings: MailSettings, selector: str, domain: str) -> str:
    """Return the name of a key's TXT record: where receivers look, or the target of the CNAME."""
    zone = cname_zone(settings, domain)
    return f"{record_name(selector, domain)}.{zone}" if zone else record_name(selector, domain)


def txt_names(settings: MailSettings) -> Iterator[str]:
    """Yield the names of the TXT records of all keys of a host."""
    for selector, domain in product(selectors(settings), signing_domains(settings)):
        yield txt_name(settings, selector, domain)
