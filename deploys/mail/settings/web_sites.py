"""
Web sites of a fleet: the host of each, and the mistakes in their settings.

The authority checks HTTP-01 at any address of a name (RFC 8555 section 8.3). So a site has the
addresses of one host, the domain's first in the inventory: another host could not answer.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from .. import names
from .model import MailSettings
from .site import Site

KEYS = ("mta_sts", "autoconfig")


def with_sites(hosts: Sequence[MailSettings]) -> tuple[MailSettings, ...]:
    """Return the hosts, each with the sites that it serves."""
    return tuple(host.model_copy(update={"sites": tuple(_sites(host, hosts))}) for host in hosts)


def site_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes in the web sites of hosts."""
    yield from _disagreements(hosts)
    for host in hosts:
        yield from _untrusted(host)
        if host.autoconfig and not host.accounts:
            yield (
                f"{host.inventory_name}: mail_autoconfig needs accounts; add mail_accounts or "
                "remove mail_autoconfig"
            )
        yield from _name_mistakes(host)


def _sites(host: MailSettings, hosts: Sequence[MailSettings]) -> Iterator[Site]:
    for domain in host.domains:
        serving = [one for one in hosts if domain in one.domains]
        if serving[0].inventory_name == host.inventory_name:
            yield Site(
                domain=domain,
                mode=host.mta_sts,
                autoconfig=host.autoconfig,
                mx=tuple(one.hostname for one in serving),
                submission=tuple(one.hostname for one in serving if one.accounts),
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
                f"{host.inventory_name}: {name} has more than {names.LONGEST} octets; remove "
                "mail_mta_sts and mail_autoconfig"
            )
        elif name in host.host_names:
            yield (
                f"{host.inventory_name}: {name} is the name of a domain's web site; remove it from "
                "mail_hostname and mail_tls_names"
            )
