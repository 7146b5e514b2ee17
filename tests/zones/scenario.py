"""
Scenario of a zone, for every provider: its records are published, restored and published again,
then a host leaves, then the domain. The records of others stay the same throughout.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from deploys.mail.dkim_rotation import Published
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import command
from deploys.zones.apply import apply
from deploys.zones.backup import Backups
from deploys.zones.orphans import orphan_plans
from deploys.zones.ownership.scope import PlanScope
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.provider import Provider
from deploys.zones.restore import restoration

RSA = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvuNdXqXtD5vKq5vvhW5pFmhJ1ZUSRcHO8oDkTTWLKKnFvE"
    "Q6Y9mqIY8yqm3Z0JtS1wKq9Zq5gM9yZk8Qw1h2yTg0b7v6kq1hQ7J3w9hH1nY5m2c6T8rX4sV0pB7dLfE3aUuGiCoR"
    "xWzNjKtMyPqSvDbF5hI1kL7mO9nQ2pR4sT6uV8wX0yZaBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdefghijklm"
)
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ACCOUNT = "https://acme-v02.api.letsencrypt.org/acme/acct/17"
KEYS = {"rsa": RSA, "ed25519": ED25519}

Held = Mapping[tuple[str, str], Any]


def everything(zone: str) -> dict[str, Any]:
    """Settings of a host whose mail needs every kind of record."""
    return {
        "mail_tls": "acme",
        "mail_accounts": {f"ann@{zone}": {"password": command("echo", "sesame")}},
        "mail_aliases": {"ann": "root"},
        "mail_tls_rpt": f"tls@{zone}",
        "mail_dmarc_reports": f"dmarc@{zone}",
        "mail_bimi": f"https://www.{zone}/logo.svg",
        "mail_silent_domains": [f"quiet.{zone}"],
    }


def fleet_of(
    zone: str, *numbers: int, domains: Collection[str] | None = None, **data: Any
) -> Fleet:
    """Mail hosts mx1, mx2... in a zone, that serve it unless other domains are given."""
    served = [zone] if domains is None else list(domains)
    return fleet_from(
        {
            f"mx{number}": {
                "mail_hostname": f"mx{number}.{zone}",
                "mail_addresses": [f"198.51.100.1{number}", f"2001:db8:51::1{number}"],
                "mail_domains": served,
                **data,
            }
            for number in numbers
        },
        {},
    )


def facts_of_hosts(*names: str) -> dict[str, HostFacts]:
    """Facts of hosts with these names; each has both its keys, and an ACME account."""
    return {
        name: HostFacts(
            dkim=tuple(
                Published(f"{name}-{kind}", f"v=DKIM1; k={kind}; p={key}", "current")
                for kind, key in KEYS.items()
            ),
            acme_account=ACCOUNT,
        )
        for name in names
    }


def planned(
    provider: Provider, zone: str, fleet: Fleet, spared: frozenset[str] = frozenset()
) -> ZonePlan:
    """The plan of a run with all hosts of a fleet."""
    facts = facts_of_hosts(*(host.inventory_name for host in fleet.hosts))
    records = records_for(fleet, set(facts), facts)
    own = [record for record in records if record.name.endswith(zone)]
    scope = replace(PlanScope.of(fleet, facts, records), spared=spared)
    return plan(provider, zone, own, scope)


def published(provider: Provider, zone: str, fleet: Fleet) -> str:
    """Publish once, assert that a second plan is empty, and return the ID of the run."""
    backups = Backups()
    assert apply(planned(provider, zone, fleet), backups.keep)
    assert planned(provider, zone, fleet).changes == ()
    assert backups.run
    return backups.run


def restored(provider: Provider, run: str, *, overwrite: bool = False) -> ZonePlan:
    """Restore the record sets that a run wrote, and return the plan."""
    (saved,) = Backups().of(run)
    back = restoration(provider, saved, "asked for", overwrite=overwrite)
    apply(back)
    return back


def run_scenario(provider: Provider, zone: str, held: Callable[[], Held], **data: Any) -> None:
    """
    Run the scenario in a zone of a provider, with further settings of its hosts.

    `held` returns the record sets from the server.
    """
    others = held()

    run = published(provider, zone, fleet_of(zone, 1, 2, **data))
    shared = {(zone, "TXT"), (zone, "MX")}
    after = held()
    assert len(after) > len(others) + 5
    assert {key: after[key] for key in others.keys() - shared} == {
        key: others[key] for key in others.keys() - shared
    }

    restored(provider, run)
    assert held() == others

    published(provider, zone, fleet_of(zone, 1, 2, **data))
    published(provider, zone, fleet_of(zone, 1, **data))
    names = {name for name, _ in held()}
    assert f"mx1.{zone}" in names
    assert not any("mx2" in name for name in names)
    assert not any("mx2" in str(value) for key, value in held().items() if key in shared)

    for left in orphan_plans(provider, zone, PlanScope((f"mx1.{zone}",), whole=True)):
        apply(left)
    assert held() == others
