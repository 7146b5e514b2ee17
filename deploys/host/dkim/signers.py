"""
With which keys a host signs for which domains.

A key is made on the host, published, and used once every name server of the domain answers with
it. One that signs already goes on, whatever becomes of its record: mail that is on its way may
still be verified, and unsigned mail would be the surprise. Keys that follow others take over from
them for all domains at once, when all of their records are there.
"""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import product

from ...mail import dkim, dkim_rotation
from ...mail.dkim_slots import having
from ...mail.settings.model import MailSettings
from ..model.state import Existing
from . import keys
from .keys import Entry, Table

Seen = Callable[[MailSettings, Mapping[str, str]], Collection[str]]


def unseen(settings: MailSettings, existing: Existing) -> dict[str, str]:
    """Return the records that are waited for, and what they have to say."""
    used = {
        dkim.record_name(one["selector"], domain)
        for domain, how in keys.table(existing).items()
        for one in how["selectors"]
    }
    records = keys.records(settings, existing, "current", "next", "free")
    return {name: text for name, text in records.items() if name not in used}


def looked_for(settings: MailSettings, existing: Existing, seen: Seen) -> Existing:
    """Return what exists, together with the records that every name server answers with."""
    records = unseen(settings, existing)
    if dkim_rotation.expired(settings, keys.slots(settings, existing), existing.clock):
        records |= keys.records(settings, existing, "current")
    # Of a name that leads elsewhere, which of the two records is missing is worth knowing.
    homes = {_home(settings, name): text for name, text in records.items()}
    return existing.model_copy(update={"published": frozenset(seen(settings, records | homes))})


def domains(settings: MailSettings, existing: Existing) -> Table:
    """Return rspamd's table: each domain and the keys that sign for it."""
    ready = relieved(settings, existing)
    slot = dkim_rotation.signer(keys.slots(settings, existing), existing.clock, ready=ready)
    table = {
        domain: _entries(settings, existing, slot, domain)
        for domain in dkim.signing_domains(settings)
    }
    return {domain: {"selectors": entries} for domain, entries in table.items() if entries}


def relieved(settings: MailSettings, existing: Existing) -> bool:
    """Return whether the next keys can do all that others do now, as their records are there."""
    following = having(keys.slots(settings, existing), "next")
    if following is None:
        return False
    own, table = dkim.signing_domains(settings), keys.table(existing)
    done = {(name, keys.algorithm(one)) for name in own for one in keys.entries(table, name)}
    tasks = done or set(product(own, dkim.ALGORITHMS))
    return tasks <= _able(settings, existing, following)


def unpublished(settings: MailSettings, existing: Existing) -> list[str]:
    """Return a sentence for each record that is waited for."""
    return [
        _sentence(settings, existing, name, text)
        for name, text in unseen(settings, existing).items()
        if name not in existing.published
    ]


def traces(settings: MailSettings, existing: Existing) -> tuple[str, ...]:
    """Return what the log shows once a host's own mail is signed, as patterns."""
    own = settings.postfix_main.keys() & {"smtpd_milters", "local_header_rewrite_clients"}
    if own or "logging.inc" in settings.rspamd:
        return ()  # the operator's own way of doing it
    first = dkim.signing_domains(settings)[0]
    return tuple(
        rf"DKIM_SIGNED.*{re.escape(first)}:s={one['selector']}\b"
        for one in keys.entries(domains(settings, existing), first)
    )


def _able(settings: MailSettings, existing: Existing, slot: int) -> set[tuple[str, str]]:
    """Return for which domains, and with which algorithms, the keys of a slot may sign."""
    waiting = set(unseen(settings, existing)) - existing.published
    public = keys.slots(settings, existing)[slot].public
    return {
        (domain, name)
        for domain, name in product(dkim.signing_domains(settings), public)
        if dkim.record_name(dkim.selector(settings, slot, name), domain) not in waiting
    }


def _entries(
    settings: MailSettings, existing: Existing, slot: int | None, domain: str
) -> list[Entry]:
    """Return the keys that sign for a domain; of an algorithm that is not ready, those before."""
    able = _able(settings, existing, slot) if slot else set()
    ready = {
        name: {
            "selector": dkim.selector(settings, slot, name),
            "path": dkim.key_path(settings, slot, name),
        }
        for name in dkim.ALGORITHMS
        if slot and (domain, name) in able
    }
    before = keys.entries(keys.table(existing), domain)
    return [*ready.values(), *(one for one in before if keys.algorithm(one) not in ready)]


def _sentence(settings: MailSettings, existing: Existing, name: str, text: str) -> str:
    """Say which record is missing: that of the key, or the CNAME that leads to it."""
    selector, _, domain = name.partition("._domainkey.")
    home = _home(settings, name)
    leads = f"{name}. CNAME {home}."
    if dkim.is_revoked(text):
        return f"{name} leads nowhere, and will be needed; publish once: {leads}"
    record = leads if home in existing.published else f'{home}. TXT "{text}"'
    return f"mail of {domain} leaves without the signature {selector}; publish: {record}"


def _home(settings: MailSettings, name: str) -> str:
    selector, _, domain = name.partition("._domainkey.")
    return dkim.home(settings, selector, domain)
