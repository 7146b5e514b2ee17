"""
Acceptance of consequences: `mail_accept` holds the words of those that are meant.

A consequence that is not accepted is a mistake of the inventory. Words that no longer match
anything are told, and change nothing. Those of a preflight are left to the host.
"""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from itertools import chain

from ..model import HostSettings, MailSettings, NullClient
from .accounts import account_senders
from .consequence import Choice, Consequence
from .dovecot import logins
from .identity import known_recipients, local_names, names
from .listeners import leaving, listening
from .mailboxes import mailboxes
from .networks import relaying
from .null_client import client_only
from .outbound_tls import lookups, outbound_tls, relay_tls
from .queue import lifetimes, submitters
from .restrictions import open_relays, received
from .rspamd import rspamd
from .services import cleanup_services, needed_services, process_limits, submission_services
from .signatures import signatures
from .transports import content_checks, hops, transports

PREFLIGHT = "preflight: "  # before the name of a test of the preflight, whose failure is meant
OF_ALL: tuple[Callable[[HostSettings], Iterator[Consequence]], ...] = (
    *(relaying, open_relays, received, transports, hops, content_checks),
    *(needed_services, process_limits, cleanup_services, lookups, lifetimes, submitters),
)
OF_MAIL_HOSTS: tuple[Callable[[MailSettings], Iterator[Consequence]], ...] = (
    *(listening, leaving, names, local_names, known_recipients, outbound_tls),
    *(account_senders, submission_services, signatures, rspamd, logins, mailboxes),
)
OF_CLIENTS: tuple[Callable[[NullClient], Iterator[Consequence]], ...] = (client_only, relay_tls)


def consequences(host: HostSettings) -> tuple[Consequence, ...]:
    """Return every consequence of a host's settings, accepted or not."""
    found = chain.from_iterable(rule(host) for rule in OF_ALL)
    if isinstance(host, MailSettings):
        own = chain.from_iterable(rule(host) for rule in OF_MAIL_HOSTS)
    elif isinstance(host, NullClient):
        own = chain.from_iterable(rule(host) for rule in OF_CLIENTS)
    return tuple(dict.fromkeys((*found, *own)))


def unaccepted(hosts: Sequence[HostSettings]) -> Iterator[str]:
    """Yield a mistake for each consequence that the operator has not accepted."""
    for host in hosts:
        for one in consequences(host):
            free = one.choice is Choice.FREE
            accepted = one.choice is Choice.OPEN and one.words in host.accept
            if not (free or accepted):
                yield f"{host.inventory_name}: {one}"


def stale_acceptances(hosts: Sequence[HostSettings]) -> Iterator[str]:
    """Yield a notice for each acceptance that matches nothing, or that cannot be accepted."""
    for host in hosts:
        choices = {one.words: one.choice for one in consequences(host)}
        for words in (one for one in host.accept if not one.startswith(PREFLIGHT)):
            if choices.get(words) is Choice.NEVER:
                yield f"{host.inventory_name}: mail_accept: {words!r} cannot be accepted; remove it"
            elif words not in choices:
                near = next(iter(get_close_matches(words, choices, n=1)), "")
                fix = f"did you mean {near!r}?" if near else "remove it"
                yield f"{host.inventory_name}: mail_accept: {words!r} accepts nothing; {fix}"
