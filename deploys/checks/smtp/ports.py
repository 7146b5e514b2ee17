"""
Ports that a mail host should not open to the world.

The services beside Postfix listen on sockets or on loopback only; other services are for the host's
administrators. To listen on every address is a common mistake: a package or container does it by
default, and no firewall is in front.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from ...mail.settings.model import MailSettings
from ...mail.units import local_ports, public_ports
from ...run.threads import in_parallel
from ..clients.endpoint import Endpoint, per_endpoint
from ..core.finding import Check, Finding
from ..core.world import World

_CLEAR = "passwords and mail in clear"
_REDIS = "it needs no password, and a client that can write can run commands"
_DATABASE = "a database, open to password guessing"
_NUMBERS = "for monitoring, shows load, versions and users"
_UNSEEN = "accepts mail without the restrictions of port 25"

# The usual service of each port, and the risk.
PORTS: Mapping[int, str] = {
    21: f"FTP: {_CLEAR}",
    23: f"Telnet: {_CLEAR}",
    24: f"LMTP: {_UNSEEN}",
    53: "an open resolver: attackers use it to flood others",
    110: f"POP3: {_CLEAR}",
    111: "the port mapper of NFS: used to flood others, and lists services",
    143: f"IMAP: {_CLEAR}",
    2375: "Docker without TLS: every client has full control of the host",
    3306: f"MySQL or MariaDB: {_DATABASE}",
    4190: "ManageSieve: open to password guessing, and filters can redirect mail",
    5432: f"PostgreSQL: {_DATABASE}",
    6379: f"Redis: {_REDIS}",
    8461: "the MTA-STS resolver: for Postfix only",
    8891: "a DKIM milter: signs for every client",
    8953: "Unbound's remote control: can change all answers that the host gets from the DNS",
    9090: f"Prometheus or Cockpit: {_NUMBERS}, or administers the host",
    9100: f"node_exporter: {_NUMBERS}",
    10025: f"a port for filtered mail: {_UNSEEN}",
    10026: f"a port for filtered mail: {_UNSEEN}",
    11211: "memcached: used to flood others, and holds private data",
    11332: "rspamd's proxy: signs for every client",
    11333: "rspamd's scanner: clients can overload it",
    11334: "rspamd's controller: can train it and change its rules",
    12345: "Dovecot's authentication: open to password guessing without a limit",
    27017: f"MongoDB: {_DATABASE}",
}
HIDDEN = Check(
    "smtp.ports",
    "host",
    "Are ports of internal services closed to the world?",
    "NIST SP 800-123 section 4.2.1",
    why=(
        "Databases, caches and filters trust their clients. Through them, attackers read mail, use "
        "keys and take over hosts."
    ),
    remedy="Bind the service to loopback or a socket, or close its port in the firewall.",
)
_PATIENCE = 2.0  # seconds


def closed_ports(host: MailSettings) -> Mapping[int, str]:
    """Return the ports that a host must not open to the world, and the usual service of each."""
    own = dict.fromkeys(local_ports(host), "a service that this host alone uses")
    open_ = public_ports(host)
    return {port: what for port, what in {**own, **PORTS}.items() if port not in open_}


@per_endpoint(HIDDEN)
def open_ports(endpoint: Endpoint, host: MailSettings, world: World) -> Iterable[Finding]:
    """Connect to the ports of one address, all at the same time."""
    return findings(endpoint, closed_ports(host), world)


def findings(endpoint: Endpoint, table: Mapping[int, str], world: World) -> Iterator[Finding]:
    """Yield the findings about the ports of a table."""
    ports = (world.port, *table)
    answers = in_parallel(partial(_opens, endpoint), ports, workers=len(ports))
    found = [port for port, opened in zip(table, answers[1:], strict=True) if opened]
    for port in found:
        saw = f"{endpoint} port {port} is open to the world; by its number it is {table[port]}"
        fix = (
            f"bind the service on port {port} (ss -ltnp) to loopback or a socket, or close the "
            "port in the firewall"
        )
        yield HIDDEN.error(endpoint.host, saw, fix)
    if not found and answers[0]:
        yield HIDDEN.ok(endpoint.host, f"{endpoint} has none of {len(table)} ports open")
    elif not found:
        why = f"{endpoint} answers on no port: the cause may be the network, not its firewall"
        fix = "fix smtp.connect first, or verify from another network"
        yield HIDDEN.unknown(endpoint.host, why, fix)


def _opens(endpoint: Endpoint, port: int) -> bool:
    try:
        socket.create_connection((endpoint.address, port), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True
