"""Suppressed recipients of a list, at all hosts with a bulk stream."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ...mail.errors import MailError, UnansweredError
from ...run.threads import in_parallel
from ..clients.suppressions import SuppressionStore
from ..core.finding import printable, shortened
from .file import KEY

_LONGEST = 200  # characters of a reason


@dataclass(frozen=True)
class SuppressedRecipients:
    """Stores of the hosts; recipients of all are looked up, at the same time."""

    stores: Sequence[SuppressionStore]

    def __call__(self, addresses: Sequence[str]) -> Mapping[str, str]:
        """Return why some of these addresses are suppressed; raise MailError."""
        try:
            found = in_parallel(partial(_of_store, addresses=addresses), self.stores)
        except UnansweredError as problem:
            raise MailError(
                f"{KEY}: {problem}; without an inventory, as `pyinfra @local`, no host is asked"
            ) from problem
        return {address: why for each in reversed(found) for address, why in each.items()}


def _of_store(store: SuppressionStore, addresses: Sequence[str]) -> Mapping[str, str]:
    rows = store.find(addresses)
    return {
        address: f"suppressed at {store.name} since {_day(row['since'])} ({row['kind']}): "
        f"{printable(shortened(str(row['reason']), _LONGEST))}"
        for address, row in rows.items()
    }


def _day(since: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(since))
