"""
Catalogue of octoDNS providers: short names, and requirements that their classes do not declare.

Any other provider works too, by its class. The entries hold keys that a class does not require
although it fails without them, keys that go together, and defaults for a run that an operator waits
for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import getmro, signature
from typing import Any

from octodns.provider.base import BaseProvider

from ...mail.errors import MailError

Arguments = Mapping[str, Any]

# For each class with these arguments: its own retries, which pause for minutes, are turned off.
DEFAULTS: Mapping[str, object] = {"retry_count": 1, "retry_period": 10}

# These write a whole zone from octoDNS's records, or a file from the changes alone, so records of
# other types, or all other records, would be lost.
WHOLE_ZONE = {
    "octodns_transip.TransipProvider": "replaces all of a zone",
    "octodns_bind.ZoneFileProvider": "writes a file that holds the changes alone",
    "octodns_bind.ZoneFileSource": "writes a file that holds the changes alone",
    "octodns.provider.yaml.YamlProvider": "writes files that no name server reads",
}


@dataclass(frozen=True)
class Entry:
    """
    The requirements of a provider's class.

    `defaults` are ours. `file_keys` are arguments that must be the name of a file with the secret.
    A new inventory asks for `plain_keys`, and for references for `secret_keys`.
    New record sets get no TTL below `minimum_ttl`, which the API refuses.
    A provider is `faithful` if a test has shown that it writes every text as it has read it.
    `advice` is what to do about records that the class does not show.
    `usage` are the keys, and `note` the rest of its row in docs/providers.md.
    """

    path: str
    needs: tuple[str, ...] = ()
    together: tuple[str, ...] = ()  # all of them or none
    defaults: Arguments = field(default_factory=dict)
    file_keys: tuple[str, ...] = ()
    ignores_unknown: bool = False  # the class accepts unknown keys
    faithful: bool = False
    minimum_ttl: int = 0  # seconds
    advice: str = ""
    plain_keys: tuple[str, ...] = ()
    secret_keys: tuple[str, ...] = ()
    usage: str = ""
    note: str = ""

    def check(self, provider_class: type[BaseProvider], given: Arguments) -> None:
        """Raise MailError if keys are missing or unknown, even if the class accepts that."""
        wanted = (*self.needs, *(self.together if set(self.together) & set(given) else ()))
        if missing := [key for key in wanted if key not in given]:
            raise MailError(f"mail_dns: {self.path} {missing_keys(missing)}")
        unknown = sorted(set(given) - set(signature(provider_class).parameters))
        if self.ignores_unknown and unknown:
            raise MailError(f"mail_dns: {self.path} {unknown_keys(unknown)}")


def refuse_whole_zone_writers(path: str) -> None:
    """Raise MailError for a class that cannot change a record set without touching the others."""
    if path in WHOLE_ZONE:
        raise MailError(
            f"mail_dns: {path} {WHOLE_ZONE[path]}, so records of others could be lost; move the "
            'zone to another provider, or write {"class": "manual"} and publish by hand'
        )


def with_defaults(provider_class: type, arguments: Arguments) -> dict[str, Any]:
    """Return a class's arguments, with our defaults for those that it has."""
    accepted = {
        name
        for base in getmro(provider_class)
        if "__init__" in vars(base)
        for name in signature(vars(base)["__init__"]).parameters
    }
    ours = {name: value for name, value in DEFAULTS.items() if name in accepted}
    return {**ours, **arguments}


def missing_keys(keys: list[str]) -> str:
    """Return the end of a sentence about missing keys."""
    return f"needs {' and '.join(keys)}; add it to mail_dns"


def unknown_keys(keys: list[str]) -> str:
    """Return the end of a sentence about unknown keys."""
    return f"has no key {' and '.join(keys)}; correct it in mail_dns or remove it"


PROVIDERS = {
    "azure": Entry(
        "octodns_azure.AzureProvider",
        together=("directory_id", "client_id", "key"),
        plain_keys=("sub_id", "resource_group", "directory_id", "client_id"),
        secret_keys=("key",),
        usage="`sub_id`, `resource_group`, `directory_id`, `client_id`, `key`; or "
        '`client_credential_method: "cli"` in place of the last three',
    ),
    "cloudflare": Entry(
        "octodns_cloudflare.CloudflareProvider",
        needs=("token",),
        defaults={"pagerules": False},  # reading these takes a right that DNS does not need
        secret_keys=("token",),
        usage="`token`, with the rights Zone:Read, DNS:Read, DNS:Edit",
        note="comments and tags of a record set stay; TTLs below 120 s are raised, unless "
        "`min_ttl` is set",
    ),
    "desec": Entry(
        "octodns_desec.DesecProvider",
        defaults={"max_sleep": 60},
        ignores_unknown=True,
        # deSEC's API: `minimum_ttl` of a domain, 3600 unless its support lowers it.
        minimum_ttl=3600,
        secret_keys=("token",),
        usage="`token`",
        note="a new TLS key waits an hour for use; deSEC limits frequent requests; a run waits for "
        "it 60 s at most, or `max_sleep` seconds",
    ),
    "digitalocean": Entry(
        "octodns_digitalocean.DigitalOceanProvider",
        # Its API: "record ttl must be greater than 30" (Pelado-Nerdworks/peladonerd#44); 30 passes
        # (lego's default).
        minimum_ttl=30,
        secret_keys=("token",),
        usage="`token`",
        note="not in one step",
    ),
    "dnsimple": Entry(
        "octodns_dnsimple.DnsimpleProvider",
        minimum_ttl=60,  # support.dnsimple.com/articles/what-is-ttl: "from 1 minute up to 3 days"
        plain_keys=("account",),
        secret_keys=("token",),
        usage="`token`, `account` (a number)",
        note="not in one step",
    ),
    "gandi": Entry(
        "octodns_gandi.GandiProvider",
        minimum_ttl=300,  # LiveDNS: dnscontrol (providers/gandiv5) raises lower ones to it
        secret_keys=("token",),
        usage="`token`, a personal access token",
        note="not in one step",
    ),
    "googlecloud": Entry(
        "octodns_googlecloud.GoogleCloudProvider",
        file_keys=("credentials_file",),
        plain_keys=("project",),
        secret_keys=("credentials_file",),
        usage="`project`, `credentials_file`; without the latter Google's default credentials",
        note="`credentials_file` is a path, or a reference to the JSON text, which is in a private "
        "file while the class reads it",
    ),
    "hetzner": Entry(
        "octodns_hetzner.HetznerProvider",
        # Its Cloud API: "Must be in between 60s and 2147483647s"; of the DNS Console see lego#1666.
        minimum_ttl=60,
        plain_keys=("backend",),
        secret_keys=("token",),
        usage='`token`, and `backend: "hcloud"` for zones in the Cloud Console',
        note="without `backend` the older DNS Console is used, not in one step",
    ),
    "manual": Entry(f"{__package__}.manual.ManualProvider", faithful=True),  # as it writes nothing
    "ns1": Entry(
        "octodns_ns1.Ns1Provider",
        secret_keys=("api_key",),
        usage="`api_key`",
    ),
    "ovh": Entry(
        "octodns_ovh.OvhProvider",
        minimum_ttl=60,  # its API sets a lower one to 60 (ovh/terraform-provider-ovh#397)
        plain_keys=("endpoint", "application_key"),
        secret_keys=("application_secret", "consumer_key"),
        advice="OVH's panel has types of its own, SPF and DMARC: replace such a record there by a "
        "TXT record with the same text",
        usage='`endpoint` (`"ovh-eu"`), `application_key`, `application_secret`, `consumer_key`',
        note="not in one step; cannot list its zones, so each name is requested",
    ),
    "powerdns": Entry(
        "octodns_powerdns.PowerDnsProvider",
        faithful=True,
        plain_keys=("host",),
        secret_keys=("api_key",),
        usage='`host`, `api_key`; `port` (8081), `scheme` (`"http"`)',
    ),
    "rfc2136": Entry(
        "octodns_bind.Rfc2136Provider",
        together=("key_name", "key_secret"),
        plain_keys=("host", "key_name", "key_algorithm"),
        secret_keys=("key_secret",),
        usage="`host`, `key_name`, `key_secret`, `key_algorithm`; `port`, `timeout`",
        note="the key needs the rights to transfer and to update; cannot list its zones; Knot 3.2 "
        "loses a CNAME that is changed, as octoDNS deletes and adds it in one update: the run "
        "notices, restores it, and fails; delete it there and run again",
    ),
    "route53": Entry(
        "octodns_route53.Route53Provider",
        together=("access_key_id", "secret_access_key"),
        plain_keys=("access_key_id",),
        secret_keys=("secret_access_key",),
        usage="`access_key_id`, `secret_access_key`; or `profile`; without either boto3's own "
        "credentials",
        note="set another endpoint in `AWS_ENDPOINT_URL_ROUTE_53`",
    ),
}
SHORT_NAMES = {name: known.path for name, known in PROVIDERS.items()}
