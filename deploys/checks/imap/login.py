"""
Logins at mailboxes by IMAP, on port 993 of every address.

A mailbox whose password is a reference is opened as its user does it; no message is read.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from ...mail.settings.model import MailSettings
from ..clients.endpoint import HomeMailbox, home_mailbox
from ..core.finding import Check, Finding
from ..core.inspection import per_host, together
from ..core.world import UnansweredError, World

IMAP = Check(
    "imap.login",
    "host",
    "Can users open their mailboxes?",
    "RFC 9051, RFC 8314 section 3.2",
    why="A user whose mailbox does not open has mail that nobody reads.",
    remedy="Keep Dovecot as this project sets it up, and port 993 open.",
    when_unknown="open port 993 in the firewall, and see the log of dovecot.service",
)


@per_host(IMAP)
def logins(host: MailSettings, world: World) -> Iterable[Finding]:
    """Open the first mailbox with a known password, at every address of a host."""
    name = host.inventory_name
    if not host.mailboxes:
        return [IMAP.not_applicable(name, f"{name} has no mailboxes")]
    known = next(filter(None, (home_mailbox(host, one) for one in host.mailboxes)), None)
    if not known:
        saw = f"{name}: the passwords of its mailboxes are hashes, so no login was tried"
        fix = "write one password as a reference, such as that of a mailbox for tests"
        return [IMAP.info(name, saw, fix)]
    at = (known.model_copy(update={"at": (str(address),)}) for address in host.addresses)
    return together(partial(opened, one, world) for one in at)


def opened(mailbox: HomeMailbox, world: World) -> Iterator[Finding]:
    """Open a mailbox, at one address of its host."""
    # It needs libraries that a run without mailboxes does not import.
    from ..clients.imap import imap_session  # noqa: PLC0415 - see above

    where = f"{mailbox.host} at {', '.join(mailbox.at)} port {mailbox.port}"
    try:
        with imap_session(world, mailbox):
            yield IMAP.ok(mailbox.host, f"{where} opens {mailbox.path}")
    except UnansweredError as problem:
        fix = f"see the log of dovecot.service on {mailbox.host}; is port {mailbox.port} open?"
        yield IMAP.error(mailbox.host, f"{where}: {problem}", fix)
