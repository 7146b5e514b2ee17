"""
Recipients of a mail host: every address that it accepts, and the ends where its mail goes.

An end is a user of the host, a mailbox by its address, or an address at another domain. A target of
an alias may be another alias: by its address, or by its name in the same domain. An alias with its
own name as a target stands for the user of that name. Names and addresses are in lower case; RFC
5321 section 4.5.1 requires postmaster, RFC 2142 section 4 abuse. An address for reports that is no
other recipient leads to the reader of reports. A catch-all, written as "@example.org", is a
recipient that stands for every other address of its domain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

Members = tuple[str, ...]
REQUIRED = ("postmaster", "abuse")
READER = "pyinfra-mail-reports"  # the user of the program that reads reports on the host


@dataclass(frozen=True)
class Recipients:
    """
    The aliases of a host by name or address, and the user who gets the required mail.

    `reports` are the addresses to which the fleet asks others to send reports, `relayed` the
    domains that the host passes on to a server of theirs, and `mailboxes` the mailboxes here.
    """

    hostname: str
    domains: tuple[str, ...]
    postmaster: str
    aliases: Mapping[str, Members]
    reports: tuple[str, ...] = ()
    relayed: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()

    @cached_property
    def targets(self) -> Mapping[str, Members]:
        """Return every recipient with its targets: addresses, those at `hostname` of users."""
        return {
            address: tuple(dict.fromkeys(self._address(one, address) for one in targets))
            for address, targets in self._written.items()
        }

    @cached_property
    def ends(self) -> Mapping[str, Members]:
        """Return every recipient with its ends: users, mailboxes, and addresses elsewhere."""
        return {address: tuple(self._ends(address)) for address in self.targets}

    @cached_property
    def forwards(self) -> Members:
        """Return the ends elsewhere."""
        found = (end for ends in self.ends.values() for end in ends if self.leads_elsewhere(end))
        return tuple(dict.fromkeys(found))

    def leads_elsewhere(self, end: str) -> bool:
        """Tell whether mail for an end leaves the host."""
        stays = end in self._boxes or end.rpartition("@")[2] in self.relayed
        return "@" in end and not stays

    @cached_property
    def users(self) -> Mapping[str, str]:
        """Return the users of the host that get mail, each with a recipient that leads there."""
        found = {self.postmaster: REQUIRED[0]}
        for address, ends in self.ends.items():
            found |= {end: address for end in ends if "@" not in end and end not in found}
        return {user: address for user, address in found.items() if user != READER}

    @property
    def read(self) -> Members:
        """Return the recipients whose mail the reader of reports gets."""
        return tuple(address for address, ends in self.ends.items() if READER in ends)

    def user(self, address: str) -> str:
        """Return the user of an address at the host's own name; "" for another address."""
        local, _, domain = address.rpartition("@")
        return local if domain == self.hostname else ""

    def entry(self, address: str) -> str:
        """Return the recipient that an address is, the catch-all of its domain, or ""."""
        catch_all = f"@{address.rpartition('@')[2]}"
        return next((one for one in (address, catch_all) if one in self.targets), "")

    @cached_property
    def catch_alls(self) -> Mapping[str, Members]:
        """Return the domains with a catch-all, each with the ends of its mail."""
        return {one[1:]: ends for one, ends in self.ends.items() if one.startswith("@")}

    @property
    def refusing_domains(self) -> Members:
        """Return the domains in which an unknown recipient is refused, else the host's name."""
        caught = self.catch_alls
        return tuple(one for one in self.domains if one not in caught) or (self.hostname,)

    def of_domain(self, domain: str) -> tuple[str, ...]:
        """Return the recipients of one domain."""
        return tuple(one for one in self.targets if one.rpartition("@")[2] == domain)

    @cached_property
    def _boxes(self) -> frozenset[str]:
        return frozenset(self.mailboxes)

    @cached_property
    def _written(self) -> Mapping[str, Members]:
        required = dict.fromkeys(REQUIRED, (f"{self.postmaster}@{self.hostname}",))
        written = {
            f"{name}@{domain}": targets
            for domain in self.domains
            for name, targets in (required | dict(self._aliases_of(domain))).items()
        }
        reader = (f"{READER}@{self.hostname}",)
        own = [one for one in self.reports if one.rpartition("@")[2] in self.domains]
        boxes = {address: (address,) for address in self.mailboxes}
        return dict.fromkeys(own, reader) | written | boxes

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
            if one in self._boxes:
                yield one
            elif entry := self.entry(one):
                pending.extend(reversed(self.targets[entry]))
            else:
                yield self.user(one) or one
