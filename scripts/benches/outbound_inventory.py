"""The one mail host of `scripts/bench outbound`, which relays all its mail to the sink."""

import os

from deploys.lab.inventory import dns, hosts, resolvers
from scripts.benches.instruments import sender

mail = [
    (
        name,
        {
            **data,
            "mail_dns": dns("bench"),
            "mail_resolvers": resolvers("bench"),
            "mail_postfix_main": {"relayhost": sender.RELAYHOST},
            "mail_take_over": True,  # the distribution's own Postfix was measured here before
            "mail_account_rate": "",  # the account sends more than a person does
        },
    )
    for name, data in hosts("bench", "mail")
    if name == os.environ[sender.HOST]
]
