"""DNS lookups that an SPF policy costs its receivers (RFC 7208 section 4.6.4).

`include`, `a`, `mx`, `ptr`, `exists` and `redirect` cost a lookup each, and the lookups of an
included policy count too. At the eleventh lookup, or the third without an answer, a receiver stops
and treats the policy as broken, for all mail. The owner of an included policy may add lookups at
any time.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from .errors import MailError
from .spf import Spf, is_policy, name_of, target_of

MAX_LOOKUPS = 10
MAX_VOID = 2
ENOUGH = 40  # lookups that are counted: policies may include each other without an end

TYPES = {
    "include": ("TXT",),
    "redirect": ("TXT",),
    "mx": ("MX",),
    "a": ("A", "AAAA"),
    "exists": ("A",),
}

SpfLookup = Callable[[str, str], tuple[str, ...] | None]
"""Values of a name and type, TXT as plain text; None without an answer."""


@dataclass(frozen=True)
class Cost:
    """One lookup, and the term of the policy that causes it."""

    term: str
    name: str
    answer: tuple[str, ...] | None


def costs(policy: Spf, domain: str, lookup: SpfLookup) -> Iterator[Cost]:
    """Yield every lookup that a domain's policy may cost; endlessly where it includes itself."""
    for term in policy.lookups:
        name = target_of(term, domain)
        answer = _answer(name_of(term), name, lookup)
        yield Cost(term, name, answer)
        for inner in _included(term, answer):
            for cost in costs(inner, name, lookup):
                yield Cost(term, cost.name, cost.answer)


def limited(policy: Spf, domain: str, lookup: SpfLookup) -> str:
    """Raise MailError for a policy with too many lookups; return a note on those without answer."""
    spent = list(islice(costs(policy, domain, lookup), ENOUGH))
    if len(spent) > MAX_LOOKUPS:
        many = f"{ENOUGH} or more" if len(spent) == ENOUGH else len(spent)
        each = Counter(cost.term for cost in spent)
        raise MailError(
            f"the SPF policy would cost {many} DNS lookups where {MAX_LOOKUPS} are allowed: remove "
            f"some of {', '.join(f'{term} ({count})' for term, count in each.most_common())}"
        )
    void = [cost for cost in spent if cost.answer == ()]
    if len(void) > MAX_VOID:
        raise MailError(
            f"the SPF policy would look up {len(void)} names that do not exist, and {MAX_VOID} are "
            f"allowed: remove the terms for {', '.join(cost.name for cost in void)}"
        )
    silent = [cost.name for cost in spent if cost.answer is None]
    return f"lookups not counted, without an answer: {', '.join(silent)}" if silent else ""


def _answer(kind: str, name: str, lookup: SpfLookup) -> tuple[str, ...] | None:
    if "%" in name or kind not in TYPES:
        return (name,)  # the name depends on the sender
    answer: tuple[str, ...] | None = ()
    for record_type in TYPES[kind]:
        answer = lookup(name, record_type)
        if answer != ():
            return answer
    return answer


def _included(term: str, answer: tuple[str, ...] | None) -> Iterator[Spf]:
    if name_of(term) in ("include", "redirect"):
        policies = [text for text in answer or () if is_policy(text)]
        with suppress(MailError):  # a policy that is not valid includes nothing
            yield from map(Spf.parse, policies if len(policies) == 1 else ())
