from deploys.lab.inventory import dns, mailboxes, resolvers

mail_resolvers = resolvers("lab")
mail_dns = dns("lab")
mail_tls = "acme"
verify_mailboxes = mailboxes("lab")
