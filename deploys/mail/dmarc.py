"""DMARC policies: parser, and steps from none to reject (RFC 7489).

The TXT record at `_dmarc.<domain>` is a list of tags: `v=DMARC1; p=reject; rua=mailto:...`. Mail
passes if SPF or DKIM passes for a domain that is aligned with the one in the From header. For other
mail `p` asks for nothing (`none`), the spam folder (`quarantine`) or refusal (`reject`). `rua`
names the receivers of the daily reports. The domain's owner takes each step on the evidence of
these reports. So an existing policy is never lowered, and raised by one step at a time.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import unquote

from .errors import MailError
from .names import domain_name
from .tags import is_version, mailto, tags, written

Disposition = Literal["none", "quarantine", "reject"]
VERSION = "DMARC1"
POLICIES: tuple[Disposition, ...] = get_args(Disposition)
EVIDENCE = (
    "the step needs some weeks of reports in which all mail of the domain passes SPF or DKIM with "
    "its own name"
)

# RFC 7489 section 6.3; tags that are not listed there are ignored by receivers and kept here.
_CHOICES = {
    "p": POLICIES,
    "sp": POLICIES,
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
    def of(cls, policy: Disposition, reports: Iterable[str] = ()) -> "Dmarc":
        """Return the policy with reports to these mail addresses."""
        uris = ",".join(mailto(address) for address in reports)
        rua = (("rua", uris),) if uris else ()
        return cls((("v", VERSION), ("p", policy), *rua))

    @classmethod
    def parse(cls, text: str) -> "Dmarc":
        """Return a policy from its text; raise MailError with the tag that is not valid."""
        policy = cls(tuple(tags(text, "DMARC policy", VERSION).items()))
        policy._check(text)
        return policy

    def __str__(self) -> str:
        return written(dict(self.tags))

    def __getitem__(self, name: str) -> str:
        return dict(self.tags)[name]

    def reports(self, tag: str) -> tuple[str, ...]:
        """Return the URIs in `rua` or `ruf`."""
        found = dict(self.tags).get(tag, "")
        return tuple(uri.strip() for uri in found.split(",") if uri.strip())

    @property
    def step(self) -> int:
        """Return the policy as a number: 0 for none, 1 for quarantine, 2 for reject."""
        return POLICIES.index(self["p"].lower())

    def completed(self, desired: "Dmarc", *, steps: int = 1) -> "Dmarc":
        """Return the policy, so many steps nearer to the desired one, and with its reports."""
        found, wanted = dict(self.tags), dict(desired.tags)
        if self.step < desired.step:
            found["p"] = POLICIES[min(self.step + steps, desired.step)]
        if "rua" in wanted:
            found.setdefault("rua", wanted["rua"])
        return Dmarc(tuple(found.items()))

    def reason(self, before: "Dmarc", desired: "Dmarc") -> str:
        """Return the step from the policy `before` to this one, with the evidence it needs."""
        parts = []
        if self.step > before.step:
            parts.append(f"{before['p']} becomes {self['p']}: {EVIDENCE}")
            if "rua" not in dict(before.tags):
                parts.append("no address gets these reports yet; set mail_dmarc_reports")
        if self.step < desired.step:
            parts.append(f"mail_dmarc is {desired['p']}; a later run takes the next step")
        return "; ".join(parts)

    def _check(self, text: str) -> None:
        found = dict(self.tags)
        if "p" not in found:
            raise MailError(f"the DMARC policy {text!r} has no p: add 'p=none'")
        for name, choices in _CHOICES.items():
            if name in found and found[name].lower() not in choices:
                wanted = "0 to 100" if name == "pct" else " or ".join(choices)
                raise MailError(
                    f"the DMARC policy {text!r} has {name}={found[name]}: write {wanted} there"
                )


def receiver(uri: str) -> str:
    """Return the domain of the mail address in a URI of reports; raise MailError without one."""
    scheme, _, rest = uri.partition(":")
    # Section 6.2: "!10m" limits the size of what is sent.
    local, _, domain = unquote(rest.partition("!")[0].partition("?")[0]).rpartition("@")
    if scheme.lower() == "mailto" and local:
        with suppress(ValueError):
            return domain_name(domain)
    raise MailError(f"{uri!r} cannot receive DMARC reports: write mailto:... with a mail address")


def consent(domain: str, reports: Iterable[str]) -> tuple[str, ...]:
    """
    Return the names at which other domains consent to a domain's reports (RFC 7489 section 7.1).

    The record there is `v=DMARC1`; without it receivers send no reports to them.
    """
    targets = dict.fromkeys(address.rpartition("@")[2] for address in reports)
    return tuple(
        f"{domain}._report._dmarc.{target}" for target in targets if not _related(domain, target)
    )


def _related(domain: str, target: str) -> bool:
    # Names with one organizational domain need no consent; a name below the other has the same one.
    return f".{domain}".endswith(f".{target}") or f".{target}".endswith(f".{domain}")
