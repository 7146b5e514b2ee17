"""Quotas of mailboxes: a full one gets no new mail (RFC 9208)."""

from collections.abc import Iterator

from ..core.finding import Check, Finding, Severity
from .snapshot import Snapshot

QUOTA = Check(
    "host.quota",
    "host",
    "Do the mailboxes have room for new mail?",
    "RFC 9208",
    why="Mail for a full mailbox is refused, and its user may not notice.",
    remedy="Ask the user to delete messages, or raise the quota in `mail_mailboxes`.",
    worst=Severity.WARNING,
)
_FULL = 95  # percent; the user has had two warnings
_MOST = 10


def quota(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the mailboxes with a quota."""
    host, name = snapshot.host, snapshot.host.inventory_name
    if host.directory:
        yield QUOTA.not_applicable(name, f"{name} has mailboxes in a directory, with quotas there")
        return
    if not host.has_quotas:
        yield QUOTA.not_applicable(name, f"{name} has no quotas")
        return
    rows = [line.split("\t") for line in snapshot.lines("quota")]
    used = {address: int(percent) for address, *_, percent in rows if address in host.mailboxes}
    if not used:
        saw = f"{name}: doveadm has no output"
        yield QUOTA.unknown(name, saw, "run `doveadm quota get -A` on the host")
        return
    full = sorted((percent, address) for address, percent in used.items() if percent >= _FULL)
    for percent, address in full[: -_MOST - 1 : -1]:
        fix = f"ask {address} to delete messages, or raise the quota in mail_mailboxes"
        yield QUOTA.warning(name, f"{name}: the mailbox {address} is {percent} % full", fix)
    if not full:
        saw = f"{name}: no mailbox is {_FULL} % full; the fullest is at {max(used.values())} %"
        yield QUOTA.ok(name, saw)
