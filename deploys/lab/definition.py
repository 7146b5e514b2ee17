"""Definition of a lab: hosts, addresses, names.

A lab is an Internet in miniature. One name server holds the root and the zones under it, signed; a
second one, of another make and on the same host, holds a zone that is changed by RFC 2136 updates;
one validating resolver answers all hosts from that root and from nowhere else; one peer plays the
rest of the mail world; and the mail hosts are what a deploy works on, with a client that sends
through one of them. Labs have networks of their own, so they can be up side by side: `lab` to try
things, `tests0` to `tests15` for the tests, one for each worker of theirs, `spare` for those tests
that raise and remove one, `bench` to measure.
Their addresses are documentation and benchmark ranges (RFC 5737, RFC 3849, RFC 2544), because
software treats private ranges as local and then skips the very checks that a lab is for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

from pyinfra.api.exceptions import PyinfraError

from ..mail.errors import MailError

Role = Literal["ns", "resolver", "mail", "client", "peer"]
Suite = Literal["bookworm", "trixie"]
IpAddress = IPv4Address | IPv6Address

FIRST_BENCH_NUMBER = 101
TEST_LABS = 16
ACME = "acme.nic.example"  # Pebble, an ACME server, is on the host of the name server
ACME_DIRECTORY = f"https://{ACME}:14000/dir"
IMAP = "imap.faraway.example"  # mailboxes of the peer, read by IMAP
TRAVELLER = "traveller@faraway.example"  # who has one there
READER = "reader"  # the local part that has mailboxes at the peer's receivers, with subaddresses
# Domains of the peer that take mail as large receivers do; exim4.conf has their rules.
RECEIVERS = tuple(
    f"{kind}.faraway.example" for kind in ("crowded", "dane", "greylist", "quota", "tarpit", "tls")
)
UPDATE_KEY = "updates."  # the name of the key that may change it
PROOF_KEY = "proofs."  # that of a key for the proofs of the mail hosts there, and for nothing else
UPDATED = "atoll.example"  # the zone of the second name server


class LabError(MailError, PyinfraError):
    """A problem of a lab, as one sentence that pyinfra prints on one line."""


@dataclass(frozen=True)
class LabHost:
    """One container: a small Debian host with an address in each family."""

    name: str  # as pyinfra knows it
    role: Role
    suite: Suite
    hostname: str
    number: int  # the last part of both its addresses, written the same
    domains: tuple[str, ...] = ()  # that it receives mail for


@dataclass(frozen=True)
class Lab:
    """Hosts on one network of both families."""

    name: str
    network4: IPv4Network
    network6: IPv6Network
    hosts: tuple[LabHost, ...]

    @property
    def full_name(self) -> str:
        """Return the name of its network on this machine."""
        return f"pyinfra-mail-{self.name}"

    def container(self, host: LabHost) -> str:
        """Return the name of a host's container."""
        return f"{self.full_name}-{host.name}"

    def address4(self, host: LabHost) -> IPv4Address:
        """Return the IPv4 address of a host."""
        return self.network4[host.number]

    def address6(self, host: LabHost) -> IPv6Address:
        """Return the IPv6 address of a host; it ends with the last number of the IPv4 address."""
        return self.network6[int(str(host.number), base=16)]

    def addresses(self, host: LabHost) -> tuple[IpAddress, ...]:
        """Return both addresses of a host."""
        return (self.address4(host), self.address6(host))

    def of(self, role: Role) -> tuple[LabHost, ...]:
        """Return the hosts of a role."""
        return tuple(host for host in self.hosts if host.role == role)

    def only(self, role: Role) -> LabHost:
        """Return the only host of a role."""
        (host,) = self.of(role)
        return host

    @property
    def mail_domains(self) -> tuple[str, ...]:
        """The domains of the hosts under deploy."""
        return tuple(domain for host in self.of("mail") for domain in host.domains)


NETWORKS = {
    # A prefix of 26 leaves the rest of a documentation range to the machine around the lab.
    "lab": (IPv4Network("203.0.113.0/26"), IPv6Network("2001:db8:25::/64")),
    "spare": (IPv4Network("198.19.0.0/26"), IPv6Network("2001:db8:19::/64")),
    "bench": (IPv4Network("198.18.0.0/24"), IPv6Network("2001:db8:18::/64")),
    **{
        f"tests{n}": (IPv4Network(f"198.19.{n + 1}.0/26"), IPv6Network(f"2001:db8:5{n}::/64"))
        for n in range(TEST_LABS)
    },
}
WORLD = (
    LabHost("ns", "ns", "bookworm", "ns.nic.example", 2),
    LabHost("resolver", "resolver", "bookworm", "resolver.nic.example", 3),
    LabHost("peer", "peer", "trixie", "mail.faraway.example", 21, ("faraway.example",)),
)
# No host of its own: it has these addresses on the host of the first.
SECOND = LabHost("ns2", "ns", "bookworm", "ns2.nic.example", 4)
MAIL_HOSTS = (
    LabHost("mx1", "mail", "bookworm", "mx1.harbor.example", 11, ("harbor.example",)),
    LabHost("mx2", "mail", "trixie", "mx2.orchard.example", 12, ("orchard.example",)),
)
CLIENT = LabHost("client", "client", "bookworm", "app.harbor.example", 31)


def named(name: str, mail_hosts: int | None = None) -> Lab:
    """Return the lab of that name; the bench lab has the given number of mail hosts."""
    if name not in NETWORKS:
        raise LabError(f"there is no lab {name!r}: choose one of {', '.join(NETWORKS)}")
    if name == "bench":
        count = len(MAIL_HOSTS) if mail_hosts is None else mail_hosts
        return Lab(name, *NETWORKS[name], (*WORLD, *_bench_hosts(count)))
    if mail_hosts is not None:
        raise LabError(f"lab_mail_hosts is for the bench lab: the lab {name!r} has two mail hosts")
    return Lab(name, *NETWORKS[name], (*WORLD, *MAIL_HOSTS, CLIENT))


def _bench_hosts(count: int) -> Iterator[LabHost]:
    """Yield mail hosts, with the two Debian releases in turn."""
    most = NETWORKS["bench"][0].num_addresses - FIRST_BENCH_NUMBER - 1
    if not isinstance(count, int) or not 1 <= count <= most:
        raise LabError(f"lab_mail_hosts is {count!r}: write a number from 1 to {most}")
    suites: tuple[Suite, Suite] = ("bookworm", "trixie")
    for n in range(1, count + 1):
        domain = f"harbor{n}.example"
        number = FIRST_BENCH_NUMBER + n - 1
        yield LabHost(f"mx{n}", "mail", suites[(n - 1) % 2], f"mx{n}.{domain}", number, (domain,))
