"""
Web sites of a fleet: the host of each, and the mistakes in their settings.

The authority checks HTTP-01 at any address of a name (RFC 8555 section 8.3). So a site has the
addresses of one host, the domain's first in the inventory: another host could not answer. Each host
of a bulk stream unsubscribes at a name of its own, because its suppressions may be its own too.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from ... import names
from ..model import MailSettings
from ..site import Site
from .hand_over import homes_of

KEYS = ("mta_sts", "autoconfig")


def with_sites(hosts: Sequence[MailSettings]) -> tuple[MailSettings, ...]:
    """Return the hosts, each with the sites that it serves."""
    return tuple(host.model_copy(update={"sites": tuple(_sites(host, hosts))}) for host in hosts)


def site_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes in the web sites of hosts."""
    yield from _disagreements(hosts)
    for host in hosts:
        yield from _untrusted(host)
        if host.autoconfig and not host.logins:
            yield (
                f"{host.inventory_name}: mail_autoconfig needs accounts; add mail_accounts "
                "or mail_mailboxes, or remove mail_autoconfig"
            )
        yield from _name_mistakes(host)
        for domain in host.domains if host.autoconfig else ():
            if len(homes := homes_of(domain, hosts)) > 1:
                yield (
                    f"{host.inventory_name}: mail_autoconfig cannot tell which of "
                    f"{' and '.join(one.inventory_name for one in homes)} has a user's mailbox of "
                    f"{domain}; move the mailboxes of {domain} to one host, or remove "
                    "mail_autoconfig"
                )


def _sites(host: MailSettings, hosts: Sequence[MailSettings]) -> Iterator[Site]:
    for domain in host.domains:
        serving = [one for one in hosts if domain in one.domains]
        serving.sort(key=lambda one: domain in one.primaries)  # a backup MX reads no reports
        if serving[0].inventory_name == host.inventory_name:
            yield Site(
                domain=domain,
                mode="enforce" if host.mta_sts == "auto" else host.mta_sts,
                autoconfig=host.autoconfig,
                mx=tuple(one.hostname for one in serving),
                submission=tuple(one.hostname for one in serving if one.logins),
                follows=host.mta_sts == "auto",
                mailboxes=_reading(domain, "imaps", serving),
                pop3=_reading(domain, "pop3s", serving),
            )
    if host.one_click_name:
        yield Site(host.hostname, None, autoconfig=False, mx=(), submission=(), one_click=True)


def _reading(domain: str, service: str, hosts: Sequence[MailSettings]) -> tuple[str, ...]:
    """Return the names of the hosts that offer a service for mailboxes of a domain."""
    return tuple(
        one.hostname
        for one in hosts
        if domain in one.mailbox_domains and service in one.mailbox_services
    )


def _disagreements(hosts: Sequence[MailSettings]) -> Iterator[str]:
    for (first, second), key in product(combinations(hosts, 2), KEYS):
        shared = sorted({*first.domains} & {*second.domains})
        own, other = getattr(second, key), getattr(first, key)
        if shared and own != other:
            yield (
                f"{second.inventory_name}: mail_{key} is {own!r}, but {other!r} on "
                f"{first.inventory_name}, and both serve {', '.join(shared)}; write the same on "
                "both"
            )


def _untrusted(host: MailSettings) -> Iterator[str]:
    # RFC 8461 section 3.3: a policy needs a certificate that senders can verify.
    if host.tls == "self-signed" and (host.mta_sts != "none" or host.autoconfig):
        key = "mail_autoconfig" if host.mta_sts == "none" else "mail_mta_sts"
        yield (
            f"{host.inventory_name}: {key} needs certificates that others trust, and mail_tls is "
            f"'self-signed'; set mail_tls to 'acme' or 'files', or remove {key}"
        )


def _name_mistakes(host: MailSettings) -> Iterator[str]:
    for name in host.site_names:
        if len(name) > names.LONGEST:
            yield (
                f"{host.inventory_name}: {name} has more than {names.LONGEST} octets; "
                f"{_without(host, name)}"
            )
        elif name in host.host_names:
            yield (
                f"{host.inventory_name}: {name} is the name of a domain's web site; remove it from "
                "mail_hostname and mail_tls_names"
            )


def _without(host: MailSettings, name: str) -> str:
    """Return the fix with which a host has no web site of a name."""
    if name == host.one_click_name:
        return "write False in mail_bulk.one_click"
    return "remove mail_mta_sts and mail_autoconfig"
