"""
A mailbox outside, read by IMAP (RFC 9051): test messages are waited for, read, and removed again.

Nothing else in it is looked at: a message is asked for by the header that only test messages have.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...mail.settings.verification import OutsideMailbox
from ..clients.imap import Client, expect, opened
from ..clients.message import HEADER, id_in
from ..core.world import World
from .remote import Mailbox, Received
from .remote import wait as wait_on_host

_PAUSE = 0.3
_MOST = 100
_LARGEST = 1 << 20


def wait(world: World, box: Mailbox | OutsideMailbox, ids: Sequence[str]) -> dict[str, Received]:
    """Wait for messages of one run in a mailbox and return those that came in time."""
    if isinstance(box, Mailbox):
        return wait_on_host(world, box, ids)
    found: dict[str, Received] = {}
    ends = world.clock() + world.patience
    with opened(replace(world, timeout=world.timeout + world.patience), box) as client:
        while True:
            found |= _taken(client, world, set(ids) - set(found))
            if len(found) == len(set(ids)) or world.clock() >= ends:
                return found
            time.sleep(_PAUSE)
            client.noop()


def _taken(client: Client, world: World, wanted: set[str]) -> Iterator[tuple[str, Received]]:
    """Yield the messages that are wanted, and remove each."""
    run = next(iter(wanted), "").partition("-")[0]
    search = ("SEARCH", "HEADER", HEADER, f"{run}-", "SMALLER", str(_LARGEST))
    (uids, *_) = expect(client.uid(*search), "searched") or [b""]
    for uid in (uids or b"").decode(errors="replace").split()[-_MOST:]:
        parts = expect(client.uid("FETCH", uid, "(BODY.PEEK[])"), "fetched")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
        if (id_ := id_in(raw)) in wanted:
            yield id_, Received(world.clock(), raw.replace(b"\r\n", b"\n"))
            _remove(client, uid)


def _remove(client: Client, uid: str) -> None:
    expect(client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), "marked")
    # RFC 4315: without it only all that anybody marked could be expunged.
    if "UIDPLUS" in client.capabilities:
        expect(client.uid("EXPUNGE", uid), "expunged")
