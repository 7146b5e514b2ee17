"""
How much of a zone one run may change.

A mistake in an inventory, as a group that has lost its hosts, looks like a wish to take most of the
mail out of a zone. So a run updates and deletes only so many record sets of a zone, however large
the zone is; what it creates harms nobody and is not counted, nor is the registry.
"""

from dataclasses import dataclass

from ..mail.errors import MailError
from ..mail.settings.model import Fleet
from .model.changes import RecordChange, listed
from .ownership.registry import is_registry


@dataclass(frozen=True)
class Limits:
    """How many record sets of a zone one run may update, and how many it may delete."""

    updates: int
    deletes: int

    @classmethod
    def of(cls, fleet: Fleet) -> "Limits":
        """Return the limits of a fleet: the widest that one of its hosts grants."""
        return cls(
            max(host.zone_updates for host in fleet.hosts),
            max(host.zone_deletes for host in fleet.hosts),
        )

    def refuse(self, zone: str, changes: tuple[RecordChange, ...]) -> None:
        """Raise MailError with the numbers and the key to raise where a plan goes too far."""
        counted = [change for change in changes if not is_registry(change.name)]
        updates = [change for change in counted if change.existing and change.desired]
        deletes = [change for change in counted if not change.desired]
        for verb, key, limit, found in (
            ("update", "mail_zone_updates", self.updates, updates),
            ("delete", "mail_zone_deletes", self.deletes, deletes),
        ):
            if len(found) > limit:
                sets = listed([f"{change.type} {change.name}" for change in found])
                raise MailError(
                    f"{zone}: this run would {verb} {len(found)} record sets ({sets}) where {key} "
                    f"allows {limit}; nothing was written there. If each of them is meant, run "
                    f"with {key} = {len(found)}"
                )
