"""DMARC policies: parser, and steps from none to reject (RFC 9989).

The TXT record at `_dmarc.<domain>` is a list of tags: `v=DMARC1; p=reject; rua=mailto:...`. Mail
passes if SPF or DKIM passes for a domain that is aligned with the one in the From header. For other
mail `p` asks for nothing (`none`), the spam folder (`quarantine`) or refusal (`reject`); `sp` asks
it for subdomains, and `np` for those that do not exist. With `t=y`, receivers go one step less far.
`rua` names the receivers of the daily reports. The domain's owner takes each step on the evidence
of these reports. So an existing policy is never lowered, and raised by one step at a time.

The names of tags are free in their case and order, but `v` is first. Receivers ignore unknown tags,
and parts that are not valid (section 4.8). If `p` is missing, or one of `p`, `sp` and `np` is not
valid, the policy counts as `p=none` if `rua` has a URI, and else not at all (section 4.10.1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from .errors import MailError
from .report_uris import is_uri, listed, mail_domain, mailto, without_size
from .tags import TagList, is_version, written

Disposition = Literal["none", "quarantine", "reject"]
VERSION = "DMARC1"
POLICIES: tuple[Disposition, ...] = get_args(Disposition)
REQUESTS = ("p", "sp", "np")
EVIDENCE = (
    "the step needs some weeks of reports in which all mail of the domain passes SPF or DKIM with "
    "its own name"
)

# RFC 9989 section 4.8; receivers take the default in place of another value.
_CHOICES = {"adkim": "rs", "aspf": "rs", "t": "yn", "psd": "ynu"}
_LISTS = ("rua", "ruf")


def is_policy(text: str) -> bool:
    """Tell a DMARC policy from other TXT records at its name (RFC 9989 section 4.10)."""
    return is_version(text, VERSION, "[vV]")


@dataclass(frozen=True)
class Dmarc:
    """A policy: its tags in their order, and the parts that are no tags."""

    tags: tuple[tuple[str, str], ...]
    rest: tuple[str, ...] = ()

    @classmethod
    def of(cls, policy: Disposition, reports: Iterable[str] = ()) -> "Dmarc":
        """Return the policy with reports to these mail addresses."""
        uris = ",".join(mailto(address) for address in reports)
        rua = (("rua", uris),) if uris else ()
        return cls((("v", VERSION), ("p", policy), *rua))

    @classmethod
    def parse(cls, text: str) -> "Dmarc":
        """Return a policy from its text; raise MailError with the tag that makes it none."""
        if not is_policy(text):
            raise MailError(f"{text!r} is not a DMARC policy: one begins with 'v={VERSION};'")
        found = TagList.parse(text)
        tags = TagList(tuple((name.lower(), value) for name, value in found.tags))
        if tags.repeated:
            raise MailError(
                f"the DMARC policy {text!r} is not valid at {tags.repeated!r}: write name=value, "
                "each name once"
            )
        policy = cls(tags.tags, found.rest)
        for name, value in policy.wrong.items() if not policy.readable("rua") else ():
            raise MailError(
                f"the DMARC policy {text!r} has {name}={value}: write {' or '.join(POLICIES)} there"
            )
        return policy

    def __str__(self) -> str:
        return written(self._found)

    def __getitem__(self, name: str) -> str:
        """Return the value of a tag, or an empty text."""
        return self._found.get(name, "")

    @property
    def _found(self) -> dict[str, str]:
        return dict(self.tags)

    @property
    def wrong(self) -> dict[str, str]:
        """Return those of `p`, `sp` and `np` that are not valid."""
        return {
            name: self[name]
            for name in REQUESTS
            if name in self._found and self[name].lower() not in POLICIES
        }

    @property
    def counts_as_written(self) -> bool:
        """Return whether `p` is there, and all of `p`, `sp` and `np` are valid."""
        return "p" in self._found and not self.wrong

    @property
    def is_applied(self) -> bool:
        """Return whether receivers apply DMARC: without a valid `p` they need a URI in `rua`."""
        return self.counts_as_written or bool(self.readable("rua"))

    @property
    def is_testing(self) -> bool:
        """Return whether receivers are asked for one step less than the policy says."""
        return self["t"].lower() == "y"

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the parts that are not valid, and that receivers ignore."""
        known = [name for name in (*_CHOICES, "fo") if name in self._found]
        wrong = [name for name in known if not _is_valid(name, self[name].lower())]
        return (
            *(part or ";;" for part in self.rest),
            *(f"{name}={self[name]}" for name in wrong),
            *(f"{tag}={uri}" for tag in _LISTS for uri in self.unreadable(tag)),
        )

    def reports(self, tag: str) -> tuple[str, ...]:
        """Return the parts of the list in `rua` or `ruf`."""
        return tuple(filter(None, listed(self[tag])))

    def readable(self, tag: str) -> tuple[str, ...]:
        """Return the URIs in `rua` or `ruf` that are valid, without limits of size."""
        uris = map(without_size, self.reports(tag))
        return tuple(uri for uri in uris if is_uri(uri) and (mail_domain(uri) or not _is_mail(uri)))

    def unreadable(self, tag: str) -> tuple[str, ...]:
        """Return the parts of the list in `rua` or `ruf` that are no valid URIs."""
        readable = self.readable(tag)
        found = tuple(one for one in listed(self[tag]) if without_size(one) not in readable)
        return found if self[tag] or tag not in self._found else ("",)

    @property
    def step(self) -> int:
        """Return the policy for the domain: 0 for none, 1 for quarantine, 2 for reject."""
        return self._step("p")

    def step_below(self, *, exists: bool = True) -> int:
        """Return the policy for a subdomain without one of its own, as a number."""
        return self._step("sp", "p") if exists else self._step("np", "sp", "p")

    def _step(self, *names: str) -> int:
        if not self.counts_as_written:
            return 0
        request = next(self[name] for name in names if name in self._found)
        return max(0, POLICIES.index(request.lower()) - self.is_testing)

    @property
    def doubt(self) -> str:
        """Return why receivers treat the policy as none although it asks for more."""
        if self.counts_as_written or not (self.wrong or self._asks_below):
            return ""
        wrong = " and ".join(f"{name}={value}" for name, value in self.wrong.items())
        why = f"{wrong} is not valid" if wrong else "it has no p"
        return f"receivers treat the policy as none, as {why}; correct it in the zone"

    @property
    def _asks_below(self) -> bool:
        return any(self[name].lower() not in ("", "none") for name in ("sp", "np"))

    def completed(self, desired: "Dmarc", *, steps: int = 1) -> "Dmarc":
        """Return the policy, so many steps nearer to the desired one, and with its reports."""
        found = dict(self.tags)
        step = max(self.step, min(self.step + steps, desired.step))
        # A valid `p` would also raise `sp` and `np` from none, perhaps by two steps.
        is_safe = steps > 1 or self.counts_as_written or not self._asks_below
        if is_safe and (step > self.step or not self.is_applied):
            dropped = {*self.wrong, "t"} if self.is_testing else {*self.wrong}
            found = {name: found[name] for name in found if name not in dropped}
            found["p"] = POLICIES[step]
        if desired["rua"] and not self["rua"]:
            found["rua"] = desired["rua"]
        if found == self._found:
            return self
        # RFC 7489 section 6.4, which many receivers follow: p comes right after v.
        first = {name: found[name] for name in ("v", "p") if name in found}
        return Dmarc(tuple((first | found).items()))

    def lowered(self, step: int) -> "Dmarc":
        """Return the policy with a less strict request, which subdomains get too."""
        found = {name: value for name, value in self.tags if name not in ("sp", "np", "t")}
        return Dmarc(tuple((found | {"p": POLICIES[step]}).items()))

    def reason(self, before: "Dmarc", desired: "Dmarc") -> str:
        """Return the step from the policy `before` to this one, and what could not be done."""
        parts = []
        if self.step > before.step:
            was = POLICIES[before.step] + (" (t=y)" if before.is_testing else "")
            parts.append(f"{was} becomes {self['p']}: {EVIDENCE}")
            if not before.readable("rua"):
                hint = "" if desired["rua"] else "; set mail_dmarc_reports"
                parts.append(f"no address gets these reports yet{hint}")
        if before.doubt and self.step <= before.step:
            parts.append(before.doubt)
        elif self.step < desired.step:
            parts.append(f"mail_dmarc is {desired['p']}; a later run takes the next step")
        if self is not before and before.rest:
            dropped = " and ".join(repr(part or ";;") for part in before.rest)
            parts.append(f"{dropped} is dropped, as receivers ignore it")
        return "; ".join((*parts, *self.not_added(desired)))

    def not_added(self, desired: "Dmarc") -> Iterable[str]:
        """Yield a sentence for the desired receivers of reports that are not in `rua`."""
        known = self.readable("rua")
        if missing := [uri for uri in desired.reports("rua") if uri not in known]:
            wrong = ", of which receivers cannot read all," if self.unreadable("rua") else ""
            yield (
                f"rua={self['rua']}{wrong} stays as its owner wrote it, so {', '.join(missing)} "
                "gets no reports; add it there by hand"
            )


def _is_valid(name: str, value: str) -> bool:
    if name != "fo":
        return value in (*_CHOICES[name],)
    options = value.split(":")
    is_unique = len(set(options)) == len(options) and not {"0", "1"} <= {*options}
    return is_unique and set(options) <= {*"01ds"}


def _is_mail(uri: str) -> bool:
    return uri.lower().startswith("mailto:")


def receiver(uri: str) -> str:
    """Return the domain of the mail address in a URI of reports; raise MailError without one."""
    if domain := mail_domain(without_size(uri)):
        return domain
    raise MailError(
        f"{uri!r} cannot receive DMARC reports: write mailto:... with one mail address, and a "
        "comma between two of them"
    )


def consent(domain: str, reports: Iterable[str]) -> tuple[str, ...]:
    """
    Return the names at which other domains consent to a domain's reports (RFC 9990 section 4).

    The record there is `v=DMARC1`; without it receivers send no reports to them.
    """
    targets = dict.fromkeys(address.rpartition("@")[2] for address in reports)
    return tuple(consent_name(domain, target) for target in targets if not _related(domain, target))


def consent_name(domain: str, target: str) -> str:
    """Return the name at which a target consents to the reports about a domain."""
    return f"{domain}._report._dmarc.{target}"


def _related(domain: str, target: str) -> bool:
    # Names with one organizational domain need no consent; a name below the other has the same one.
    return f".{domain}".endswith(f".{target}") or f".{target}".endswith(f".{domain}")
