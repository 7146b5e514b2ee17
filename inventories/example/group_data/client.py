"""Settings of null clients: hosts that send their mail through a submission host, logged in."""

from deploys import env

# Submission host with its port, and login; port 465 has TLS at once, every other port STARTTLS.
mail_relay = "mx1.example.org:465"
mail_relay_login = "app@example.org"
mail_relay_password = env("RELAY_PASSWORD")
# File on this machine: certificates that vouch for the relay; none: the system's own.
mail_relay_ca = ""

# Address that gets mail for root and all other users of the host.
mail_root = "postmaster@example.org"
