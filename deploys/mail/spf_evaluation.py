"""
Evaluation of SPF policies as a receiver does it (RFC 7208 sections 4 and 5).

An IPv4 sender causes lookups of A, an IPv6 sender of AAAA, so that lookups without a result differ
by family. At the eleventh lookup, or the third without a result, a receiver stops and treats the
policy as broken, for all mail.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from .errors import MailError
from .names import LONGEST
from .spf import Spf, is_policy
from .spf_macros import expanded
from .spf_terms import Term

MAX_LOOKUPS = 10  # section 4.6.4, as the next three
MAX_VOID = 2
MAX_MX = 10
MAX_PTR = 10
POSTMASTER = "postmaster"  # the local part of HELO (section 4.3)
IPV4, IPV6 = 4, 6  # versions of addresses
_LONGEST_LABEL = 63
RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

SpfLookup = Callable[[str, str], tuple[str, ...] | None]
"""Values of a name and type, TXT as plain text; None without an answer."""

IpNetwork = IPv4Network | IPv6Network


class PermError(Exception):
    """A policy that no receiver can evaluate; the text says why."""


class LimitError(PermError):
    """A policy that costs more lookups than a receiver makes."""


class TempError(Exception):
    """A lookup without an answer: a sentence, and the name that was looked up."""

    def __init__(self, sentence: str, name: str) -> None:
        super().__init__(sentence)
        self.name = name


@dataclass(frozen=True)
class Sender:
    """
    A client and its envelope; `version` is 4 or 6.

    Without an address it stands for any sender of its family: what depends on the address, on the
    local part or on the name in HELO is unknown then.
    """

    version: int
    domain: str
    address: IPv4Address | IPv6Address | None = None
    local: str = ""
    helo: str = ""

    @classmethod
    def of(cls, address: str, domain: str, helo: str, local: str = POSTMASTER) -> "Sender":
        """Return the sender at an address; IPv4 inside of IPv6 is IPv4 (section 5)."""
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found
        return cls(found.version, domain, found, local, helo)

    @property
    def record_type(self) -> str:
        """The type of the address records that are asked for."""
        return "A" if self.version == IPV4 else "AAAA"

    def prefix(self, term: Term) -> int:
        """Return the length of the prefix that a term has for the family."""
        return term.prefixes[0 if self.version == IPV4 else 1]


@dataclass(frozen=True)
class Decision:
    """The result for a sender, and the term that decided; "" if none matched."""

    result: str
    term: str = ""


class SpfReceiver:
    """The evaluation of policies for one sender, with the lookups that it costs."""

    def __init__(self, sender: Sender, lookup: SpfLookup) -> None:
        self.sender = sender
        self.lookups = 0
        self.void = 0
        self._lookup = lookup

    def of_domain(self, domain: str) -> Decision:
        """Return the result of the policy of a domain; raise PermError or TempError."""
        if "." not in domain:  # section 4.3
            return Decision("none")
        policies = [text for text in self.values(domain, "TXT") if is_policy(text)]
        if len(policies) > 1:
            raise PermError(f"{domain} has {len(policies)} SPF policies where one is allowed")
        if not policies:
            return Decision("none")
        try:
            policy = Spf.parse(policies[0])
        except MailError as error:
            raise PermError(f"{domain}: {error}") from None
        return self.of_policy(policy, domain)

    def of_policy(self, policy: Spf, domain: str) -> Decision:
        """Return the result of a policy as if a domain had published it."""
        for term in policy.tried:
            if self.matches(term, domain):
                return Decision(RESULTS[term.qualifier], term.text)
        return self.redirected(policy.redirect, domain) if policy.redirect else Decision("neutral")

    def matches(self, term: Term, domain: str) -> bool:
        """Tell whether a mechanism of a domain's policy matches the sender."""
        if term.name == "all":
            return True
        if term.network:
            return self.covers([term.network])
        self.spend(term)
        name = self._name(term, domain)
        if name is None:
            return self.unknown()
        match = {
            "include": self._include,
            "a": self._a,
            "mx": self._mx,
            "exists": self._exists,
            "ptr": self._ptr,
        }
        return match[term.name](term, name)

    def redirected(self, term: Term, domain: str) -> Decision:
        """Return the result of the policy that a `redirect` names."""
        self.spend(term)
        name = self._name(term, domain)
        return Decision("neutral") if name is None else self._of_other(term, name)

    def spend(self, term: Term) -> None:
        """Count the lookup of a term; raise LimitError for one too many."""
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise LimitError(f"more than {MAX_LOOKUPS} DNS lookups, at {term.text}")

    def values(self, name: str, record_type: str) -> tuple[str, ...]:
        """Return the values of a name and type; raise TempError without an answer."""
        if not is_dns_name(name):
            return ()
        answer = self._lookup(name.lower(), record_type)
        if answer is None:
            raise TempError(f"no answer about {record_type} of {name}", name)
        if not answer:
            self.found_nothing(name)
        return answer

    def found_nothing(self, name: str) -> None:
        """Count a lookup without a result; raise LimitError for one too many."""
        self.void += 1
        if self.void > MAX_VOID:
            raise LimitError(f"more than {MAX_VOID} void lookups, at {name}")

    def covers(self, networks: Iterable[IpNetwork]) -> bool:
        """Tell whether one of the networks holds the sender."""
        return any(self.sender.address in network for network in networks)

    def unknown(self) -> bool:
        """Tell whether a term matches that depends on a sender who is not known."""
        return False

    def _include(self, term: Term, name: str) -> bool:
        return self._of_other(term, name).result == "pass"

    def _of_other(self, term: Term, name: str) -> Decision:
        """Return the result of another domain's policy, which must exist (section 5.2, 6.1)."""
        try:
            found = self.of_domain(name)
        except LimitError:
            raise
        except PermError as error:
            raise PermError(f"{term.text}: {error}") from None
        if found.result == "none":
            raise PermError(f"{term.text}: {name} has no SPF policy")
        return found

    def _a(self, term: Term, name: str) -> bool:
        addresses = self.values(name, self.sender.record_type)
        return self.covers(_networks(addresses, self.sender.prefix(term)))

    def _mx(self, term: Term, name: str) -> bool:
        exchanges = self.values(name, "MX")
        if len(exchanges) > MAX_MX:
            raise PermError(
                f"{term.text}: {name} has {len(exchanges)} MX records where {MAX_MX} are allowed"
            )
        hosts = (text.split()[-1].rstrip(".") for text in sorted(exchanges, key=_preference))
        return any(self._a(term, host) for host in hosts if host)

    def _exists(self, _term: Term, name: str) -> bool:
        return bool(self.values(name, "A"))  # also for an IPv6 sender (section 5.7)

    def _ptr(self, _term: Term, name: str) -> bool:
        if self.sender.address is None:
            return self.unknown()
        return any(f".{known}".endswith(f".{name.lower()}") for known in self._pointers())

    def _pointers(self) -> Iterator[str]:
        """Yield the names of the sender's address that lead back to it (section 5.5)."""
        address = self.sender.address
        for name in self._known(address.reverse_pointer if address else "", "PTR")[:MAX_PTR]:
            found = self._known(name.rstrip("."), self.sender.record_type)
            if any(address in network for network in _networks(found)):
                yield name.rstrip(".").lower()

    def _known(self, name: str, record_type: str) -> tuple[str, ...]:
        try:
            return self.values(name, record_type)
        except TempError:
            return ()

    def _name(self, term: Term, domain: str) -> str | None:
        if not term.domain:
            return domain
        return expanded(term.domain, lambda key: self._value(key, domain))

    def _value(self, key: str, domain: str) -> str | None:
        """Return the value of a macro by its key (section 7.2); None if it is unknown."""
        sender, address = self.sender, self.sender.address
        known = {
            "d": domain,
            "o": sender.domain,
            "v": "in-addr" if sender.version == IPV4 else "ip6",
        }
        if key in known or address is None:
            return known.get(key)
        if key == "p":
            return self._pointer(domain)
        return {
            "s": f"{sender.local}@{sender.domain}",
            "l": sender.local,
            "h": sender.helo,
            "i": _dotted(address),
        }[key]

    def _pointer(self, domain: str) -> str:
        """Return the name of the sender's address: the domain's if one is, or any."""
        names = list(self._pointers())
        own = [name for name in names if name == domain]
        below = [name for name in names if name.endswith(f".{domain}")]
        return next(iter((*own, *below, *names)), "unknown")


def _preference(exchange: str) -> tuple[int, str]:
    preference, _, host = exchange.partition(" ")
    return (int(preference) if preference.isdecimal() else 0), host


def _networks(addresses: Iterable[str], prefix: int | None = None) -> Iterator[IpNetwork]:
    for address in addresses:
        with suppress(ValueError):  # a zone may hold a text that is no address
            yield ip_network(address if prefix is None else f"{address}/{prefix}", strict=False)


def _dotted(address: IPv4Address | IPv6Address) -> str:
    """Return an address as the macro `i`: IPv6 as its 32 digits."""
    if isinstance(address, IPv4Address):
        return str(address)
    return ".".join(address.exploded.replace(":", ""))


def is_dns_name(text: str) -> bool:
    """Tell a name that the DNS can hold (RFC 1035 section 2.3.4), without escapes."""
    labels = text.removesuffix(".").split(".")
    fit = all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    return (
        fit and len(text) <= LONGEST and text.isascii() and text.isprintable() and "\\" not in text
    )
