import json
import os

from deploys.lab.inventory import dns, mailboxes, resolvers
from deploys.mail.settings.secret import env
from tests.lab.labs import NAME

# More ways that a test lets the operator open the mailbox by, as JSON: what is other than usual.
MORE = json.loads(os.environ.get("MORE_MAILBOXES", "[]"))
(USUAL,) = mailboxes(NAME)

mail_resolvers = resolvers(NAME)
mail_dns = dns(NAME)
verify_mailboxes = [USUAL] + [
    {**USUAL, **own, "password": env(own["password"]) if "password" in own else USUAL["password"]}
    for own in MORE
]
