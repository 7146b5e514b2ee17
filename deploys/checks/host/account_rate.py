"""
Rate of the accounts: accounts that have reached their limit of recipients in the last day.

The journal has a line of Postfix for each message that rspamd refused for it.
"""

from collections.abc import Iterator

from ..core.finding import Check, Finding, Severity
from .snapshot import Snapshot

ACCOUNT_RATE = Check(
    "host.account_rate",
    "host",
    "Does every account stay below its limit of recipients?",
    "RFC 6409 section 6.1",
    why="A stolen login sends as much as it can; receivers then block the host's address.",
    remedy="Ask the owner of the account; if the mail is not theirs, set a new password.",
    worst=Severity.WARNING,
)


def account_rate(snapshot: Snapshot) -> Iterator[Finding]:
    """Check which senders were refused by `mail_account_rate` in the last day."""
    host = snapshot.host
    name, rate = host.inventory_name, host.counted_rate
    if not rate:
        return
    refused = [line.split() for line in snapshot.lines("limited")]
    for count, sender in refused:
        logins = [login for login, one in host.logins.items() if sender in one.senders]
        yield ACCOUNT_RATE.warning(
            name,
            f"{name}: {count} messages of {', '.join(logins) or sender} were refused in the last "
            f"day, after {rate.replace('/', ' recipients in ')}",
            "give the account a new password if this mail is not its owner's; else raise "
            "mail_account_rate",
        )
    if not refused:
        yield ACCOUNT_RATE.ok(name, f"{name}: no account has reached {rate} in the last day")
