"""
A mailbox outside of the fleet: test messages are read and removed by IMAP (RFC 9051).

Its other messages are never fetched: the search is for a header that only test messages have.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from imapclient import IMAPClient

from ...mail.settings.verification import OutsideMailbox
from ..clients.imap import imap_session, select
from ..clients.message import HEADER, id_in, is_left_behind
from ..core.world import World
from .host_commands import Received

_PAUSE = 0.3
_MOST = 100
_LARGEST = 1 << 20  # octets


def wait(world: World, box: OutsideMailbox, ids: Sequence[str]) -> dict[str, Received]:
    """Wait for messages of one run and return those that came in time; raise UnansweredError."""
    found: dict[str, Received] = {}
    ends = world.clock() + world.patience
    with imap_session(replace(world, timeout=world.timeout + world.patience), box) as client:
        while True:
            for folder in _opened(client, box):
                found |= _arrivals(client, world, set(ids) - set(found), folder)
            if len(found) == len(set(ids)) or world.clock() >= ends:
                for _ in _opened(client, box):
                    _remove_old(client, world)
                return found
            time.sleep(_PAUSE)
            client.noop()


def _opened(client: IMAPClient, box: OutsideMailbox) -> Iterator[str]:
    """Yield each folder in which a message can arrive, while it is open."""
    for folder in box.folders:
        if len(box.folders) > 1:
            select(client, folder)
        yield folder


def _arrivals(
    client: IMAPClient, world: World, wanted: set[str], folder: str
) -> Iterator[tuple[str, Received]]:
    """Yield the messages in an open folder that are wanted, and remove each from it."""
    run = next(iter(wanted), "").partition("-")[0]
    uids = client.search(["HEADER", HEADER, f"{run}-", "SMALLER", _LARGEST])
    for uid in uids[-_MOST:]:
        raw = _message(client, uid)
        if (id_ := id_in(raw)) in wanted:
            yield id_, Received(world.clock(), raw.replace(b"\r\n", b"\n"), folder)
            _remove(client, uid)


def _remove_old(client: IMAPClient, world: World) -> None:
    """Remove the messages that interrupted runs have left."""
    for uid in client.search(["HEADER", HEADER, "", "SMALLER", _LARGEST])[:_MOST]:
        if is_left_behind(id_in(_message(client, uid)), world.clock()):
            _remove(client, uid)


def _message(client: IMAPClient, uid: int) -> bytes:
    raw: bytes = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}).get(b"BODY[]", b"")
    return raw


def _remove(client: IMAPClient, uid: int) -> None:
    client.delete_messages([uid], silent=True)
    # Without UIDPLUS (RFC 4315), EXPUNGE also removes what others have marked as deleted.
    if client.has_capability("UIDPLUS"):
        client.uid_expunge([uid])
