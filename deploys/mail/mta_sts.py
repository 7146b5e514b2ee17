"""
MTA-STS policies and their announcement: TLS with a valid certificate for a domain (RFC 8461).

The policy is a text at `https://mta-sts.<domain>/.well-known/mta-sts.txt`: a mode, the names of the
hosts that may receive the domain's mail, and the seconds for which senders may cache it. The record
`_mta-sts.<domain> TXT "v=STSv1; id=..."` announces it; a new id stands for a new policy. `testing`
only asks for reports. With `enforce` senders queue mail rather than send it to a host without a
valid certificate. `none` ends an earlier policy: senders cache that one, so it must not just vanish
(section 8.3). To senders, a record or a policy with one error in it is none.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, cast, get_args

from .errors import MailError
from .names import LONGEST as LONGEST_NAME
from .names import is_label
from .tags import fields, is_field_version

Mode = Literal["none", "testing", "enforce"]
DesiredMode = Literal["none", "testing", "enforce", "auto"]  # "auto": by evidence

PATH = "/.well-known/mta-sts.txt"
DAY = 86400
# Seconds. Section 3.2 recommends weeks for a policy that stays.
MAX_AGE: dict[Mode, int] = {"none": DAY, "testing": DAY, "enforce": 14 * DAY}
LONGEST = 31_557_600  # section 3.2
VERSION = "STSv1"
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_OURS = re.compile(r"[net][0-9a-f]{31}")
# Section 3.2: the grammar of a line, and of values. A value has no control characters.
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*")
_VALUE = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?")
_SECONDS = re.compile(r"[0-9]{1,10}")


def is_announcement(text: str) -> bool:
    """Tell an announcement from other TXT records at its name (RFC 8461 section 3.1)."""
    return is_field_version(text, VERSION)


def is_ours(text: str) -> bool:
    """Tell whether an announcement has an id as `Policy.id` makes it."""
    with suppress(MailError):
        return bool(_OURS.fullmatch(announced_id(text)))
    return False


def announced_id(text: str) -> str:
    """Return the id in an announcement; raise MailError where it is not valid."""
    found = fields(text, "announcement of MTA-STS", VERSION, ("id",))
    # Section 3.2: the first of repeated fields counts.
    first = next((value for name, value in found if name == "id"), "")
    if not _ID.fullmatch(first):
        raise MailError(
            f"{text!r} has no valid id: write 'v={VERSION}; id=...;' with up to 32 letters and "
            "digits"
        )
    return first


def record_name(domain: str) -> str:
    """Return the name of a domain's announcement."""
    return f"_mta-sts.{domain}"


def policy_host(domain: str) -> str:
    """Return the host name at which a domain's policy is served (RFC 8461 section 3.3)."""
    return f"mta-sts.{domain}"


def policy_url(domain: str) -> str:
    """Return the URL of a domain's policy."""
    return f"https://{policy_host(domain)}{PATH}"


@dataclass(frozen=True)
class Policy:
    """A policy; `mx` are host names, whose first label may be `*`."""

    mode: Mode
    mx: tuple[str, ...]
    max_age: int

    @classmethod
    def of(cls, mode: Mode, hosts: Iterable[str]) -> "Policy":
        """Return the policy of a mode for hosts in any order."""
        return cls(mode, tuple(sorted(hosts)), MAX_AGE[mode])

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return a policy from its text; raise MailError with the part that is not valid."""
        lines = re.split(r"\r?\n", text)
        pairs = [_pair(line) for line in (lines if lines[-1] else lines[:-1])]
        # Section 3.2: the first of repeated fields counts; only `mx` may repeat.
        first = dict(reversed(pairs))
        if first.get("version") != VERSION:
            raise MailError(
                f"{text!r} is not an MTA-STS policy: begin it with 'version: {VERSION}'"
            )
        mode, max_age = first.get("mode", ""), first.get("max_age", "")
        if mode not in get_args(Mode):
            raise MailError(f"the policy has the mode {mode!r}: write none, testing or enforce")
        if not _SECONDS.fullmatch(max_age) or int(max_age) > LONGEST:
            raise MailError(f"the policy has the max_age {max_age!r}: write 0 to {LONGEST} seconds")
        mx = tuple(value for name, value in pairs if name == "mx")
        if wrong := [value for value in mx if not _is_pattern(value)]:
            raise MailError(
                f"the policy has the mx {wrong[0]!r}: write a host name in A-labels, without the "
                "final dot; only its first label may be '*'"
            )
        if mode != "none" and not mx:
            raise MailError("the policy names no mail host: add a line 'mx: ...' for each")
        return cls(cast("Mode", mode), mx, int(max_age))

    def __str__(self) -> str:
        hosts = "".join(f"mx: {name}\n" for name in self.mx)
        return f"version: {VERSION}\nmode: {self.mode}\n{hosts}max_age: {self.max_age}\n"

    @property
    def id(self) -> str:
        """Return an id that depends on the policy alone, and begins like the mode."""
        return self.mode[0] + sha256(str(self).encode()).hexdigest()[:31]

    @property
    def announcement(self) -> str:
        """Return the text of the announcement."""
        return f"v={VERSION}; id={self.id};"

    def names(self, host: str) -> bool:
        """Tell whether the policy permits a host; `*` is one whole label (section 4.1)."""
        name = host.rstrip(".").lower()
        return bool({name, "*." + name.partition(".")[2]} & {own.lower() for own in self.mx})


def _pair(line: str) -> tuple[str, str]:
    found = _FIELD.fullmatch(line)
    if not found or not _VALUE.fullmatch(found[2]):
        raise MailError(
            f"the policy is not valid at {line!r}: write 'name: value' in each line, and no empty "
            "line"
        )
    return found[1], found[2]


def _is_pattern(text: str) -> bool:
    """Tell a host name whose first label may be `*` (section 3.2, RFC 5321 section 4.1.2)."""
    labels = text.removeprefix("*.").split(".")
    return len(text) <= LONGEST_NAME and all(map(is_label, labels))
