"""
Room for mail: Postfix takes no message when its queue's file system is nearly full.

It wants 1.5 times `message_size_limit` free (postconf(5), queue_minfree). An inode is needed for
each message too, and a full log tells of nothing any more.
"""

from collections.abc import Iterator, Sequence

from ..core.finding import Check, Finding
from .snapshot import Snapshot

DISK = Check(
    "host.disk",
    "host",
    "Is there room for the queue, the mailboxes and the log?",
    "RFC 5321 section 4.2.3 (452)",
    why="A full disk refuses all mail, and what was taken just before may be cut.",
    remedy="Delete what is not needed (`journalctl --vacuum-size`, old mail), or add a disk.",
)
_LEAST = 0.1
_MESSAGES = 5
_COLUMNS = 6  # of df -P


def disk(snapshot: Snapshot) -> Iterator[Finding]:
    """Judge each file system once, by octets and by inodes."""
    name = snapshot.host.inventory_name
    limit = _MESSAGES * snapshot.host.largest_message
    rooms = dict.fromkeys(line for line in snapshot.lines("blocks") if _is_row(line.split()))
    if not rooms:
        yield DISK.unknown(name, f"{name}: df says nothing", "see `df -P /var/spool/postfix`")
        return
    for line in rooms:
        *_, used, available, _, mount = line.split()
        free = int(available) * 1024
        share = int(available) / max(1, int(used) + int(available))
        saw = f"{name}: {mount} has {free // 2**20} MiB free, {share:.0%}"
        fix = f"free room on {mount}; see `du -xh {mount} | sort -h | tail`"
        if free < limit:
            yield DISK.error(name, f"{saw}: less than {_MESSAGES} of the largest messages", fix)
        elif share < _LEAST:
            yield DISK.warning(name, saw, fix)
        else:
            yield DISK.ok(name, saw)
    for line in dict.fromkeys(line for line in snapshot.lines("inodes") if _is_row(line.split())):
        total, used, available, _, mount = line.split()[1:]
        # A file system that makes inodes as it needs them says that it has none.
        if int(total) and int(available) < _LEAST * (int(used) + int(available)):
            saw = f"{name}: {mount} has {available} inodes free of {total}"
            yield DISK.warning(name, saw, f"delete small files on {mount}")


def _is_row(words: Sequence[str]) -> bool:
    return len(words) == _COLUMNS and all(word.isdecimal() for word in words[1:4])
