from deploys.lab.inventory import hosts

mail = hosts("lab", "mail")
witnesses = hosts("lab", "peer")
ns = hosts("lab", "ns")
resolver = hosts("lab", "resolver")
