"""Configuration of the reader: a file that the deploy writes beside its program."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReaderConfiguration:
    """
    The domains whose reports count, and the ways by which mail is not verified.

    Mail from `networks` and from accounts is the host's own, whose sender rspamd does not verify.
    """

    state: str  # the directory of the mailbox and the sums
    hostname: str
    domains: tuple[str, ...]
    networks: tuple[str, ...]

    @classmethod
    def read(cls, file: Path) -> "ReaderConfiguration":
        """Return the configuration in a file."""
        found = json.loads(file.read_text())
        lists = (tuple(found[name]) for name in ("domains", "networks"))
        return cls(found["state"], found["hostname"], *lists)

    def covers(self, domain: str) -> bool:
        """Tell whether a domain is one of ours, or below one."""
        return any(f".{domain}".endswith(f".{own}") for own in self.domains)
