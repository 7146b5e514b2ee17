"""DMARC: what receivers shall do with mail that only claims to be from a domain (RFC 7489).

The TXT record at `_dmarc.<domain>` is a list of tags: `v=DMARC1; p=reject; rua=mailto:...`. Mail
passes if SPF or DKIM passes for a domain that is aligned with the one in the From header; for the
rest, `p` asks for nothing (`none`), the spam folder (`quarantine`) or refusal (`reject`), and `rua`
says who gets the daily reports. These three are a ladder: each step is a decision of the domain's
owner, made on those reports. So a policy that exists is never lowered, and raised one step at a
time, where more is asked for.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import unquote

from .errors import MailError
from .names import domain_name
from .tags import is_version, mailto, tags, written

Policy = Literal["none", "quarantine", "reject"]
VERSION = "DMARC1"
LADDER: tuple[Policy, ...] = get_args(Policy)
EVIDENCE = (
    "the step wants some weeks of reports in which all mail of the domain passes SPF or DKIM with "
    "its own name"
)

# RFC 7489 section 6.3; tags that are not listed there are ignored by receivers and kept here.
_CHOICES = {
    "p": LADDER,
    "sp": LADDER,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "pct": tuple(map(str, range(101))),
}


def is_policy(text: str) -> bool:
    """Tell a DMARC policy from other TXT records at its name (RFC 7489 section 6.6.3)."""
    return is_version(text, VERSION)


@dataclass(frozen=True)
class Dmarc:
    """A policy: its tags in their order."""

    tags: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, policy: Policy, reports: Iterable[str] = ()) -> "Dmarc":
        """Return the policy that has its reports sent to these mail addresses."""
        uris = ",".join(mailto(address) for address in reports)
        rua = (("rua", uris),) if uris else ()
        return cls((("v", VERSION), ("p", policy), *rua))

    @classmethod
    def parse(cls, text: str) -> "Dmarc":
        """Read a policy; raise MailError that names the tag no receiver would understand."""
        policy = cls(tuple(tags(text, "DMARC policy", VERSION).items()))
        policy._check(text)
        return policy

    def __str__(self) -> str:
        return written(dict(self.tags))

    def __getitem__(self, name: str) -> str:
        return dict(self.tags)[name]

    def reports(self, tag: str) -> tuple[str, ...]:
        """Return the URIs that `rua` or `ruf` names."""
        found = dict(self.tags).get(tag, "")
        return tuple(uri.strip() for uri in found.split(",") if uri.strip())

    @property
    def step(self) -> int:
        """Return which step of the ladder the policy stands on."""
        return LADDER.index(self["p"].lower())

    def completed(self, asked: "Dmarc", *, steps: int = 1) -> "Dmarc":
        """Return the policy so many steps nearer to what is asked, and with reports if needed."""
        found, wanted = dict(self.tags), dict(asked.tags)
        if self.step < asked.step:
            found["p"] = LADDER[min(self.step + steps, asked.step)]
        if "rua" in wanted:
            found.setdefault("rua", wanted["rua"])
        return Dmarc(tuple(found.items()))

    def reason(self, before: "Dmarc", asked: "Dmarc") -> str:
        """Say what a policy that was `before` has become, and on what evidence."""
        parts = []
        if self.step > before.step:
            parts.append(f"{before['p']} becomes {self['p']}: {EVIDENCE}")
            if "rua" not in dict(before.tags):
                parts.append("so far nobody gets these reports; set mail_dmarc_reports")
        if self.step < asked.step:
            parts.append(f"{asked['p']} is asked for, and a later run takes that next step")
        return "; ".join(parts)

    def _check(self, text: str) -> None:
        found = dict(self.tags)
        if "p" not in found:
            raise MailError(f"the DMARC policy {text!r} asks for nothing: add 'p=none'")
        for name, choices in _CHOICES.items():
            if name in found and found[name].lower() not in choices:
                wanted = "0 to 100" if name == "pct" else " or ".join(choices)
                raise MailError(
                    f"the DMARC policy {text!r} has {name}={found[name]}: write {wanted} there"
                )


def receiver(uri: str) -> str:
    """Return the domain of the mailbox that a URI of reports names; raise MailError without one."""
    scheme, _, rest = uri.partition(":")
    # Section 6.2: "!10m" limits the size of what is sent.
    local, _, domain = unquote(rest.partition("!")[0].partition("?")[0]).rpartition("@")
    if scheme.lower() == "mailto" and local:
        with suppress(ValueError):
            return domain_name(domain)
    raise MailError(f"nobody sends DMARC reports to {uri!r}: write mailto:... with a mail address")


def consent(domain: str, reports: Iterable[str]) -> tuple[str, ...]:
    """
    Return where others have to say that they take a domain's reports (RFC 7489 section 7.1).

    What they say is `v=DMARC1`; without that, receivers send them nothing.
    """
    targets = dict.fromkeys(address.rpartition("@")[2] for address in reports)
    return tuple(
        f"{domain}._report._dmarc.{target}" for target in targets if not _related(domain, target)
    )


def _related(domain: str, target: str) -> bool:
    # Names with one organizational domain need no consent; below each other they surely have one.
    return f".{domain}".endswith(f".{target}") or f".{target}".endswith(f".{domain}")
