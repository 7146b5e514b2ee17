"""
Reception of a domain: if it takes mail, by the DNS alone.

RFC 5321 section 5.1: mail goes to the targets of the MX records, or to the domain's own address if
it has none. RFC 7505: a single MX of "." means that the domain receives no mail. No mail server is
contacted.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

import dns.exception
import dns.message
import dns.rcode
import dns.resolver

from ..mail.errors import UnansweredError
from ..run.threads import in_parallel
from . import authority
from .answer import exchange
from .query import WORKERS
from .resolver import Once, recursive_answer, values

MOST = 20  # MX hosts of a domain, a bound on the queries that foreign records can cause
KNOWN_HOSTS = 1 << 14  # MX hosts whose answers are kept, a bound on memory
GIVES_UP = 2 * WORKERS  # questions in a row without an answer: no resolver is there


class Reception(StrEnum):
    """Reception of mail by a domain."""

    RECEIVES = "the domain receives mail"
    ABSENT = "the domain does not exist"
    NO_SERVER = "the domain has neither an MX record nor an address"
    NULL_MX = "the domain receives no mail (null MX, RFC 7505)"
    NO_ADDRESS = "no MX host of the domain has an address"
    UNKNOWN = "no answer from the DNS about the domain"


class Receptions:
    """
    Asks these resolvers about many domains, or the system's resolvers if there are none.

    Each domain is asked about once, and each MX host once for all domains. After GIVES_UP questions
    in a row without an answer, the other domains are unknown.
    """

    def __init__(self, addresses: authority.Addresses = (), port: int = 53) -> None:
        self._resolver = authority.resolver_at(addresses, port)
        self._has_address = Once(self._find_address, KNOWN_HOSTS)
        self._silent = 0

    @property
    def gave_up(self) -> bool:
        """Tell that no resolver answers, so that the other domains are not asked about."""
        return self._silent >= GIVES_UP

    def of_all(self, domains: Iterable[str], found: Callable[[int], None]) -> dict[str, Reception]:
        """Return the reception of each domain, WORKERS at a time; `found` gets their number."""
        receptions: dict[str, Reception] = {}
        waiting = iter(domains)

        def take(_: int) -> None:
            for domain in waiting:
                receptions[domain] = self.of(domain)
                found(len(receptions))

        in_parallel(take, range(WORKERS), WORKERS)
        return receptions

    def of(self, domain: str) -> Reception:
        """Return the reception of a domain in its DNS form."""
        try:
            answer = self._answer(domain, "MX")
            if answer.rcode() == dns.rcode.NXDOMAIN:
                return Reception.ABSENT
            targets = [exchange(value) for value in values(answer, "MX")]
            if targets == [""]:
                return Reception.NULL_MX
            if targets:
                found = _any(self._has_address, targets[:MOST])
            else:
                found = self._find_address(domain)
        except UnansweredError:
            return Reception.UNKNOWN
        if found:
            return Reception.RECEIVES
        return Reception.NO_ADDRESS if targets else Reception.NO_SERVER

    def _find_address(self, host: str) -> bool:
        return bool(host) and _any(
            lambda rdtype: bool(values(self._answer(host, rdtype), rdtype)), ("A", "AAAA")
        )

    def _answer(self, name: str, rdtype: str) -> dns.message.Message:
        if self.gave_up:
            raise UnansweredError("no resolver answers")
        try:
            answer = recursive_answer(self._resolver, f"{name}.", rdtype)
        except UnansweredError as error:
            # A resolver that says that it has no answer is there.
            timeout = isinstance(error.__cause__, dns.exception.Timeout)
            self._silent = self._silent + 1 if timeout else 0
            raise
        self._silent = 0
        return answer


def _any(has: Callable[[str], bool], names: Iterable[str]) -> bool:
    """Tell if one of these has it; raise UnansweredError if none has, and one is unknown."""
    unanswered: UnansweredError | None = None
    for name in names:
        try:
            if has(name):
                return True
        except UnansweredError as error:
            unanswered = error
    if unanswered:
        raise unanswered
    return False
