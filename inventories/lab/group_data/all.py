from deploys.lab.inventory import dns, resolvers

mail_resolvers = resolvers("lab")
mail_dns = dns("lab")
mail_tls = "acme"
