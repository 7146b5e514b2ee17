"""
Cost of a whole SPF policy, with all that it includes (RFC 7208 section 4.6.4).

`include`, `a`, `mx`, `ptr`, `exists` and `redirect` cost a lookup each, and the lookups of an
included policy count too. An `include` or `redirect` without a policy that can be read makes the
policy broken for every sender that no earlier term matches. The owner of an included policy may add
lookups, or remove the policy, at any time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from .errors import MailError
from .spf import Spf
from .spf_evaluation import (
    IPV4,
    IPV6,
    MAX_LOOKUPS,
    MAX_VOID,
    Decision,
    IpNetwork,
    PermError,
    Sender,
    SpfLookup,
    SpfReceiver,
    TempError,
)
from .spf_terms import Term

ENOUGH = 40  # lookups that are counted: policies may include each other without an end


@dataclass(frozen=True)
class Cost:
    """
    Lookups of a whole policy, for a sender of each family that no term matches.

    + spent: for each lookup the term of the policy that causes it
    + void: the names without a result, by the version of the sender's address
    + served: the versions of addresses that the policy may permit
    + silent: names without an answer, so that what they include is not counted
    + faults: terms that no receiver can evaluate, each with its reason
    """

    spent: tuple[str, ...]
    void: dict[int, tuple[str, ...]]
    served: frozenset[int]
    silent: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The names that have no result for any sender."""
        return tuple(name for name in self.void[IPV4] if name in self.void[IPV6])

    @property
    def worst(self) -> tuple[int, tuple[str, ...]]:
        """The version with most names without a result, and these, for senders that may pass."""
        return max(
            ((version, self.void[version]) for version in sorted(self.served)),
            key=lambda family: len(family[1]),
            default=(IPV4, self.missing),
        )

    @property
    def excess(self) -> str:
        """The sentence about more lookups than a receiver makes, or ""."""
        if len(self.spent) > MAX_LOOKUPS:
            many = f"{ENOUGH} or more" if len(self.spent) == ENOUGH else len(self.spent)
            each = Counter(self.spent).most_common()
            return (
                f"the SPF policy would cost {many} DNS lookups where {MAX_LOOKUPS} are allowed: "
                f"remove some of {', '.join(f'{term} ({count})' for term, count in each)}"
            )
        if len(self.missing) > MAX_VOID:
            return (
                f"the SPF policy would look up {len(self.missing)} names that do not exist, and "
                f"{MAX_VOID} are allowed: remove the terms for {', '.join(self.missing)}"
            )
        return ""

    @property
    def broken(self) -> str:
        """The sentence about terms that no receiver can evaluate, or ""."""
        if not self.faults:
            return ""
        return (
            "every sender that no earlier term matches gets permerror, so correct or remove "
            f"{', '.join(self.faults)}"
        )

    @property
    def gaps(self) -> str:
        """The sentence about a family whose senders cause too many void lookups, or ""."""
        version, void = self.worst
        if len(void) <= MAX_VOID:
            return ""
        return (
            f"IPv{version} senders cause {len(void)} lookups without a result where {MAX_VOID} are "
            f"allowed, so remove some of the terms for {', '.join(void)}"
        )


def cost(policy: Spf, domain: str, lookup: SpfLookup) -> Cost:
    """Return the lookups of a domain's whole policy."""
    once = cache(lookup)  # both families ask for most names
    walks = {version: _Walk(Sender(version, domain), once) for version in (IPV4, IPV6)}
    for walk in walks.values():
        with suppress(_EnoughError):
            walk.of_policy(policy, domain)
    return Cost(
        max((tuple(walk.spent) for walk in walks.values()), key=len),
        {version: tuple(walk.empty) for version, walk in walks.items()},
        frozenset(version for version, walk in walks.items() if walk.serves),
        tuple(dict.fromkeys(name for walk in walks.values() for name in walk.silent)),
        tuple(dict.fromkeys(fault for walk in walks.values() for fault in walk.faults)),
    )


def limited(policy: Spf, domain: str, lookup: SpfLookup) -> str:
    """Raise MailError for a policy that is broken for all; return a remark on the rest."""
    found = cost(policy, domain, lookup)
    if found.excess:
        raise MailError(found.excess)
    silent = f"lookups not counted, without an answer: {', '.join(found.silent)}"
    return "; ".join(filter(None, (found.broken, found.gaps, silent if found.silent else "")))


def faults(policy: Spf, domain: str, lookup: SpfLookup) -> str:
    """Return a sentence about the senders for whom a policy is broken, or ""."""
    found = cost(policy, domain, lookup)
    return "; ".join(filter(None, (found.excess, found.broken, found.gaps)))


class _EnoughError(Exception):
    """More lookups than are counted."""


class _Walk(SpfReceiver):
    """An evaluation that goes on after faults, and stops at no limit of a receiver."""

    def __init__(self, sender: Sender, lookup: SpfLookup) -> None:
        super().__init__(sender, lookup)
        self.spent: list[str] = []
        self.empty: list[str] = []
        self.silent: list[str] = []
        self.faults: list[str] = []
        self.serves = False
        self._path: list[Term] = []

    def matches(self, term: Term, domain: str) -> bool:
        with self._within(term):
            return super().matches(term, domain)
        return False

    def redirected(self, term: Term, domain: str) -> Decision:
        with self._within(term):
            return super().redirected(term, domain)
        return Decision("neutral")

    def spend(self, term: Term) -> None:
        del term  # the policy's own term causes it, also where an included policy spends
        self.spent.append(self._path[0].text)
        if len(self.spent) == ENOUGH:
            raise _EnoughError

    def found_nothing(self, name: str) -> None:
        self.empty.append(name)

    def covers(self, networks: Iterable[IpNetwork]) -> bool:
        versions = {network.version for network in networks}
        self.serves = self.serves or self.sender.version in versions
        return False

    def unknown(self) -> bool:
        self.serves = True
        return False

    @contextmanager
    def _within(self, term: Term) -> Iterator[None]:
        self._path.append(term)
        try:
            yield
        except PermError as error:
            outer = (one.text for one in self._path[:-1])
            self.faults.append(": ".join((*outer, str(error))))
        except TempError as error:
            self.silent.append(error.name)
        finally:
            self._path.pop()
