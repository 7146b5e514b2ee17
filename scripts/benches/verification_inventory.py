"""The mail hosts of `scripts/bench verify`, with the domains of a case, and their witness."""

import json
import os

from deploys.lab.inventory import dns, hosts, resolvers
from scripts.benches import verification

DOMAINS = json.loads(os.environ[verification.DOMAINS])

mail = [
    (
        name,
        {
            **data,
            "mail_dns": dns("bench"),
            "mail_resolvers": resolvers("bench"),
            "mail_domains": DOMAINS[name],
            "mail_tls": "acme",
        },
    )
    for name, data in hosts("bench", "mail", len(DOMAINS))
]
witnesses = hosts("bench", "peer")
