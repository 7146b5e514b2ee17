"""The mail host of `scripts/bench bulk` with a bulk stream, and the limits of its receivers."""

import os

from deploys.lab.definition import named
from deploys.lab.inventory import ACCOUNT, dns, hosts, password, resolvers
from deploys.mail.settings.secret import env
from scripts.benches import bulk
from scripts.benches.instruments import receiver_groups, sender

mail = [
    (
        name,
        {
            **data,
            "mail_dns": dns("bench"),
            "mail_resolvers": resolvers("bench"),
            "mail_aliases": {ACCOUNT: "root", bulk.ACCOUNT: "root"},
            "mail_accounts": {
                f"{account}@{domain}": {"password": password(named("bench"))}
                for account in (ACCOUNT, bulk.ACCOUNT)
                for domain in data["mail_domains"]
            },
            "mail_bulk": {
                "accounts": [f"{bulk.ACCOUNT}@{data['mail_domains'][0]}"],
                "bounces": f"bounces.{data['mail_domains'][0]}",
                "secret": env(bulk.SECRET),
            },
            "mail_shaping": receiver_groups.shaping(),
        },
    )
    for name, data in hosts("bench", "mail", bulk.MAIL_HOSTS)
    if name == os.environ[sender.HOST]
]
