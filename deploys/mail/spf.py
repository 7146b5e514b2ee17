"""SPF policies: parser and merge (RFC 7208).

A policy is `v=spf1` and terms. Receivers try the mechanisms (`mx`, `ip4:203.0.113.25`,
`include:other.example`) from left to right until one matches the sending host. Its qualifier (`+`
pass, `-` fail, `~` softfail, `?` neutral) is the result. `all` matches every host and comes last.
The modifiers are `redirect=` and `exp=`. A domain has exactly one policy, so another sender must be
merged into it. `spf_terms` is the grammar; `spf_evaluation` evaluates a policy as a receiver.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .errors import MailError
from .spf_terms import MODIFIERS, QUALIFIERS, Term, parsed

VERSION = "v=spf1"
MAX_OCTETS = 512  # RFC 7208 section 3.4: every DNS path carries as much over UDP
_MEANT = re.compile(r"[\s\"']*v\s*=[\s\"']*spf1", re.IGNORECASE)
DEFAULT_ALL = "~all"  # of a new policy: a receiver does not refuse forwarded mail for it


def is_policy(text: str) -> bool:
    """Tell an SPF policy from the other TXT records of a name (RFC 7208 section 4.5)."""
    return text.partition(" ")[0].lower() == VERSION


def is_misspelt(text: str) -> bool:
    """Tell a text that is meant as a policy, and that receivers do not take for one."""
    return bool(_MEANT.match(text)) and not is_policy(text)


def is_all(term: str) -> bool:
    """Tell the mechanism that matches every host, also in a policy that is not valid."""
    return term.lower().lstrip(QUALIFIERS) == "all"


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
            _refuse_second(policy.parsed)
        except MailError as error:
            raise MailError(f"the SPF policy {text!r} is broken ({error}): correct it") from None
        return policy

    def __str__(self) -> str:
        return " ".join((VERSION, *self.terms))

    @property
    def parsed(self) -> tuple[Term, ...]:
        """The terms by the grammar; raise MailError for one that is not valid."""
        return tuple(map(parsed, self.terms))

    @property
    def tried(self) -> tuple[Term, ...]:
        """The mechanisms that receivers try: those before `all`, and `all`."""
        mechanisms = [term for term in self.parsed if not term.is_modifier]
        names = [term.name for term in mechanisms]
        end = names.index("all") + 1 if "all" in names else len(names)
        return tuple(mechanisms[:end])

    @property
    def redirect(self) -> Term | None:
        """The `redirect` that decides where no mechanism matches; `all` matches always."""
        found = (term for term in self.parsed if term.name == "redirect")
        return None if self.all else next(found, None)

    @property
    def all(self) -> str:
        """The term that matches every host, or ""."""
        return next((term.text for term in self.tried if term.name == "all"), "")

    @property
    def permitting(self) -> tuple[str, ...]:
        """The terms that permit a host to send."""
        last = [self.redirect] if self.redirect else []
        before = (term for term in self._before_all() if term.qualifier == "+")
        return tuple(term.text for term in (*before, *last))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The mechanisms after `all`, which receivers never try (section 5.1)."""
        mechanisms = [term.text for term in self.parsed if not term.is_modifier]
        return tuple(mechanisms[len(self.tried) :])

    def effective(self) -> Iterator[str]:
        """Yield the mechanisms before `all`, which receivers try, in one spelling."""
        return (_spelling(term.text) for term in self._before_all())

    def stricter(self, term: str) -> "Spf":
        """Return the policy with this `all`, if its own is less strict or it has none."""
        if self.redirect:
            return self  # the domain of the redirect decides
        if not self.all:
            return Spf((*self.terms, term))
        if parsed(self.all).strictness >= parsed(term).strictness:
            return self
        return Spf(tuple(term if known == self.all else known for known in self.terms))

    def _before_all(self) -> tuple[Term, ...]:
        return tuple(term for term in self.tried if term.name != "all")


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
    return Spf.parse(str(policy))  # what is published is read as receivers read it


def _joined(ours: Spf, theirs: Spf) -> Spf:
    if not ours.permitting and theirs.permitting:
        raise MailError(
            f"the SPF policy {str(theirs)!r} permits {' '.join(theirs.permitting)}, and "
            "mail_silent_domains says that the name sends no mail; remove one of the two"
        )
    tried = set(theirs.effective())
    missing = (term for term in ours.effective() if term not in tried)
    return Spf((*missing, *theirs.terms))


def _refuse_second(terms: Iterable[Term]) -> None:
    """Raise MailError if a modifier that is allowed once stands twice (RFC 7208 section 6)."""
    seen: set[str] = set()
    for term in terms:
        if term.is_modifier and term.name in MODIFIERS:
            if term.name in seen:
                raise MailError(f"{term.text} is the second {term.name}=, and one is allowed")
            seen.add(term.name)


def _spelling(term: str) -> str:
    return term.lower().removeprefix("+").removesuffix(".")
