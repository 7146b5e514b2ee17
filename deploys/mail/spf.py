"""SPF policies: parser and merge (RFC 7208).

A policy is `v=spf1` and terms. Receivers try the mechanisms (`mx`, `ip4:203.0.113.25`,
`include:other.example`) from left to right until one matches the sending host. Its qualifier (`+`
pass, `-` fail, `~` softfail, `?` neutral) is the result. `all` matches every host and comes last.
The modifiers are `redirect=` and `exp=`. A domain has exactly one policy, so another sender must be
merged into it. `spf_cost` counts the DNS lookups of a policy.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import spf as pyspf

from .errors import MailError

VERSION = "v=spf1"
MAX_OCTETS = 512  # RFC 7208 section 3.4: every DNS path carries as much over UDP
LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists"})  # section 4.6.4
DEFAULT_ALL = "~all"  # of a new policy: a receiver does not refuse forwarded mail for it
STRICTNESS = "+?~-"  # qualifiers, the stricter ones last


def is_policy(text: str) -> bool:
    """Tell an SPF policy from the other TXT records of a name (RFC 7208 section 4.5)."""
    return text.partition(" ")[0].lower() == VERSION


@dataclass(frozen=True)
class Spf:
    """A policy: the terms after `v=spf1`, as written and in their order."""

    terms: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Spf":
        """Return a policy from its text; raise MailError with the term that is not valid."""
        if not is_policy(text):
            raise MailError(
                f"{text!r} is not an SPF policy: one begins with {VERSION!r} and a space"
            )
        policy = cls(tuple(term for term in text.split(" ")[1:] if term))
        try:
            _check_syntax(policy.terms)
        except pyspf.PermError as error:
            raise MailError(f"the SPF policy {text!r} is broken ({error}): correct it") from None
        return policy

    def __str__(self) -> str:
        return " ".join((VERSION, *self.terms))

    @property
    def lookups(self) -> tuple[str, ...]:
        """Return the terms that cost a DNS lookup: those before `all`, or all and `redirect`."""
        asking = tuple(term for term in self._tried() if name_of(term) in LOOKUPS)
        last = () if self.all else (term for term in self.terms if name_of(term) == "redirect")
        return (*asking, *last)

    @property
    def all(self) -> str:
        """Return the term that matches every host, or ""."""
        return next((term for term in self.terms if name_of(term) == "all"), "")

    @property
    def permitting(self) -> tuple[str, ...]:
        """Return the terms that permit a host to send."""
        passing = (term for term in self._tried() if _strictness(term) == 0)
        modifiers = {"redirect"} if not self.all else set()
        return tuple(
            term for term in passing if name_of(term) in modifiers or not _is_modifier(term)
        )

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the mechanisms after `all`, which receivers never try (section 5.1)."""
        after = self.terms[len(self._tried()) + 1 :]
        return tuple(term for term in after if not _is_modifier(term))

    def effective(self) -> Iterator[str]:
        """Yield the mechanisms before `all`, which receivers try, in one spelling."""
        return map(_spelling, self._tried())

    def stricter(self, term: str) -> "Spf":
        """Return the policy with this `all`, if its own is less strict or it has none."""
        if any(name_of(known) == "redirect" for known in self.lookups):
            return self  # the domain of the redirect decides
        if not self.all:
            return Spf((*self.terms, term))
        if _strictness(self.all) >= _strictness(term):
            return self
        return Spf(tuple(term if known == self.all else known for known in self.terms))

    def _tried(self) -> tuple[str, ...]:
        end = self.terms.index(self.all) if self.all else len(self.terms)
        return self.terms[:end]


def merged(ours: Spf, existing: Iterable[str], *, strict: bool = False) -> Spf:
    """
    Return the one policy for a name whose TXT records are `existing`.

    Without an existing policy it is ours. An existing policy keeps every term and the qualifier of
    its `all`, and gets the mechanisms of ours that it lacks. If ours is `strict`, it becomes as
    strict. If ours permits no host, and the existing one permits some, it raises MailError.
    """
    policies = [text for text in existing if is_policy(text)]
    if len(policies) > 1:  # RFC 7208 section 4.5: receivers treat this as an error
        raise MailError(
            f"{len(policies)} SPF policies are published where one is allowed, so none counts: "
            f"merge {' and '.join(map(repr, sorted(policies)))} into one"
        )
    policy = _joined(ours, Spf.parse(policies[0])) if policies else ours
    if strict:
        policy = policy.stricter(ours.all)
    if len(str(policy)) > MAX_OCTETS:
        raise MailError(
            f"the SPF policy would have {len(str(policy))} octets where {MAX_OCTETS} are safe: "
            f"shorten {str(policy)!r}"
        )
    return policy


def name_of(term: str) -> str:
    """Return the mechanism or modifier of a term, without its qualifier."""
    name, *_ = pyspf.RE_MODIFIER.split(term)[1:] or pyspf.parse_mechanism(term, "")
    return str(name).lower().lstrip(STRICTNESS)


def target_of(term: str, domain: str) -> str:
    """Return the name that a term of a domain's policy asks the DNS about."""
    _, name, *_ = pyspf.RE_MODIFIER.split(term)[1:] or pyspf.parse_mechanism(term, domain)
    return str(name).lower().rstrip(".")


def _joined(ours: Spf, theirs: Spf) -> Spf:
    if not ours.permitting and theirs.permitting:
        raise MailError(
            f"the SPF policy {str(theirs)!r} permits {' '.join(theirs.permitting)}, and "
            "mail_silent_domains says that the name sends no mail; remove one of the two"
        )
    tried = set(theirs.effective())
    missing = (term for term in ours.effective() if term not in tried)
    return Spf((*missing, *theirs.terms))


def _is_modifier(term: str) -> bool:
    return bool(pyspf.RE_MODIFIER.split(term)[1:])


def _strictness(term: str) -> int:
    return max(STRICTNESS.find(term[0]), 0)


def _check_syntax(terms: Iterable[str]) -> None:
    modifiers: list[str] = []
    for term in terms:
        parts = pyspf.RE_MODIFIER.split(term)[1:]
        if not parts:
            _query().validate_mechanism(term)
            continue
        name = parts[0].lower()
        modifiers.append(name)
        if name in ("redirect", "exp"):  # RFC 7208 section 6: at most once each
            _check_domain(term, parts[1], first=modifiers.count(name) == 1)


def _check_domain(term: str, domain: str, *, first: bool) -> None:
    if not first:
        raise pyspf.PermError("allowed only once", term)
    if not domain:
        raise pyspf.PermError("names no domain", term)
    _query().expand_domain(domain)


def _query() -> Any:  # noqa: ANN401 - pyspf has no types
    query = pyspf.query(i="192.0.2.1", s="postmaster@policy.invalid", h="policy.invalid")
    query.p = "unknown"  # else the %{p} macro would be looked up in the DNS
    return query


def _spelling(term: str) -> str:
    return term.lower().removeprefix("+")
