"""Settings of witnesses: mailboxes outside the fleet, on hosts that SSH reaches."""

mail_witness_address = "visitor@example.net"
mail_witness_mailbox = "/var/mail/visitor"  # in mbox format
