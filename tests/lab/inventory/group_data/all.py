from deploys.lab.inventory import dns, resolvers

mail_resolvers = resolvers("tests")
mail_dns = dns("tests")
