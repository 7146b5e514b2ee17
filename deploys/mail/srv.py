"""SRV: where the users of a domain find its services (RFC 2782, RFC 6186, RFC 8314).

A mail program that knows only ann@example.org asks for `_submissions._tcp.example.org` and reads
`0 1 465 mx1.example.org.`: priority, weight, port and host. Submission is at 465 with TLS at once
(`submissions`) and at 587 with STARTTLS (`submission`); a service that is not there says so with
the host `.`, so that nobody has to guess or wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SUBMISSION = {"submissions": 465, "submission": 587}
ABSENT = ("imaps", "imap", "pop3s", "pop3")
SERVICES = (*SUBMISSION, *ABSENT)


@dataclass(frozen=True)
class Srv:
    """A place of a service."""

    priority: int
    weight: int
    port: int
    target: str  # with its final dot

    @classmethod
    def at(cls, hostname: str, port: int) -> "Srv":
        """Return a place as good as any other."""
        return cls(0, 1, port, f"{hostname}.")

    @classmethod
    def parse(cls, text: str) -> "Srv":
        """Read a value as in a zone file."""
        priority, weight, port, target = text.split()
        return cls(int(priority), int(weight), int(port), target.lower())

    def __str__(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.target}"

    @property
    def place(self) -> tuple[str, int]:
        """Return where it is, however much it is preferred."""
        return self.target, self.port


NOWHERE = Srv(0, 0, 0, ".")


def places(service: str, hostnames: Sequence[str]) -> tuple[Srv, ...]:
    """Return where a service is for those who send through these hosts, if there are any."""
    if not hostnames:
        return ()
    if service in ABSENT:
        return (NOWHERE,)
    return tuple(Srv.at(name, SUBMISSION[service]) for name in hostnames)


def record_name(service: str, domain: str) -> str:
    """Return where a domain says where a service is."""
    return f"_{service}._tcp.{domain}"
