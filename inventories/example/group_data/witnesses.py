"""A mailbox outside, on a host that can be reached by SSH: where delivery is proved."""

mail_witness_address = "visitor@example.net"
mail_witness_mailbox = "/var/mail/visitor"  # in mbox format
