"""
The octoDNS providers that have a short name, and what their classes do not tell of their keys.

Any other provider serves too, by its class. What stands here was learned from the classes: keys
that they let one leave out although nothing works without them, keys that go together, and
defaults that suit somebody who mirrors a thousand zones, but not a run that an operator waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from octodns.provider.base import BaseProvider

from ...mail.errors import MailError

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """
    What a provider takes.

    `defaults` are ours, and `file_keys` want the name of a file that holds what is given. A
    provider is `faithful` if a test has shown that it writes every text as it has read it.
    """

    path: str
    needs: tuple[str, ...] = ()
    together: tuple[str, ...] = ()  # all of them or none
    defaults: Arguments = field(default_factory=dict)
    file_keys: tuple[str, ...] = ()
    takes_anything: bool = False  # and ignores what it does not know
    faithful: bool = False

    def check(self, provider_class: type[BaseProvider], given: Arguments) -> None:
        """Raise MailError where keys are given that cannot work, though the class would take it."""
        wanted = (*self.needs, *(self.together if set(self.together) & set(given) else ()))
        if missing := [key for key in wanted if key not in given]:
            raise MailError(f"mail_dns: {self.path} {needs(missing)}")
        unknown = sorted(set(given) - set(signature(provider_class).parameters))
        if self.takes_anything and unknown:
            raise MailError(f"mail_dns: {self.path} {has_no(unknown)}")


def needs(keys: list[str]) -> str:
    """Say which keys are missing."""
    return f"needs {' and '.join(keys)}; add it to mail_dns"


def has_no(keys: list[str]) -> str:
    """Say which keys mean nothing."""
    return f"has no key {' and '.join(keys)}; correct it in mail_dns or take it out"


PROVIDERS = {
    "azure": Known("octodns_azure.AzureProvider", together=("directory_id", "client_id", "key")),
    "cloudflare": Known(
        "octodns_cloudflare.CloudflareProvider",
        needs=("token",),
        defaults={"pagerules": False},  # reading these takes a right that DNS does not need
    ),
    "desec": Known("octodns_desec.DesecProvider", defaults={"max_sleep": 60}, takes_anything=True),
    "digitalocean": Known("octodns_digitalocean.DigitalOceanProvider"),
    "dnsimple": Known("octodns_dnsimple.DnsimpleProvider"),
    "gandi": Known("octodns_gandi.GandiProvider"),
    "googlecloud": Known(
        "octodns_googlecloud.GoogleCloudProvider", file_keys=("credentials_file",)
    ),
    "hetzner": Known("octodns_hetzner.HetznerProvider"),
    "manual": Known(
        "deploys.zones.providers.manual.ManualProvider", faithful=True
    ),  # as it writes nothing
    "ns1": Known("octodns_ns1.Ns1Provider"),
    "ovh": Known("octodns_ovh.OvhProvider"),
    "powerdns": Known("octodns_powerdns.PowerDnsProvider", faithful=True),
    "rfc2136": Known("octodns_bind.Rfc2136Provider", together=("key_name", "key_secret")),
    "route53": Known(
        "octodns_route53.Route53Provider", together=("access_key_id", "secret_access_key")
    ),
}
SHORT_NAMES = {name: known.path for name, known in PROVIDERS.items()}
