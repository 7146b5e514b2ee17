"""
Evidence for the use of DKIM keys: a host's slots, its signing table, and the records in the DNS.

A key is made on the host, published, and used once every authoritative server of the domain answers
with its record. A key that already signs continues without its record: mail on its way may still be
verified, and unsigned mail would be worse. The next keys take over for all domains together, when
every server has all of their records.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from ...mail import dkim, dkim_rotation
from ...mail.dkim_rotation import Published
from ...mail.dkim_slots import Slots, State, slot_in
from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ..model.lookup import RecordLookup
from ..model.state import Existing
from . import keys
from .signing_table import SigningKey, SigningTable, existing_table


@dataclass(frozen=True)
class Evidence:
    """
    State of a host's keys and of their records; times are seconds of the host's clock.

    `missing` holds records by name that some server lacks, of keys that are not in use; `seen` the
    names of the records that every server has; `expired` the slot with keys that no mail needs any
    more.
    """

    settings: MailSettings
    slots: Slots
    now: float
    table: SigningTable
    records: tuple[Published, ...]
    missing: Mapping[str, str]
    seen: Collection[str]
    expired: int | None

    @property
    def next_ready(self) -> bool:
        """Return whether the next keys may sign everything that the current ones sign."""
        following = slot_in(self.slots, "next")
        if following is None:
            return False
        own = dkim_keys.signing_domains(self.settings)
        used = {(name, key.algorithm) for name in own for key in self.table.get(name, ())}
        return (used or set(product(own, dkim.ALGORITHMS))) <= self._allowed(following)

    @property
    def lost(self) -> bool:
        """Return whether mail waits, because a key that signs is lost and the next may not yet."""
        following = slot_in(self.slots, "next")
        slot = dkim_rotation.signing_slot(self.slots, self.now, ready=self.next_ready)
        lost = bool(dkim_rotation.lost_notice(self.settings, self.slots))
        return lost and (following is None or slot != following)

    def signs(self) -> SigningTable:
        """Return the keys that may sign for each domain."""
        ready = self.next_ready
        slot = dkim_rotation.signing_slot(self.slots, self.now, ready=ready)
        allowed = self._allowed(slot) if slot else set()
        table = {
            domain: self._signing_keys(slot, domain, allowed)
            for domain in dkim_keys.signing_domains(self.settings)
        }
        return {domain: signing for domain, signing in table.items() if signing}

    def _allowed(self, slot: int) -> set[tuple[str, str]]:
        """Return each domain and algorithm for which the keys of a slot may sign."""
        return {
            (domain, name)
            for domain, name in product(
                dkim_keys.signing_domains(self.settings), self.slots[slot].public
            )
            if dkim.record_name(dkim_keys.selector(self.settings, slot, name), domain)
            not in self.missing
        }

    def _signing_keys(
        self, slot: int | None, domain: str, allowed: set[tuple[str, str]]
    ) -> tuple[SigningKey, ...]:
        """Return the keys for a domain; for an algorithm that is not allowed yet, those in use."""
        ready = {
            name: SigningKey(
                dkim_keys.selector(self.settings, slot, name),
                dkim_keys.path(self.settings, slot, name),
            )
            for name in dkim.ALGORITHMS
            if slot and (domain, name) in allowed
        }
        used = (key for key in self.table.get(domain, ()) if key.algorithm not in ready)
        return (*ready.values(), *used)


def evidence(settings: MailSettings, existing: Existing, lookup: RecordLookup) -> Evidence:
    """Look up the records of a host's keys, and return them with the host's own state."""
    slots, now = keys.slots(settings, existing), existing.clock
    records = tuple(dkim_rotation.published(settings, slots, now))
    expired, table = dkim_rotation.expired_slot(settings, slots, now), existing_table(existing)
    used = {dkim.record_name(key.selector, domain) for domain in table for key in table[domain]}
    texts = texts_of(settings, records, "current", "next", "free")
    unused = {name: text for name, text in texts.items() if name not in used}
    current = texts_of(settings, records, "current") if expired else {}
    wanted = unused | current
    # For a name that is delegated by a CNAME, the run says which of the two records is missing.
    homes = {home_of(settings, name): text for name, text in wanted.items()}
    seen = frozenset(lookup(settings, wanted | homes))
    missing = {name: text for name, text in unused.items() if name not in seen}
    replaced = expired if expired and current.keys() <= seen else None
    return Evidence(settings, slots, now, table, records, missing, seen, replaced)


def home_of(settings: MailSettings, name: str) -> str:
    """Return the name that holds a key's record: its own name, or the target of its CNAME."""
    selector, _, domain = name.partition("._domainkey.")
    return dkim_keys.txt_name(settings, selector, domain)


def texts_of(
    settings: MailSettings, records: Iterable[Published], *states: State
) -> dict[str, str]:
    """Return the texts of keys in some states, by the names of their records in each domain."""
    return {
        dkim.record_name(key.selector, domain): key.text
        for key in records
        for domain in dkim_keys.signing_domains(settings)
        if key.state in states
        # A free slot has a record if a domain delegates its name to us.
        and (key.state != "free" or dkim_keys.cname_zone(settings, domain))
    }
