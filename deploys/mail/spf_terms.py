"""Terms of SPF policies, by the whole grammar of RFC 7208 (sections 4.6.1, 5, 6, 7.1 and 12).

A mechanism has a qualifier (`+` pass, `-` fail, `~` softfail, `?` neutral), a name, and what its
name allows: a domain, prefix lengths or a network. A modifier is a name, `=` and a text; unknown
modifiers are allowed and ignored, but their macros must be valid.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from .errors import MailError

QUALIFIERS = "+?~-"  # the stricter ones last

_MACRO = r"%(?:[%_-]|\{[A-Za-z][0-9]*[Rr]?[.+,/_=-]*\})"
_TEXT = rf"(?:{_MACRO}|[!-$&-~])*"
# A toplabel has letters, digits and inner hyphens, and is no number.
_TOPLABEL = r"(?=[0-9]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = rf"(?P<domain>{_TEXT}(?:\.{_TOPLABEL}\.?|{_MACRO}))"
_PREFIXES = r"(?:/(?P<four>0|[1-9][0-9]?))?(?://(?P<six>0|[1-9][0-9]{0,2}))?"
_NETWORK = r":(?P<network>[^/]+(?:/(?:0|[1-9][0-9]{0,2}))?)"

MECHANISMS = {  # the rest of a term after the name, and an example
    "all": ("", "all"),
    "include": (f":{_DOMAIN}", "include:_spf.other.example"),
    "a": (
        f"(?::{_DOMAIN})?{_PREFIXES}",
        "a, a:mail.other.example or a/24//64; addresses follow ip4: or ip6:",
    ),
    "mx": (f"(?::{_DOMAIN})?{_PREFIXES}", "mx, mx:other.example or mx/24//64"),
    "ptr": (f"(?::{_DOMAIN})?", "ptr or ptr:other.example"),
    "ip4": (_NETWORK, "ip4:192.0.2.1 or ip4:192.0.2.0/24"),
    "ip6": (_NETWORK, "ip6:2001:db8::1 or ip6:2001:db8::/32"),
    "exists": (f":{_DOMAIN}", "exists:%{i}.other.example"),
}
MODIFIERS = {
    "redirect": (_DOMAIN, "redirect=_spf.other.example"),
    "exp": (_DOMAIN, "exp=explain.other.example"),
}
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<rest>.*)", re.DOTALL)
_MECHANISM = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[^:/]*)(?P<rest>.*)", re.DOTALL)
_OCTET = re.compile(r"[^!-~]|\\\d{3}")  # also as zone files and providers write it, \195
_MACROS = frozenset("slodiphv")  # c, r and t belong to explanations (section 7.2)
_IN_EXPLANATIONS = frozenset("crt")
_LONGEST = 100  # characters of a term that a sentence repeats


@dataclass(frozen=True)
class Term:
    """A mechanism or modifier; a mechanism has a qualifier."""

    text: str
    name: str
    qualifier: str = ""
    domain: str = ""
    network: IPv4Network | IPv6Network | None = None
    prefixes: tuple[int, int] = (32, 128)  # for IPv4 and for IPv6

    @property
    def is_modifier(self) -> bool:
        """Tell a modifier from a mechanism."""
        return not self.qualifier

    @property
    def strictness(self) -> int:
        """The rank of a qualifier: 0 permits a host to send, 3 forbids it."""
        return max(QUALIFIERS.find(self.qualifier), 0) if self.qualifier else 0


@lru_cache(maxsize=4096)
def parsed(text: str) -> Term:
    """Return a term from its text; raise MailError with what is wrong and what to write."""
    if odd := _OCTET.search(text):
        what = "a line break" if odd.group() in "\r\n" else f"{odd.group()!r}"
        raise _broken(text, f"has {what}, where only printable ASCII is allowed")
    if modifier := _MODIFIER.fullmatch(text):
        return _modifier(text, modifier["name"].lower(), modifier["rest"])
    parts = _MECHANISM.fullmatch(text)
    name = parts["name"].lower() if parts else ""
    if not parts or name not in MECHANISMS:
        if text.endswith(","):
            raise _broken(text, "ends in a comma; separate terms by spaces")
        raise _broken(text, f"is unknown; the mechanisms are {', '.join(MECHANISMS)}")
    form, example = MECHANISMS[name]
    found = re.fullmatch(form, parts["rest"])
    if not found:
        raise _broken(text, f"is not valid; write {example}")
    known = found.groupdict()
    return Term(
        text,
        name,
        parts["qualifier"] or "+",
        _domain(text, known.get("domain") or ""),
        _network(text, name, known.get("network") or ""),
        _prefixes(text, known.get("four"), known.get("six")),
    )


def _modifier(text: str, name: str, rest: str) -> Term:
    if name not in MODIFIERS:
        if not re.fullmatch(_TEXT, rest):
            raise _broken(text, "has a macro that is not valid; write %% for a percent sign")
        return Term(text, name, domain=_domain(text, rest, _MACROS | _IN_EXPLANATIONS))
    form, example = MODIFIERS[name]
    if not re.fullmatch(form, rest):
        raise _broken(text, f"is not valid; write {example}")
    return Term(text, name, domain=_domain(text, rest))


def _domain(text: str, domain: str, macros: frozenset[str] = _MACROS) -> str:
    for macro, digits in re.findall(r"%\{([A-Za-z])([0-9]*)", domain.replace("%%", "")):
        if macro.lower() not in macros:
            raise _broken(text, f"has the macro %{{{macro}}}, which is not allowed there")
        if digits and not digits.strip("0"):
            raise _broken(text, "has a macro with 0 parts; write 1 or more")
    return domain


def _network(text: str, name: str, network: str) -> IPv4Network | IPv6Network | None:
    if not network:
        return None
    kind, title = (IPv4Network, "IPv4") if name == "ip4" else (IPv6Network, "IPv6")
    try:
        found = ip_network(network, strict=False)
    except ValueError:
        found = None
    if not isinstance(found, kind) or "%" in network:
        raise _broken(text, f"is no {title} address or network; write {MECHANISMS[name][1]}")
    return found


def _prefixes(text: str, four: str | None, six: str | None) -> tuple[int, int]:
    prefixes = int(four or 32), int(six or 128)
    if prefixes[0] > 32 or prefixes[1] > 128:  # noqa: PLR2004 - bits of an address
        raise _broken(text, "has a longer prefix than /32 for IPv4 or //128 for IPv6")
    return prefixes


def _broken(text: str, reason: str) -> MailError:
    shown = text if text.isascii() and text.isprintable() else repr(text)
    return MailError(f"{shown[:_LONGEST]} {reason}")
