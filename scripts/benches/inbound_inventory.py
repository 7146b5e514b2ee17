"""The one mail host of `scripts/bench inbound`, with one mailbox."""

import os

from deploys.lab.definition import named
from deploys.lab.inventory import ACCOUNT, dns, hosts, password, resolvers
from deploys.mail.settings.groups import ACCOUNT_RATE
from scripts.benches.instruments import recipient, sender

mail = [
    (
        name,
        {
            **data,
            "mail_dns": dns("bench"),
            "mail_resolvers": resolvers("bench"),
            "mail_aliases": {},
            "mail_accounts": {},
            "mail_account_rate": ACCOUNT_RATE,  # the default, which needs Redis
            "mail_mailboxes": {
                f"{ACCOUNT}@{domain}": {"password": password(named("bench"))}
                for domain in data["mail_domains"]
            },
            "mail_filter": os.environ[recipient.JUDGES] == "yes",
            "mail_take_over": True,  # the distribution's own Postfix was measured here before
        },
    )
    for name, data in hosts("bench", "mail")
    if name == os.environ[sender.HOST]
]
