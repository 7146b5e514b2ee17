"""SPF as a receiver evaluates it (RFC 7208 section 4), with the World's names."""

import time
from dataclasses import dataclass

from ...mail.spf_evaluation import POSTMASTER, PermError, Sender, SpfLookup, SpfReceiver, TempError
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


def evaluated(address: str, sender: str, helo: str, lookup: NameLookup) -> Evaluation:
    """
    Evaluate MAIL FROM; without one, HELO alone, as for bounces (section 2.4).

    A sender that is a domain alone stands for its postmaster.
    """
    local, _, domain = sender.rpartition("@")
    name = domain or helo
    receiver = SpfReceiver(Sender.of(address, name, helo, local or POSTMASTER), _timed(lookup))
    try:
        decision = receiver.of_domain(name)
        result, decided = decision.result, decision.term or "no term: none matches"
    except PermError as error:
        result, decided = "permerror", str(error)
    except TempError as error:
        result, decided = "temperror", str(error)
    return Evaluation(result, decided[:_LONGEST], receiver.lookups, receiver.void)


def or_none(lookup: NameLookup) -> SpfLookup:
    """Return a lookup that has None for names without an answer."""

    def known(name: str, record_type: str) -> tuple[str, ...] | None:
        try:
            return lookup(name, record_type)
        except UnansweredError:
            return None

    return known


def _timed(lookup: NameLookup) -> SpfLookup:
    """Return a lookup that gives up after a receiver's patience, with the reason."""
    deadline = time.monotonic() + _SECONDS

    def known(name: str, record_type: str) -> tuple[str, ...]:
        if time.monotonic() > deadline:
            raise TempError(f"no result within {_SECONDS:g} s", name)
        try:
            return lookup(name, record_type)
        except UnansweredError as problem:
            raise TempError(str(problem), name) from problem

    return known
