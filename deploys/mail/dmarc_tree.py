"""
DNS Tree Walk: the DMARC policy and the organizational domain of a name (RFC 9989 section 4.10).

A name without a policy of its own has that of a name above it. The walk asks for a policy at the
name itself, and then at each name above, but at eight names at most. It ends early at a policy with
`psd=n`, which begins an organization, or with `psd=y`, which is of a public suffix. Two names with
one organizational domain are aligned.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from .dmarc import Dmarc, is_policy
from .errors import MailError
from .names import LONGEST

Texts = Callable[[str], tuple[str, ...]]
"""TXT values of a name, each as plain text."""

MOST = 8  # names at which a walk asks


@dataclass(frozen=True)
class Found:
    """A policy, and the domain at which it was found."""

    domain: str
    policy: Dmarc

    def step(self, domain: str, *, exists: bool = True) -> int:
        """Return the policy for a domain here or below, as a number (section 4.10.1)."""
        at_home = domain == self.domain
        return self.policy.step if at_home else self.policy.step_below(exists=exists)


def record_name(domain: str) -> str:
    """Return the name of a domain's policy."""
    return f"_dmarc.{domain}"


def discovered(domain: str, texts: Texts) -> Found | None:
    """Return the policy for a domain; raise MailError if its own is not valid (section 4.10.1)."""
    own = _single_policy(domain, texts)
    return Found(domain, Dmarc.parse(own)) if own else inherited(domain, texts)


def inherited(domain: str, texts: Texts) -> Found | None:
    """Return the policy for a domain without one of its own."""
    found = list(_walk(targets(domain)[1:], texts))
    organization = _organization(domain, found)
    # Without a policy of the organization, that of its public suffix applies, which is the last.
    last = found[-1] if found else None
    return next((one for one in found if one.domain == organization), last)


def organizational_domain(domain: str, texts: Texts) -> str:
    """Return the organizational domain of a domain (section 4.10.2)."""
    return _organization(domain, list(_walk(targets(domain), texts)))


def targets(domain: str) -> tuple[str, ...]:
    """Return the domains at which a walk asks, beginning with the domain itself."""
    labels = domain.split(".")
    above = range(max(1, len(labels) - MOST + 1), len(labels))
    return (domain, *(".".join(labels[start:]) for start in above))


def _single_policy(domain: str, texts: Texts) -> str:
    """Return the one policy of a domain; several count as none."""
    name = record_name(domain)
    policies = [text for text in texts(name) if is_policy(text)] if len(name) <= LONGEST else []
    return policies[0] if len(policies) == 1 else ""


def _walk(domains: tuple[str, ...], texts: Texts) -> Iterator[Found]:
    for domain in domains:
        policy = _read(_single_policy(domain, texts))
        if policy:
            yield Found(domain, policy)
            if policy["psd"].lower() in ("y", "n"):
                return


def _read(text: str) -> Dmarc | None:
    with suppress(MailError):
        return Dmarc.parse(text)
    return None


def _organization(domain: str, found: list[Found]) -> str:
    """Return the organizational domain by the policies of a walk from a domain."""
    if not found:
        return domain
    last = found[-1].domain
    if found[-1].policy["psd"].lower() == "y" and last != domain:
        below = domain.removesuffix(f".{last}").rpartition(".")[2]
        return f"{below}.{last}"
    return last
