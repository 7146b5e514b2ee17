"""Entries of the log, counted in the volume and for the pace of their groups."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from .log import RELAY, JournalEntry, Result
from .pace import WINDOW
from .tables import Tables
from .volume import Volume


@dataclass
class Counts:
    """Counts of a stream with addresses by IP version; `relayed`: relays get its mail."""

    tables: Tables
    volume: Volume
    addresses: Mapping[str, str]
    relayed: bool = False

    def note(self, entry: JournalEntry) -> None:
        """Count an entry of the log, and remember its position."""
        day = time.strftime("%Y-%m-%d", time.gmtime(entry.time))
        if result := entry.result:
            address = self._address(result)
            self.volume.note(day, address, result.receiver, result.outcome)
            if self.tables.warmup and result.of_receiver:
                text = "" if result.outcome == "delivered" else result.text
                self.tables.warmup.note(address, result.receiver, result.outcome, text)
            # One of a time when this program was down says nothing of the pace now.
            if result.of_group and abs(time.time() - entry.time) <= WINDOW:
                self.tables.note(result, entry.time)
        elif (domain := entry.expired) is not None:
            receiver = RELAY if self.relayed else self.tables.membership.last(domain)
            self.volume.note(day, self.addresses["4"], receiver, "bounced")
        self.volume.position = entry.cursor

    def _address(self, result: Result) -> str:
        """Return the address that a result is of; a new one may have others beside it."""
        general = self.addresses["6" if result.ipv6 else "4"]
        plans = self.tables.warmup.plans if self.tables.warmup else ()
        new = [one.address for one in plans if one.prefix == result.prefix]
        return next((one for one in new if (":" in one) == result.ipv6), general)
