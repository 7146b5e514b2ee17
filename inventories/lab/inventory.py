from collections.abc import Mapping
from typing import Any

from deploys.lab.definition import named
from deploys.lab.inventory import hosts, password


def own(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data of a host of the demo: a mailbox."""
    (domain,) = data["mail_domains"]
    mailbox = {"password": password(named("lab")), "aliases": [f"info@{domain}"], "quota": "1G"}
    return {"mail_mailboxes": {f"anna@{domain}": mailbox}}


mail = [(name, {**data, **own(data)}) for name, data in hosts("lab", "mail")]
witnesses = hosts("lab", "peer")
ns = hosts("lab", "ns")
resolver = hosts("lab", "resolver")
