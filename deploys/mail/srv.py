"""SRV records of a domain's mail services (RFC 2782, RFC 6186, RFC 8314, MS-OXDISCO).

A mail program that knows only ann@example.org looks up `_submissions._tcp.example.org` and finds
`0 1 465 mx1.example.org.`: priority, weight, port and target. Submission is at 465 with TLS at once
(`submissions`) and at 587 with STARTTLS (`submission`). Mailboxes are read at 993 with TLS at once
(`imaps`). The target `.` says that a service is not
offered, so that mail programs need not guess. Outlook looks up `_autodiscover._tcp.example.org`,
the web server of its document; the certificate there must have the name of the target.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SUBMISSION = {"submissions": 465, "submission": 587}
MAILBOXES = {"imaps": 993, "imap": 143, "pop3s": 995}
ABSENT = ("pop3",)
AUTODISCOVER = "autodiscover"
SERVICES = (*SUBMISSION, *MAILBOXES, *ABSENT)
LOOKED_UP = (*SERVICES, AUTODISCOVER)  # by mail programs, of every domain


@dataclass(frozen=True)
class Srv:
    """A target of a service."""

    priority: int
    weight: int
    port: int
    target: str  # with its final dot

    @classmethod
    def at(cls, hostname: str, port: int) -> "Srv":
        """Return a target that is as good as every other."""
        return cls(0, 1, port, f"{hostname}.")

    @classmethod
    def parse(cls, text: str) -> "Srv":
        """Return a target from a value as in a zone file."""
        priority, weight, port, target = text.split()
        return cls(int(priority), int(weight), int(port), target.lower())

    def __str__(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.target}"

    @property
    def endpoint(self) -> tuple[str, int]:
        """Return host and port, without priority and weight."""
        return self.target, self.port


NOT_OFFERED = Srv(0, 0, 0, ".")


def records(
    service: str, hostnames: Sequence[str], with_mailboxes: Sequence[str] = ()
) -> tuple[Srv, ...]:
    """
    Return the targets of a service on hosts for submission; none without such a host.

    Those `with_mailboxes` offer it for mailboxes.
    """
    if not hostnames:
        return ()
    ports = {**SUBMISSION, **MAILBOXES}
    offering = hostnames if service in SUBMISSION else with_mailboxes
    if service not in ports or not offering:
        return (NOT_OFFERED,)
    return tuple(Srv.at(name, ports[service]) for name in offering)


def record_name(service: str, domain: str) -> str:
    """Return the name of a service's records."""
    return f"_{service}._tcp.{domain}"
