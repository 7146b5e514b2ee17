"""Mistakes in recipients: mail that would be accepted and then bounce, or go round."""

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from ... import srs
from ...report_uris import mail_address
from ..model import MailSettings, NullClient


def recipient_mistakes(
    hosts: Sequence[MailSettings], clients: Sequence[NullClient]
) -> Iterator[str]:
    """Yield the mistakes in mail_aliases, mail_root and policies that follow reports, each once."""
    for host in hosts:
        yield from _foreign_keys(host)
        yield from _lost_targets(host, hosts, clients)
        yield from _other_ways(host)
    yield from _loops(hosts)
    yield from _unread_reports(hosts)
    for client in clients:
        problem = _problem(client.root, hosts, clients)
        if problem:
            yield (
                f"{client.inventory_name}: mail_root: {client.root} {problem}; write a recipient "
                "of a mail host, or an address elsewhere"
            )


def catch_all_notices(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield a notice for each catch-all, because it takes all mail to invented addresses."""
    for host in hosts:
        for domain, ends in host.recipients.catch_alls.items():
            yield (
                f"{host.inventory_name}: mail_aliases.@{domain} is a catch-all: mail for any other "
                f"address of {domain} is accepted and goes to {', '.join(ends)}, and none is "
                "refused; without it such mail is refused with 550"
            )


def _other_ways(host: MailSettings) -> Iterator[str]:
    """Yield the own parameters of Postfix with which forwarded mail would take no way."""
    source = "mail_aliases" if host.recipients.forwards else "an alias of mail_directory"
    wanted = {srs.MAPS: srs.WAY, srs.BOUNCE_MAPS: srs.parameters(host.hostname)[srs.BOUNCE_MAPS]}
    for parameter, table in wanted.items() if host.forwards else ():
        if table not in host.postfix_value(parameter):
            yield (
                f"{host.inventory_name}: mail_postfix_main.{parameter} replaces the table of "
                f"forwarded mail, and {source} leads elsewhere; begin it with {table!r}"
            )


def _unread_reports(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield a mistake for each policy that follows reports which no host reads."""
    read = {address for host in hosts for address in host.recipients.read}
    for host in hosts:
        if host.dmarc == "auto" and not read & {one.lower() for one in host.dmarc_reports}:
            yield (
                f"{host.inventory_name}: mail_dmarc = 'auto' needs reports that a host reads; name "
                "an address in mail_domains in mail_dmarc_reports that is no other recipient, such "
                f"as dmarc@{next(iter(host.author_domains), 'example.org')}"
            )
        own = set(map(mail_address, host.tls_rpt))
        backup = bool(host.domains) and not host.kept_domains  # its primary reads the reports
        if host.mta_sts == "auto" and not backup and not own & set(host.recipients.read):
            yield (
                f"{host.inventory_name}: mail_mta_sts = 'auto' needs TLS reports that this host "
                "reads; name an address in its mail_domains in mail_tls_rpt that is no other "
                f"recipient, such as tls@{next(iter(host.domains), 'example.org')}"
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
        known = any(host.directory or host.recipients.entry(address) for host in serving)
        return "" if known else f"is not a recipient of {serving[0].inventory_name}"
    relayed = [host.relay_domains[domain] for host in hosts if domain in host.relay_domains]
    if relayed and not any(one.asked or address in one.addresses(domain) for one in relayed):
        return "is not in the recipients of mail_relay_domains"
    if any(domain == client.hostname for client in clients):
        return "is at a null client, where no mail is received"
    if any(domain in host.silent_domains for host in hosts):
        return "is in mail_silent_domains, where no mail is received"
    return ""


def _loops(hosts: Sequence[MailSettings]) -> Iterator[str]:
    graph: dict[str, list[str]] = {}
    for host in hosts:
        for address, targets in host.recipients.targets.items():
            if address in host.mailboxes or address in host.homes:
                continue
            graph[address] = [one for one in targets if not host.recipients.user(one)]
            caught = (one for one in graph[address] if one not in host.recipients.targets)
            for one in caught:
                graph.setdefault(one, [*filter(None, (host.recipients.entry(one),))])
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
