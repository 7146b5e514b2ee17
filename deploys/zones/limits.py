"""
Limits of one run: how many record sets of a zone it may update and delete.

After a mistake in an inventory, such as a group without its hosts, a plan would delete most of the
mail records of a zone. The limits do not depend on the size of the zone. Created record sets and
the registry are not counted.
"""

from dataclasses import dataclass

from ..mail.errors import MailError
from ..mail.settings.model import Fleet
from .model.changes import RecordChange, listed
from .ownership.registry import is_registry


@dataclass(frozen=True)
class Limits:
    """The numbers of record sets of a zone that one run may update and delete."""

    updates: int
    deletes: int

    @classmethod
    def of(cls, fleet: Fleet) -> "Limits":
        """Return the limits of a fleet: the highest that one of its hosts allows."""
        return cls(
            max(host.zone_updates for host in fleet.hosts),
            max(host.zone_deletes for host in fleet.hosts),
        )

    def require(self, zone: str, changes: tuple[RecordChange, ...]) -> None:
        """Raise MailError, with the numbers and the setting, if a plan exceeds a limit."""
        counted = [change for change in changes if not is_registry(change.name)]
        updates = [change for change in counted if change.existing and change.desired]
        deletes = [change for change in counted if not change.desired]
        for verb, key, limit, changed in (
            ("update", "mail_zone_updates", self.updates, updates),
            ("delete", "mail_zone_deletes", self.deletes, deletes),
        ):
            if len(changed) > limit:
                sets = listed([f"{change.type} {change.name}" for change in changed])
                raise MailError(
                    f"{zone}: this run would {verb} {len(changed)} record sets ({sets}), but {key} "
                    f"allows {limit}; nothing was written there. If each of them is intended, set "
                    f"{key} = {len(changed)} and run again"
                )
