"""DMARC: what receivers shall do with mail that only claims to be from a domain (RFC 7489).

The TXT record at `_dmarc.<domain>` is a list of tags: `v=DMARC1; p=reject; rua=mailto:...`. Mail
passes if SPF or DKIM passes for a domain that is aligned with the one in the From header; for the
rest, `p` asks for nothing (`none`), the spam folder (`quarantine`) or refusal (`reject`), and `rua`
says who gets the daily reports. Turning `none` into `reject` is a decision of the domain's owner,
made on those reports; that is why a policy that exists is never touched.
"""

from dataclasses import dataclass
from typing import Literal

from dkim.util import InvalidTagValueList, parse_tag_value

from deploys.mail.errors import MailError

Policy = Literal["none", "quarantine", "reject"]

# RFC 7489 section 6.3; tags that are not listed there are ignored by receivers and kept here.
_CHOICES = {
    "p": ("none", "quarantine", "reject"),
    "sp": ("none", "quarantine", "reject"),
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "pct": tuple(map(str, range(101))),
}


def is_policy(text: str) -> bool:
    """Tell a DMARC policy from other TXT records at its name (RFC 7489 section 6.6.3)."""
    name, _, version = text.partition(";")[0].partition("=")
    return (name.strip(), version.strip()) == ("v", "DMARC1")


@dataclass(frozen=True)
class Dmarc:
    """A policy: its tags in their order."""

    tags: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, policy: Policy) -> "Dmarc":
        """Return the policy with no other tag."""
        return cls((("v", "DMARC1"), ("p", policy)))

    @classmethod
    def parse(cls, text: str) -> "Dmarc":
        """Read a policy; raise MailError that names the tag no receiver would understand."""
        if not is_policy(text):
            raise MailError(f"{text!r} is not a DMARC policy: one begins with 'v=DMARC1;'")
        try:
            tags = parse_tag_value(text.encode())
        except InvalidTagValueList as error:
            part = error.args[0].decode().strip()
            raise MailError(
                f"the DMARC policy {text!r} is broken at {part!r}: write name=value, each name once"
            ) from None
        policy = cls(tuple((name.decode(), value.decode()) for name, value in tags.items()))
        policy._check(text)
        return policy

    def __str__(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.tags)

    def __getitem__(self, name: str) -> str:
        return dict(self.tags)[name]

    def _check(self, text: str) -> None:
        tags = dict(self.tags)
        if "p" not in tags:
            raise MailError(f"the DMARC policy {text!r} asks for nothing: add 'p=none'")
        for name, choices in _CHOICES.items():
            if name in tags and tags[name].lower() not in choices:
                wanted = "0 to 100" if name == "pct" else " or ".join(choices)
                raise MailError(
                    f"the DMARC policy {text!r} has {name}={tags[name]}: write {wanted} there"
                )
