"""Settings of null clients: hosts that send their mail through a submission host, logged in."""

from deploys.mail.settings.secret import env

# Where mail is submitted, and as whom; at port 465 with TLS at once, at any other with STARTTLS.
mail_relay = "mx1.example.org:465"
mail_relay_login = "app@example.org"
mail_relay_password = env("RELAY_PASSWORD")
# A file here with the certificates that the relay's is trusted by; nothing: the system's own list.
mail_relay_ca = ""

# Who reads what cron and others send to root, or to any other user of the host.
mail_root = "hostmaster@example.org"
