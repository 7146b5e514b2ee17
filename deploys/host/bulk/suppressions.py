"""
Suppressions for the operator: found, put and removed by one request on standard input.

The request and the answer are JSON. Root starts it, and it goes on as the handler's own user, so
that the files of the store stay readable for the handler.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .event import BulkEvent, Suppression
from .program import CONFIGURATION, HandlerConfiguration, configuration
from .store import Store, StoreError


def main() -> None:
    """Answer the request on standard input; exit with one sentence if the store cannot be used."""
    path = Path(sys.argv[1]) if sys.argv[1:] else CONFIGURATION
    request = json.load(sys.stdin)
    try:
        wanted = configuration(path)
        _become_owner(wanted.state)
        print(json.dumps(answer(wanted, wanted.store(), request)))  # noqa: T201 - the answer
    except (StoreError, OSError) as error:
        sys.exit(str(error))


def answer(wanted: HandlerConfiguration, store: Store, request: Mapping[str, Any]) -> object:
    """Return the answer to a request: rows, or the number of rows that changed."""
    now = int(time.time())
    match request["verb"]:
        case "list":
            return [asdict(row) for row in store.suppressions()]
        case "find":
            return _found(wanted, store, request["recipients"], now)
        case "put":
            return store.put(_rows(wanted, request, now))
        case _:
            return store.remove(list(_removals(wanted, request, now)), told=bool(wanted.webhook))


def _found(
    wanted: HandlerConfiguration, store: Store, recipients: Sequence[str], now: int
) -> dict[str, object]:
    """Return the suppressions that hold, by recipient as the request has it."""
    found = {one: store.suppressed(wanted.stream.kept(one), now) for one in recipients}
    return {one: asdict(row) for one, row in found.items() if row}


def _rows(
    wanted: HandlerConfiguration, request: Mapping[str, Any], now: int
) -> Iterator[Suppression]:
    """Yield the rows of a request; those of an export keep their kind and their times."""
    for row in request["rows"]:
        address = row["recipient"]
        yield Suppression(
            recipient=wanted.stream.kept(address) if "@" in address else address,
            kind=row.get("kind", "manual"),
            reason=wanted.stream.kept_reason(row["reason"]),
            since=row.get("since", now),
            expires=row.get("expires", 0),
        )


def _removals(
    wanted: HandlerConfiguration, request: Mapping[str, Any], now: int
) -> Iterator[BulkEvent]:
    for address in request["recipients"]:
        yield BulkEvent(
            key=secrets.token_hex(16),
            time=now,
            kind="removed",
            recipient=wanted.stream.kept(address) if "@" in address else address,
            reason=request["reason"],
            test=wanted.stream.is_test(address),
        )


def _become_owner(directory: Path) -> None:
    owner = directory.stat()
    if os.geteuid() == 0 and owner.st_uid:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


if __name__ == "__main__":
    main()
