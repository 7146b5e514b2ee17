from deploys.lab.inventory import dns, mailboxes, resolvers
from tests.lab.raising import NAME

mail_resolvers = resolvers(NAME)
mail_dns = dns(NAME)
verify_mailboxes = mailboxes(NAME)
