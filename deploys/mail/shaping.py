"""
Shaping: limits for groups of receivers of bulk mail, and the transports of Postfix that keep them.

A group has its members by recipient domain and by MX host. Postfix counts the connections of one
destination, which is one domain; the receiver counts those of all its domains. So the number of
SMTP client processes of the group's transport is the limit: a process has one connection. Sources
of the figures are in docs/shaping.md.
"""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

DEFAULT = "default"  # every receiver of no other group
CONCURRENCY = 2  # connections to a domain of no group
DEFAULT_PROCESSES = 50  # connections to all domains of no group together
PREFIX = "receiver-"
# Services that keep connections for another message, with TLS or without.
REUSE = {"scache/unix": "- - n - 1 scache", "tlsproxy/unix": "- - n - 0 tlsproxy"}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Group:
    """
    A group of receivers and its limits.

    An MX host that begins with a dot stands for every name below it. `concurrency` is of the whole
    group, and of each domain for the group `default`. 0 recipients: Postfix's own limit; "": no
    rate.
    """

    name: str
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    concurrency: int = CONCURRENCY
    recipients: int = 0
    rate: str = ""
    messages_per_connection: int = 1
    prefix: str = PREFIX  # of its transport
    options: tuple[str, ...] = ()  # parameters of its transport alone, as `name=value`

    @property
    def transport(self) -> str:
        """Return the name of the group's transport in master.cf."""
        return f"{self.prefix}{self.name}"

    @property
    def reuses(self) -> bool:
        """Tell whether a connection may carry several messages."""
        return self.messages_per_connection > 1

    @property
    def processes(self) -> int:
        """
        Return the number of SMTP client processes.

        Connections that wait for another message have no process. Half of the limit is theirs.
        """
        if self.name == DEFAULT:
            return max(self.concurrency, DEFAULT_PROCESSES)
        return self.concurrency - self.concurrency // 2 if self.reuses else self.concurrency

    @property
    def of_domain(self) -> int:
        """Return the connections to one domain, those that wait included."""
        if not self.reuses:
            return self.concurrency
        return self.concurrency // 2 // max(len(self.domains), 1)

    @property
    def delay(self) -> int:
        """Return the seconds between two messages of the group; 0: none."""
        return math.ceil(_interval(self.rate)) if self.rate else 0


DEFAULTS: tuple[Group, ...] = (
    Group(DEFAULT),
    Group("apple", mx=(".icloud.com",), concurrency=10),
    Group("barracuda", mx=(".barracudanetworks.com",), concurrency=10),
    Group("comcast", ("comcast.net",), (".comcast.net",), concurrency=25),
    Group("gmx", mx=(".gmx.net", ".web.de"), concurrency=4),
    Group("google", mx=(".google.com", ".googlemail.com"), concurrency=5),
    Group("kpn", mx=(".kpnmail.nl",), concurrency=10),
    Group("microsoft", mx=(".mail.protection.outlook.com", ".mx.microsoft"), concurrency=5),
    Group("mimecast", mx=(".mimecast.com", ".mimecast.co.za"), concurrency=10),
    Group("netease", mx=(".netease.com",), concurrency=4),
    Group("orange", mx=(".orange.fr",), concurrency=2),
    Group("outlook", mx=(".olc.protection.outlook.com",), concurrency=5),
    Group("qq", mx=(".qq.com",), concurrency=4),
    Group("yahoo", mx=(".yahoodns.net",), concurrency=5),
    Group("yahoo_japan", ("yahoo.co.jp",), concurrency=2),
)


def groups(own: Mapping[str, Mapping[str, object] | None]) -> tuple[Group, ...]:
    """Return the groups: the defaults with the fields of `own`; None removes a group."""
    known = {group.name: group for group in DEFAULTS}
    for name, fields in own.items():
        if fields is None:
            known.pop(name, None)
        else:
            known[name] = replace(known.get(name, Group(name)), **fields)  # type: ignore[arg-type]
    return tuple(known[name] for name in sorted(known))


def mistakes(every: Iterable[Group]) -> Iterator[str]:
    """Yield a sentence for each group that cannot be kept, or that has the member of another."""
    owners: dict[str, str] = {}
    for group in every:
        yield from _mistakes(group)
        for member in (*group.domains, *(f"MX {host}" for host in group.mx)):
            if owner := owners.get(member):
                yield f"{member} is in the groups {owner!r} and {group.name!r}; remove it from one"
            owners[member] = group.name


def _mistakes(group: Group) -> Iterator[str]:
    where = f"[{group.name!r}]"
    if group.name == DEFAULT and (group.domains or group.mx):
        yield f"{where}: it is for all other receivers; remove 'domains' and 'mx'"
    elif group.name != DEFAULT and not group.domains and not group.mx:
        yield f"{where}: it has no receivers; write 'domains' or 'mx'"
    if group.rate and _interval(group.rate) < 1:
        yield (
            f"{where}: rate {group.rate!r} is more than one message a second, and Postfix delays by"
            " whole seconds; write at most '1/1s', or remove it"
        )
    if group.reuses and not 0 < 2 * len(group.domains) <= group.concurrency:
        yield (
            f"{where}: messages_per_connection needs 'domains', and a concurrency of two for each "
            "of them; half of the connections wait for another message"
        )


def parameters(every: Iterable[Group]) -> dict[str, str]:
    """Return the parameters of main.cf that keep the limits."""
    return {name: value for group in every for name, value in _parameters(group)}


def _parameters(group: Group) -> Iterator[tuple[str, str]]:
    yield f"{group.transport}_destination_concurrency_limit", str(group.of_domain)
    if group.recipients:
        yield f"{group.transport}_destination_recipient_limit", str(group.recipients)
    if group.delay:
        yield f"{group.transport}_transport_rate_delay", f"{group.delay}s"


def services(every: Collection[Group]) -> dict[str, str]:
    """Return the services of master.cf that keep the limits, by "name/type"."""
    own = {f"{group.transport}/unix": _service(group) for group in every}
    return {**own, **(REUSE if any(group.reuses for group in every) else {})}


def _service(group: Group) -> str:
    # A closed connection is gone for the receiver too, before the process opens the next one.
    options = ["syslog_name=postfix-bulk/$service_name", "smtp_skip_quit_response=no"]
    options.append("smtp_connection_cache_on_demand=no")
    if group.reuses:
        options.append(f"smtp_connection_cache_destinations={','.join(group.domains)}")
        options.append(f"smtp_connection_reuse_count_limit={group.messages_per_connection - 1}")
        options.append("smtp_tls_connection_reuse=yes")
    words = " ".join(f"-o {option}" for option in (*options, *group.options))
    return f"- - n - {group.processes} smtp {words}"


def _interval(rate: str) -> float:
    """Return the seconds for each message of a rate such as "100/1h"."""
    count, number, unit = re.fullmatch(r"(\d+)/(\d*)([smhd])", rate).groups()  # type: ignore[union-attr]
    return int(number or 1) * SECONDS[unit] / int(count)
