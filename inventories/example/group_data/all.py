"""Connections to all hosts, and settings of the checks: deploys/verify.py, docs/verify.md."""

from typing import Any

ssh_user = "root"
ssh_strict_host_key_checking = "yes"

# Versions of pyinfra-mail that this inventory needs, like ">=0.2"; "": any.
mail_requires = ""

# Resolvers of the controller; none: the system's own.
mail_resolvers: list[str] = []

# Checks by id or pattern as in docs/checks.md, hosts, domains; none: all of them.
verify_only: list[str] = []
verify_severity = ""  # "error": only checks that can be an error; "warning": or a warning
verify_host: list[str] = []
verify_domain: list[str] = []
verify_fast = False  # True: no test messages and no scans
verify_fail_on = "error"  # least severity that fails a run: or "unknown", "warning", "info"
# Known findings that you accept for a while: the "id" or a pattern, the "reason", the last day
# ("until": "2027-01-31"), and the "host" or "domain" of one subject; see docs/verify.md.
verify_waivers: list[dict[str, Any]] = []

# Resolvers whose answers are compared with those of the zones' own servers; none: those above.
verify_resolvers: list[str] = []
# DNS blocklists that are asked about your hosts and domains; None: a few large ones.
verify_blocklists: list[str] | None = None
# Mailboxes at other providers that get test messages, which are read by IMAP and removed:
# {"address": "me@provider.example", "imap": "imap.provider.example", "login": "me",
#  "password": env("MAILBOX_PASSWORD")}; also "folder", "port", and "ca_file" for a server with a
# certificate of your own authority: see docs/verify.md.
verify_mailboxes: list[dict[str, Any]] = []
# Address whose mail comes to this machine, where a run opens an SMTP server:
# "probe@[203.0.113.9]".
verify_sink = ""
# Files on this machine: samples of your bulk mail, as delivered.
verify_bulk: list[str] = []
# File on this machine with addresses, CSV or one a line: deploys/verify.py checks this list and
# nothing else; better with --data, see docs/lists.md.
verify_list = ""

# Receiver of a notice when the report differs from the last one: a mail address, an https:// URL,
# or a reference to one.
verify_notify = ""
verify_metrics = ""  # directory of node_exporter's textfile collector
