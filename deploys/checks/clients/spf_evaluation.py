"""
SPF as a receiver evaluates it (RFC 7208 section 4), by pyspf, with the World's names.

pyspf would use the system's resolver. Here its queries go to the World's names, so that the
resolvers of the inventory are used.
"""

import time
from dataclasses import dataclass
from typing import Any

import spf as pyspf

from ..core.world import NameLookup, UnansweredError

_SECONDS = 20.0  # RFC 7208 section 4.6.4: at least this long, for all of it
_LONGEST = 200  # characters of a foreign policy that are repeated


@dataclass(frozen=True)
class Evaluation:
    """The result of a policy for one sender, the term that decided, and the lookups."""

    result: str
    decided: str = ""
    lookups: int = 0
    void: int = 0


def evaluated(address: str, domain: str, helo: str, lookup: NameLookup) -> Evaluation:
    """Evaluate MAIL FROM of a domain; without one, HELO alone, as for bounces (section 2.4)."""
    sender = f"postmaster@{domain}" if domain else ""
    try:
        query = _Query(address, sender, helo, lookup)
        result, _, words = query.check()
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError) as bug:
        # The policy is outside of pyspf's grammar; a receiver could not read it either.
        return Evaluation("permerror", f"a policy that pyspf cannot read: {bug}"[:_LONGEST])
    decided = words if result in ("permerror", "temperror") else _decided(query)
    return Evaluation(result, decided[:_LONGEST], query.lookups, query.void_lookups)


def _decided(query: "_Query") -> str:
    return query.mechanism or "no term: none matches"


class _Query(pyspf.query):  # type: ignore[misc] # pyspf has no types
    lookups: int
    void_lookups: int
    mechanism: str | None

    def __init__(self, address: str, sender: str, helo: str, lookup: NameLookup) -> None:
        super().__init__(i=address, s=sender, h=helo)
        self._lookup = lookup
        self._deadline = time.monotonic() + _SECONDS

    def dns(
        self, name: object, qtype: str, cnames: object = None, *, ignore_void: bool = False
    ) -> list[Any]:
        """Return values in the forms that pyspf has from dnspython; the lookup follows aliases."""
        del cnames
        name = str(name).removesuffix(".").lower()
        if not all(0 < len(label) < 64 for label in name.split(".")):  # noqa: PLR2004 - RFC 1035
            return []
        if time.monotonic() > self._deadline:
            raise pyspf.TempError(f"no result within {_SECONDS:g} s")
        try:
            found = [_form(qtype, value) for value in self._lookup(name, qtype)]
        except UnansweredError as problem:
            raise pyspf.TempError(str(problem)) from problem
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > pyspf.MAX_VOID_LOOKUPS:
                raise pyspf.PermError(f"more than {pyspf.MAX_VOID_LOOKUPS} void lookups", name)
        return found


def _form(qtype: str, value: str) -> object:
    if qtype == "MX":
        preference, exchange = value.split()
        return int(preference), exchange
    if qtype == "TXT":
        return (value.encode(errors="replace"),)
    return value.removesuffix(".")
