"""
MTA-STS: a domain demands TLS with a certificate from those who send to it (RFC 8461).

Its policy is a text at `https://mta-sts.<domain>/.well-known/mta-sts.txt`: a mode, the names of the
hosts that may receive the domain's mail, and for how many seconds senders may keep it. The record
`_mta-sts.<domain> TXT "v=STSv1; id=..."` announces it; another id says that the policy is a new
one. `testing` only asks for reports, `enforce` lets mail wait rather than travel to a host without
the right certificate, and `none` takes back what was announced before. A sender that has kept a
policy goes on with it, so one is taken back by `none` and never by taking it away (section 8.3).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, cast, get_args

from .errors import MailError

Mode = Literal["none", "testing", "enforce"]

PATH = "/.well-known/mta-sts.txt"
DAY = 86400
# Seconds. Section 3.2 wants weeks of a policy that is meant to stay.
MAX_AGE: dict[Mode, int] = {"none": DAY, "testing": DAY, "enforce": 14 * DAY}
LONGEST = 31_557_600  # section 3.2
_VERSION = "STSv1"
_ID = r"[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;.*)?"
_RECORD = re.compile(rf"v={_VERSION}[ \t]*;(?:[^;]*;)*?{_ID}")
_OURS = re.compile(r"[net][0-9a-f]{31}")


def is_announcement(text: str) -> bool:
    """Tell an announcement from other TXT records at its name (RFC 8461 section 3.1)."""
    return text.replace(" ", "").startswith(f"v={_VERSION};")


def is_ours(text: str) -> bool:
    """Tell whether an announcement is of a policy whose id was derived here."""
    found = _RECORD.fullmatch(text)
    return bool(found and _OURS.fullmatch(found[1]))


def announced_id(text: str) -> str:
    """Return the id in an announcement; raise MailError where no sender would understand it."""
    if found := _RECORD.fullmatch(text):
        return found[1]
    raise MailError(
        f"{text!r} has no id that senders know: write 'v={_VERSION}; id=...;' with up to 32 "
        "letters and digits"
    )


def record_name(domain: str) -> str:
    """Return where a domain announces its policy."""
    return f"_mta-sts.{domain}"


@dataclass(frozen=True)
class Policy:
    """A policy; `mx` are names of hosts, of which the first label may be `*`."""

    mode: Mode
    mx: tuple[str, ...]
    max_age: int

    @classmethod
    def of(cls, mode: Mode, hosts: Iterable[str]) -> "Policy":
        """Return the policy of a mode for hosts, whose order means nothing."""
        return cls(mode, tuple(sorted(hosts)), MAX_AGE[mode])

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Read a policy; raise MailError that says what no sender would understand."""
        pairs = [_pair(line) for line in text.splitlines() if line.strip()]
        # Section 3.2: of a field that comes twice, all but `mx`, the first counts.
        fields = dict(reversed(pairs))
        if fields.get("version") != _VERSION:
            raise MailError(f"{text!r} is not a policy of MTA-STS: it begins with 'version: STSv1'")
        mode, max_age = fields.get("mode", ""), fields.get("max_age", "")
        if mode not in get_args(Mode):
            raise MailError(f"the policy has the mode {mode!r}: write none, testing or enforce")
        if not max_age.isdecimal() or int(max_age) > LONGEST:
            raise MailError(f"the policy has the max_age {max_age!r}: write 0 to {LONGEST} seconds")
        mx = tuple(value for name, value in pairs if name == "mx")
        if mode != "none" and not mx:
            raise MailError("the policy names no host: add a line 'mx: ...' for each")
        return cls(cast("Mode", mode), mx, int(max_age))

    def __str__(self) -> str:
        hosts = "".join(f"mx: {name}\n" for name in self.mx)
        return f"version: {_VERSION}\nmode: {self.mode}\n{hosts}max_age: {self.max_age}\n"

    @property
    def id(self) -> str:
        """Return an id that is the same for the same policy, and begins with the mode's letter."""
        return self.mode[0] + sha256(str(self).encode()).hexdigest()[:31]

    @property
    def announcement(self) -> str:
        """Return the text of the record that announces it."""
        return f"v={_VERSION}; id={self.id};"

    def names(self, host: str) -> bool:
        """Tell whether it permits a host; `*` stands for one whole label (section 4.1)."""
        name = host.rstrip(".").lower()
        return bool({name, "*." + name.partition(".")[2]} & {own.lower() for own in self.mx})


def _pair(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise MailError(f"the policy is broken at {line!r}: write 'name: value'")
    return name.strip(), value.strip()
