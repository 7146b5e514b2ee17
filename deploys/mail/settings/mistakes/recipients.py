"""Mistakes in recipients: mail that would be accepted and then bounce, or go round."""

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from ..model import MailSettings, NullClient


def recipient_mistakes(
    hosts: Sequence[MailSettings], clients: Sequence[NullClient]
) -> Iterator[str]:
    """Yield the mistakes in mail_aliases and mail_root, each once."""
    for host in hosts:
        yield from _foreign_keys(host)
        yield from _lost_targets(host, hosts, clients)
    yield from _loops(hosts)
    for client in clients:
        problem = _problem(client.root, hosts, clients)
        if problem:
            yield (
                f"{client.inventory_name}: mail_root: {client.root} {problem}; write a recipient "
                "of a mail host, or an address elsewhere"
            )


def _foreign_keys(host: MailSettings) -> Iterator[str]:
    for address in host.aliases:
        domain = address.partition("@")[2]
        if domain and domain not in host.domains:
            yield (
                f"{host.inventory_name}: mail_aliases.{address}: {domain} is not in mail_domains; "
                "add it or correct the address"
            )


def _lost_targets(
    host: MailSettings, hosts: Sequence[MailSettings], clients: Sequence[NullClient]
) -> Iterator[str]:
    leads = {
        target: address
        for address, targets in host.recipients.targets.items()
        for target in targets
    }
    for target, address in leads.items():
        problem = "" if host.recipients.user(target) else _problem(target, hosts, clients)
        if problem:
            yield (
                f"{host.inventory_name}: mail_aliases: {address} leads to {target}, which "
                f"{problem}; write a user of the host, a recipient, or an address elsewhere"
            )


def _problem(address: str, hosts: Sequence[MailSettings], clients: Sequence[NullClient]) -> str:
    """Return why no host delivers mail for an address, as far as the inventory knows; or ""."""
    domain = address.rpartition("@")[2]
    serving = [host for host in hosts if domain in host.domains]
    if serving:
        known = any(address in host.recipients.targets for host in serving)
        return "" if known else f"is not a recipient of {serving[0].inventory_name}"
    if any(domain == client.hostname for client in clients):
        return "is at a null client, where no mail is received"
    if any(domain in host.silent_domains for host in hosts):
        return "is in mail_silent_domains, where no mail is received"
    return ""


def _loops(hosts: Sequence[MailSettings]) -> Iterator[str]:
    graph = {
        address: [one for one in targets if not host.recipients.user(one)]
        for host in hosts
        for address, targets in host.recipients.targets.items()
    }
    told: set[frozenset[str]] = set()
    while loop := _loop(graph):
        names = frozenset(address.partition("@")[0] for address in loop)
        if names not in told:
            host = next(one for one in hosts if loop[0] in one.recipients.targets)
            yield (
                f"{host.inventory_name}: mail_aliases goes round: {' -> '.join(loop)}; end it with "
                "a user of the host, or an address elsewhere"
            )
        told.add(names)
        graph = {address: targets for address, targets in graph.items() if address not in loop}


def _loop(graph: dict[str, list[str]]) -> list[str]:
    """Return recipients that lead to each other, the first one at both ends; [] if none do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        members = list(found.args[1])[:0:-1]
        first = members.index(min(members))
        return [*members[first:], *members[:first], members[first]]
    return []
