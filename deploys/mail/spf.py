"""SPF: a domain says in one TXT record which hosts may send its mail (RFC 7208).

A policy is `v=spf1` and terms. Mechanisms (`mx`, `ip4:203.0.113.25`, `include:other.example`) are
tried from left to right until one matches the sending host, and its qualifier (`+` pass, `-` fail,
`~` softfail, `?` neutral) is the verdict; `all` matches everybody and so comes last. Modifiers
(`redirect=`, `exp=`) stand beside them. A domain has exactly one policy, so whoever wants to be let
in has to be merged into it. What it costs its readers is in `spf_cost`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import spf as pyspf

from .errors import MailError

VERSION = "v=spf1"
MAX_OCTETS = 512  # RFC 7208 section 3.4: what every DNS path carries over UDP
LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists"})  # section 4.6.4
DEFAULT_ALL = "~all"  # of a new policy: forwarded mail is doubted, and not refused
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
        """Read a policy; raise MailError that quotes the term no receiver would understand."""
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
        """The terms that make a receiver ask the DNS: those before `all`, or all and `redirect`."""
        asking = tuple(term for term in self._tried() if name_of(term) in LOOKUPS)
        last = () if self.all else (term for term in self.terms if name_of(term) == "redirect")
        return (*asking, *last)

    @property
    def all(self) -> str:
        """The term that matches everybody, or nothing."""
        return next((term for term in self.terms if name_of(term) == "all"), "")

    @property
    def lets_in(self) -> tuple[str, ...]:
        """The terms because of which somebody may send."""
        passing = (term for term in self._tried() if _strictness(term) == 0)
        ways = {"redirect"} if not self.all else set()
        return tuple(term for term in passing if name_of(term) in ways or not _is_modifier(term))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The mechanisms that are never tried, as they stand behind `all` (section 5.1)."""
        behind = self.terms[len(self._tried()) + 1 :]
        return tuple(term for term in behind if not _is_modifier(term))

    def effective(self) -> Iterator[str]:
        """Yield the mechanisms that are ever tried, in one spelling: those before `all`."""
        return map(_spelling, self._tried())

    def stricter(self, term: str) -> "Spf":
        """Return the policy with this `all`, if its own is less strict or it has none."""
        if any(name_of(known) == "redirect" for known in self.lookups):
            return self  # the domain that it leads to decides
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

    Without a policy among them it is ours. Else it is theirs, every term of it and the qualifier
    of its `all`, with those of our mechanisms in front that it does not try already. A `strict`
    policy of ours makes theirs as strict; one that lets nobody in does not join one that does.
    """
    policies = [text for text in existing if is_policy(text)]
    if len(policies) > 1:  # RFC 7208 section 4.5: receivers treat this as an error
        raise MailError(
            f"{len(policies)} SPF policies are published where one is allowed, so none counts: "
            f"make one of {' and '.join(map(repr, sorted(policies)))}"
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
    if not ours.lets_in and theirs.lets_in:
        raise MailError(
            f"{' '.join(theirs.lets_in)} may send its mail, by the SPF policy {str(theirs)!r}, and "
            "mail_silent_domains says that nobody does; take it out of one of them"
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
