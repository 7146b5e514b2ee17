"""How every host is reached, and how the proof is made: deploys/verify.py, docs/verify.md."""

from typing import Any

ssh_user = "root"
ssh_strict_host_key_checking = "yes"

# Who answers the controller's questions about DNS; nothing here means the system's resolver.
mail_resolvers: list[str] = []

# What is asked: ids and patterns as in docs/checks.md, hosts, domains; nothing here means all.
verify_only: list[str] = []
verify_severity = ""  # "error": only what can be an error; "warning": that, or a warning
verify_host: list[str] = []
verify_domain: list[str] = []
verify_fast = False  # True: no messages, so nothing that waits
verify_fail_on = "error"  # the least that fails a run: or "unknown", "warning", "info"
# What is known to be wrong and borne for a while: the "id" or a pattern, the "reason", the last day
# of it ("until": "2027-01-31"), and the "host" or "domain" if it is about one; see docs/verify.md.
verify_waivers: list[dict[str, Any]] = []

# Resolvers whose answers are compared with the zones' own; nothing here means those above.
verify_resolvers: list[str] = []
# Lists of spammers that are asked about your hosts and domains; None: a few large ones.
verify_blocklists: list[str] | None = None
# Mailboxes at other providers that test messages are sent to, read by IMAP and removed:
# {"address": "me@provider.example", "imap": "imap.provider.example", "login": "me",
#  "password": env("MAILBOX_PASSWORD")}; and "folder", "port", and "ca_file", if the authority of
# the server's certificate is your own: see docs/verify.md.
verify_mailboxes: list[dict[str, Any]] = []
# An address whose mail comes to this machine, where a run takes it: "probe@[203.0.113.9]".
verify_sink = ""
# Samples of what you send to many, as they arrived, as files on this machine.
verify_bulk: list[str] = []

# Who is told when a proof differs from the one before: an address, an https:// URL, or a secret.
verify_notify = ""
verify_metrics = ""  # the directory of node_exporter's textfile collector
