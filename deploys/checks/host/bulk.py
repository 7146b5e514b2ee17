"""
Separation of the bulk stream from ordinary mail: each kind waits in the queue of its own instance.

The accounts of the stream must be in the table that hands their mail over, and what waits in one
queue must have a sender of that kind.
"""

import json
from collections.abc import Iterator

from ..core.finding import Check, Finding
from .snapshot import Snapshot

SEPARATION = Check(
    "bulk.separation",
    "host",
    "Does bulk mail wait in a queue of its own?",
    "MULTI_INSTANCE_README",
    why="A newsletter in the queue of ordinary mail delays that mail by hours.",
    remedy="Deploy the host; see `systemctl status pyinfra-mail-bulk` and its journal.",
)
NO_SENDER = ("", "MAILER-DAEMON")  # of a bounce, by postqueue -j
_PATIENCE = 60.0  # seconds of a message on its way from one instance to the other


def separation(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the accounts that are handed over, and the senders of what waits in both queues."""
    host = snapshot.host
    if not host.bulk:
        return
    name = host.inventory_name
    listed = {word for line in snapshot.lines("bulkaccount") for word in line.split()[:1]}
    wrong = []
    if missing := [one for one in host.bulk.accounts if one not in listed]:
        saw = f"{name}: mail of {', '.join(missing)} is not handed over to the bulk instance"
        wrong.append(SEPARATION.error(name, saw, f"deploy {name}"))
    people = {one for account in host.ordinary_accounts.values() for one in account.senders}
    if waiting := [one for one in _senders(snapshot, "queue") if one in host.bulk_senders - people]:
        saw = f"{name}: {len(waiting)} bulk messages wait in the queue of ordinary mail"
        fix = "see `journalctl -u pyinfra-mail-bulk`, then run `postqueue -f`"
        wrong.append(SEPARATION.error(name, saw, fix))
    queued = _senders(snapshot, "bulkqueue")
    if foreign := [one for one in queued if one in people - host.bulk_senders]:
        saw = f"{name}: {len(foreign)} messages of {foreign[0]} wait in the queue of bulk mail"
        wrong.append(SEPARATION.error(name, saw, f"deploy {name}"))
    yield from wrong
    if not wrong:
        yield SEPARATION.ok(name, f"{name}: bulk mail waits in its own queue: {len(queued)}")


def _senders(snapshot: Snapshot, section: str) -> list[str]:
    """Return the senders of the messages in a queue, those on their way to the other aside."""
    messages = [json.loads(line) for line in snapshot.lines(section) if line != "failed"]
    return [
        str(one["sender"])
        for one in messages
        if one["sender"] not in NO_SENDER and snapshot.now - one["arrival_time"] > _PATIENCE
    ]
