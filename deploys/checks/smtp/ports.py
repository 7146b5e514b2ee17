"""
Ports that no mail host shows to the world, knocked at from here.

What is installed beside Postfix listens on sockets or on loopback alone, and what else runs on a
host is for those who administer it. A service that listens on every address is a common slip: its
package or container does so by default, and no firewall is in between.
"""

import socket
from collections.abc import Iterator, Mapping
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ...mail.units import local_ports, public_ports
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..core.finding import Check, Finding
from ..core.world import World, side_by_side

_CLEAR = "passwords and mail in clear"
_REDIS = "no password is asked for, and who writes there can run commands"
_DATABASE = "a database, whose passwords are guessed"
_NUMBERS = "what a monitor asks: it tells of load, versions and users"
_UNSEEN = "takes mail without the restrictions of port 25"

# What listens there, and why no stranger should reach it.
PORTS: Mapping[int, str] = {
    21: f"FTP: {_CLEAR}",
    23: f"Telnet: {_CLEAR}",
    24: f"LMTP: {_UNSEEN}",
    53: "a resolver: who may ask from anywhere has it flood others",
    110: f"POP3: {_CLEAR}",
    111: "the port mapper of NFS: floods others, and tells what runs",
    143: f"IMAP: {_CLEAR}",
    2375: "Docker without TLS: who reaches it owns the host",
    3306: f"MySQL or MariaDB: {_DATABASE}",
    4190: "ManageSieve: passwords are guessed, and filters send mail elsewhere",
    5432: f"PostgreSQL: {_DATABASE}",
    6379: f"Redis: {_REDIS}",
    8461: "the daemon of MTA-STS policies: is asked by Postfix alone",
    8891: "a DKIM milter: signs for whoever asks",
    8953: "Unbound's remote control: changes what the host believes of the DNS",
    9090: f"Prometheus or Cockpit: {_NUMBERS}, or runs the host",
    9100: f"node_exporter: {_NUMBERS}",
    10025: f"a port for filtered mail: {_UNSEEN}",
    10026: f"a port for filtered mail: {_UNSEEN}",
    11211: "memcached: floods others, and holds what is nobody's business",
    11332: "rspamd's proxy: signs for whoever asks",
    11333: "rspamd's scanner: who asks it can fill it with work",
    11334: "rspamd's controller: teaches it, and changes its rules",
    12345: "Dovecot's authentication: passwords are guessed without a limit",
    27017: f"MongoDB: {_DATABASE}",
}
HIDDEN = Check(
    "smtp.ports",
    "host",
    "Is what is no stranger's business closed to the world?",
    "NIST SP 800-123 section 4.2.1",
    why=(
        "Databases, caches and filters trust who reaches them: mail is read, keys are used and "
        "hosts are taken over through them."
    ),
    remedy="Bind the service to loopback or a socket, or let the firewall drop what is not mail.",
)
_PATIENCE = 2.0


def closed_ports(host: MailSettings) -> Mapping[int, str]:
    """Return the ports that a host must not open to the world, and what listens there."""
    own = dict.fromkeys(local_ports(host), "a service that this host alone uses")
    open_ = public_ports(host)
    return {port: what for port, what in {**own, **PORTS}.items() if port not in open_}


def hidden(fleet: Fleet, world: World, ports: Mapping[int, str] | None = None) -> Iterator[Finding]:
    """Knock at ports of every address of every host, all at once."""
    endpoints = [
        (endpoint, closed_ports(host) if ports is None else ports)
        for host in fleet.hosts
        for endpoint in smtp_endpoints(host)
    ]
    calls = [
        partial(_opens, endpoint, port)
        for endpoint, table in endpoints
        for port in (world.port, *table)
    ]
    answers = iter(side_by_side(calls, workers=128))
    for endpoint, table in endpoints:
        reached, *opened = (next(answers) for _ in (world.port, *table))
        yield from _judged(
            endpoint,
            {port: table[port] for port, yes in zip(table, opened, strict=True) if yes},
            len(table),
            reached=reached,
        )


def _judged(
    endpoint: Endpoint, found: Mapping[int, str], asked: int, *, reached: bool
) -> Iterator[Finding]:
    for port, what in found.items():
        saw = f"{endpoint} port {port} is open to the world; by its number {what}"
        fix = (
            f"let what listens on port {port} (ss -ltnp) listen on loopback or a socket alone, or "
            "let the firewall drop it"
        )
        yield HIDDEN.error(endpoint.host, saw, fix)
    if found:
        return
    if reached:
        yield HIDDEN.ok(endpoint.host, f"{endpoint} shows none of {asked} ports")
    else:
        why = f"{endpoint} answers on no port: this may be the way to it, and not its firewall"
        yield HIDDEN.unknown(
            endpoint.host, why, "mend smtp.connect first, or verify from elsewhere"
        )


def _opens(endpoint: Endpoint, port: int) -> bool:
    try:
        socket.create_connection((endpoint.address, port), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True
