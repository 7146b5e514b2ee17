"""
Free space for the queue, the mailboxes and the log.

Postfix refuses mail with less than 1.5 times `message_size_limit` free (postconf(5),
queue_minfree). Each message needs an inode as well.
"""

from collections.abc import Iterator, Sequence

from ..core.finding import Check, Finding
from .snapshot import Snapshot

DISK = Check(
    "host.disk",
    "host",
    "Is there free space for the queue, the mailboxes and the log?",
    "RFC 5321 section 4.2.3 (452)",
    why="With a full disk all mail is refused, and messages can be truncated.",
    remedy="Delete old logs (`journalctl --vacuum-size`) and old mail, or add a disk.",
)
_LEAST = 0.1
_MESSAGES = 5
_COLUMNS = 6  # of df -P


def disk(snapshot: Snapshot) -> Iterator[Finding]:
    """Check each file system once, its octets and its inodes."""
    name = snapshot.host.inventory_name
    limit = _MESSAGES * snapshot.host.largest_message
    rooms = dict.fromkeys(line for line in snapshot.lines("blocks") if _is_row(line.split()))
    if not rooms:
        yield DISK.unknown(
            name, f"{name}: df has no output", "run `df -P /var/spool/postfix` on the host"
        )
        return
    for line in rooms:
        *_, used, available, _, mount = line.split()
        free = int(available) * 1024
        share = int(available) / max(1, int(used) + int(available))
        saw = f"{name}: {mount} has {free // 2**20} MiB free, {share:.0%}"
        fix = f"delete files on {mount}; see `du -xh {mount} | sort -h | tail`"
        if free < limit:
            yield DISK.error(
                name, f"{saw}: less than {_MESSAGES} messages of the largest size", fix
            )
        elif share < _LEAST:
            yield DISK.warning(name, saw, fix)
        else:
            yield DISK.ok(name, saw)
    for line in dict.fromkeys(line for line in snapshot.lines("inodes") if _is_row(line.split())):
        total, used, available, _, mount = line.split()[1:]
        # A file system that creates inodes on demand reports a total of zero.
        if int(total) and int(available) < _LEAST * (int(used) + int(available)):
            saw = f"{name}: {mount} has {available} inodes free of {total}"
            yield DISK.warning(name, saw, f"delete small files on {mount}")


def _is_row(words: Sequence[str]) -> bool:
    return len(words) == _COLUMNS and all(word.isdecimal() for word in words[1:4])
