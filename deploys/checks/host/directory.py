"""Directory of mailboxes: without its answers mail waits at its senders (RFC 3463, X.3.0)."""

from collections.abc import Iterator

from ...mail.directory_answers import fix, reason
from ..core.finding import Check, Finding
from .snapshot import Snapshot

DIRECTORY = Check(
    "host.directory",
    "host",
    "Does the directory answer Postfix and Dovecot?",
    "RFC 3463 section 3.4",
    why="Mail for its mailboxes waits at its senders, and their users cannot log in.",
    remedy="See that PostgreSQL runs, that the host reaches it, and that the login in "
    "`mail_directory` may read its tables.",
)
_SLOW = 1000  # milliseconds, a new connection included
_DOVECOT = "dovecot"
_LOOK = "read `journalctl -u dovecot` on the host"


def directory(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the tables of the directory, and the user that Dovecot was asked for."""
    host, name = snapshot.host, snapshot.host.inventory_name
    if not host.directory:
        yield DIRECTORY.not_applicable(name, f"{name} has no directory")
        return
    server = host.directory.host
    answers = [line.split(" ", 2) for line in snapshot.lines("directory")]
    taken = {table: int(milliseconds) for table, milliseconds, *_ in answers}
    said = {table: reason(" ".join(rest)) for table, _, *rest in answers}
    if not taken:
        yield DIRECTORY.unknown(name, f"{name}: postmap has no output", "run postmap by hand")
        return
    failed = {table: why for table, why in said.items() if why}
    of_postfix = dict.fromkeys(why for table, why in failed.items() if table != _DOVECOT)
    for why in of_postfix:
        yield DIRECTORY.error(name, f"{name}: {server} does not answer Postfix: {why}", fix(why))
    if failed and not of_postfix:
        saw = f"{name}: {server} does not answer Dovecot: {failed[_DOVECOT]}"
        yield DIRECTORY.error(name, saw, _LOOK)
    if failed:
        return
    slowest = max(taken.values())
    if slowest > _SLOW:
        advice = "add an index on `address` to its tables, or look at the load of the server"
        yield DIRECTORY.warning(name, f"{name}: {server} answers in {slowest} ms", advice)
    else:
        yield DIRECTORY.ok(name, f"{name}: {server} answers in {slowest} ms at most")
