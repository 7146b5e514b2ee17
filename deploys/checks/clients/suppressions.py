"""Suppressed recipients at a host of a bulk stream."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...mail import paths
from ..core.bulk import OWN_TEST
from ..core.world import Hosts, UnansweredError


@dataclass(frozen=True)
class SuppressionStore:
    """The store of a host, and the seconds for its answer; each method raises UnansweredError."""

    hosts: Hosts
    name: str
    limit: float

    def suppress(self, recipient: str) -> None:
        """Suppress a recipient of a test, to whom nobody sends."""
        row = {"recipient": recipient, "reason": OWN_TEST}
        self._asked({"verb": "put", "rows": [row]})

    def release(self, recipient: str) -> bool:
        """Remove the suppression of a test's recipient, and tell whether there was one."""
        request = {"verb": "remove", "recipients": [recipient], "reason": OWN_TEST}
        return bool(self._asked(request) == 1)

    def find(self, recipients: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the suppressions of those of these recipients that have one."""
        found: Mapping[str, Mapping[str, Any]] = self._asked(
            {"verb": "find", "recipients": recipients}
        )
        return found

    def _asked(self, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        lines = [json.dumps(request)]
        output = self.hosts.run(self.name, paths.SUPPRESSIONS, lines, self.limit)
        try:
            return json.loads(output[-1] if output else "")
        except ValueError as problem:
            raise UnansweredError(f"{self.name}: its suppressions cannot be read") from problem
