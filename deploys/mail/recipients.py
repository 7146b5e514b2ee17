"""
Recipients of a mail host: every address that it accepts, and the ends where its mail goes.

An end is a user of the host, or an address at another domain. A target of an alias may be another
alias: by its address, or by its name in the same domain. An alias with its own name as a target
stands for the user of that name. Names and addresses are in lower case; RFC 5321 section 4.5.1
requires postmaster, RFC 2142 section 4 abuse.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

Members = tuple[str, ...]
REQUIRED = ("postmaster", "abuse")


@dataclass(frozen=True)
class Recipients:
    """The aliases of a host by name or address, and the user who gets the required mail."""

    hostname: str
    domains: tuple[str, ...]
    postmaster: str
    aliases: Mapping[str, Members]

    @cached_property
    def targets(self) -> Mapping[str, Members]:
        """Return every recipient with its targets: addresses, those at `hostname` of users."""
        return {
            address: tuple(dict.fromkeys(self._address(one, address) for one in targets))
            for address, targets in self._written.items()
        }

    @cached_property
    def ends(self) -> Mapping[str, Members]:
        """Return every recipient with its ends: names of users, and addresses elsewhere."""
        return {address: tuple(self._ends(address)) for address in self.targets}

    @property
    def users(self) -> Mapping[str, str]:
        """Return the users of the host that get mail, each with a recipient that leads there."""
        found = {self.postmaster: REQUIRED[0]}
        for address, ends in self.ends.items():
            found |= {end: address for end in ends if "@" not in end and end not in found}
        return found

    def user(self, address: str) -> str:
        """Return the user of an address at the host's own name; "" for another address."""
        local, _, domain = address.rpartition("@")
        return local if domain == self.hostname else ""

    def of_domain(self, domain: str) -> tuple[str, ...]:
        """Return the recipients of one domain."""
        return tuple(one for one in self.targets if one.rpartition("@")[2] == domain)

    @cached_property
    def _written(self) -> Mapping[str, Members]:
        required = dict.fromkeys(REQUIRED, (f"{self.postmaster}@{self.hostname}",))
        return {
            f"{name}@{domain}": targets
            for domain in self.domains
            for name, targets in (required | dict(self._aliases_of(domain))).items()
        }

    def _aliases_of(self, domain: str) -> Iterator[tuple[str, Members]]:
        """Yield the aliases of a domain by name; one of the domain itself follows a general one."""
        for wanted in ("", domain):
            for key, targets in self.aliases.items():
                name, _, own = key.partition("@")
                if own == wanted:
                    yield name, targets

    def _address(self, target: str, recipient: str) -> str:
        if "@" in target:
            own = target.rpartition("@")[2] in (*self.domains, self.hostname)
            return target.lower() if own else target
        alias = f"{target}@{recipient.rpartition('@')[2]}"
        known = alias in self._written and alias != recipient
        return alias if known else f"{target}@{self.hostname}"

    def _ends(self, address: str) -> Iterator[str]:
        """Yield the ends of an address, each once, in the order of the targets."""
        pending, seen = [address], set[str]()
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in self.targets:
                pending.extend(reversed(self.targets[one]))
            else:
                yield self.user(one) or one
