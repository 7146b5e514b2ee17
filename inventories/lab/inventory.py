from collections.abc import Mapping
from typing import Any

from deploys.lab import campaign
from deploys.lab.definition import named
from deploys.lab.inventory import hosts, password

secret = {"password": password(named("lab"))}


def own(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data of a host of the demo: a mailbox, and the stream of its campaign."""
    (domain,) = data["mail_domains"]
    mailbox = {**secret, "aliases": [f"info@{domain}"], "quota": "1G"}
    keys = {"mail_mailboxes": {f"anna@{domain}": mailbox}}
    return keys | (campaign.keys("lab", data) if name == campaign.SENDER else {})


mail = [(name, {**data, **own(name, data)}) for name, data in hosts("lab", "mail")]
witnesses = hosts("lab", "peer")
ns = hosts("lab", "ns")
resolver = hosts("lab", "resolver")
