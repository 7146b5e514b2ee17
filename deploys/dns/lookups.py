"""
Lookups of other domains' names, which the plan of a zone needs to count the cost of SPF.

Names that a zone of ours holds are looked up in its draft: a resolver that is asked for them before
they are published would remember for minutes that they do not exist (RFC 2308).
"""

from functools import cache

import dns.resolver

from ..mail.errors import MailError, UnansweredError
from ..mail.spf_evaluation import SpfLookup
from .authority import Addresses, finder
from .resolver import recursive_answer, values

PATIENCE = 4.0  # seconds for all tries of one question


def no_lookup(name: str, record_type: str) -> None:
    """Answer no question."""


def lookup_by(addresses: Addresses) -> SpfLookup:
    """Return a function that asks these resolvers, or the system's own; each question once."""
    try:
        resolver = finder(addresses)
    except MailError:
        return no_lookup
    silent: list[str] = []

    @cache
    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        if silent:
            return None
        try:
            return values(
                recursive_answer(resolver, f"{name}.", record_type, PATIENCE), record_type
            )
        except UnansweredError as error:
            if isinstance(error.__cause__, dns.resolver.LifetimeTimeout):
                silent.append(name)  # the next question would wait as long
            return None

    return lookup
