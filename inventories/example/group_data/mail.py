"""Settings of the mail hosts. Every optional key has its default here."""

from typing import Any

from deploys import env

# Provider of the zones, in octoDNS's own keys (docs/providers.md). With {"class": "manual"} you
# publish the records that the run prints. None: no zone is changed.
mail_dns: dict[str, Any] | None = {
    "class": "powerdns",
    "host": "ns.example.org",
    "port": 8081,
    "api_key": env("POWERDNS_API_KEY"),
}
mail_dns_timeout = 120  # seconds to wait for all name servers, and for caches
# Record sets of a zone that one run may update or delete; new ones are not counted. A host that
# leaves the inventory deletes about nine of them, a domain more.
mail_zone_updates = 20
mail_zone_deletes = 12
mail_ttl = 3600  # seconds, of new records

# How each of these joins existing records: docs/records.md.
mail_spf_all = ""  # "-all" or "~all": the least strict end; "": ~all, an existing one is kept
mail_dmarc = "none"  # or "quarantine", "reject": one step a run; "auto": docs/reports.md
mail_dmarc_forgers: list[str] = []  # addresses whose mail in your name is forged, for "auto"
mail_auto_days = 14  # days of clean reports that a step of an "auto" policy needs
mail_auto_messages = 100  # messages in these reports
mail_dmarc_reports: list[str] = []  # addresses that get the daily DMARC reports
mail_tls_rpt: list[str] = []  # addresses or https:// URLs that get reports of failed TLS
# Daily reports to the domains of others: "dmarc", and "tls" from Debian 13 on (docs/reports.md).
mail_send_reports: list[str] = []
mail_report_sender = ""  # of these reports; "": postmaster@ the first of mail_domains
mail_report_organization = ""  # your name in them; "": the domain of the sender
mail_caa = ""  # CAA name of your ACME server's authority; that of Let's Encrypt is known
mail_silent_domains: list[str] = []  # names that never send and never receive mail
mail_bimi = ""  # the https:// URL of your logo, an .svg file

# True: replace the configuration that somebody else gave a service of the host. The originals stay
# in /var/lib/pyinfra-mail/originals on the host.
mail_take_over = False

# User of the host that gets mail for postmaster@ and abuse@ of each domain; other recipients, such
# as "info": "anna", or "@example.org": "anna" for a catch-all (docs/recipients.md).
mail_postmaster = "root"
mail_aliases: dict[str, str | list[str]] = {}

# Domains whose mail goes on to another server: {"example.net": {"to": "[10.0.0.7]:25",
# "recipients": "verify"}} (docs/recipients.md).
mail_relay_domains: dict[str, dict[str, str | list[str]]] = {}
# Domains that the hosts send mail for, while their MX records stay elsewhere.
mail_sending_domains: list[str] = []
# Preference of the hosts' MX records, the lowest first: a number, or {"example.org": 20}. Without
# one it is 10, and an existing one stays. The higher one is a backup MX, which keeps mail for
# mail_backup_lifetime days while its primary is away (docs/second-mx.md).
mail_mx: int | dict[str, int] = {}
mail_backup_lifetime = 5
mail_mx_beside: list[str] = []  # MX hosts of others that may have the same preference

# Networks whose hosts may relay through the mail hosts.
mail_networks: list[str] = []
mail_postscreen = False  # True: new clients that speak before the greeting are refused
mail_postscreen_dnsbl: list[str] = []  # lists in the DNS, such as "zen.spamhaus.org"
mail_message_size_limit = "25M"  # the largest message, or a number of octets

# Relay that gets all mail to other hosts: "smtp.relay.example:587". Or a table by sender and by
# recipient, with "direct" for the MX of each domain: {"*": "smtp.relay.example:587",
# "@shop.example": {"host": "smtp.other.example:465", "login": "shop", "password": env("SHOP")},
# "example.net": "direct"}; see docs/relay.md.
mail_relay: str | dict[str, Any] = {}
# Of the relay in "*", if it is written as name:port; a dictionary has "login" and so on.
mail_relay_login = ""
mail_relay_password = None  # env("RELAY_PASSWORD")
mail_relay_ca = ""  # file on this machine: certificates that vouch for the relay
mail_relay_tls = "secure"  # or "encrypt", "may": without a password only
mail_relay_spf: list[str] = []  # "include:spf.relay.example", for the SPF policies of the domains

# Certificates: "acme" (certbot), "files" (yours, on the host) or "self-signed".
# Each name of the host has its own, with an ECDSA and an RSA key.
mail_tls = "self-signed"
mail_tls_names: list[str] = []  # other names that clients use for the host
# For "files": each key followed by its certificates, in one file or in several. Replace them on
# the host at any time: a key with its certificate is served at once, any other pair is refused.
mail_tls_files: dict[str, str | list[str]] = {}
mail_acme_directory = "https://acme-v02.api.letsencrypt.org/directory"
# "http": the authority asks at port 80 of the host. "dns": deploys/site.py publishes a TXT record.
mail_acme_challenge = "http"
# For "dns": the zone for the proofs that the host changes itself, with a key for nothing else; then
# its certificates are renewed without this machine (docs/tls.md).
mail_acme_dns: dict[str, object] | None = None
mail_acme_webroot = ""  # "/var/www/html": a web server of yours serves this directory at port 80
mail_acme_contact = ""  # mail address for warnings of the authority
mail_acme_ca_file = ""  # file on this machine: certificates that vouch for your ACME server
# Publish TLSA records for the host's keys, if its zone is signed.
mail_dane = True
# "now": serve the next keys, whose TLSA records exist; for --data.
mail_tls_rotate = ""

# MTA-STS: "testing" asks senders for reports. "enforce" begins as testing; then senders queue mail
# rather than send it to a host without a valid certificate. "none" ends an earlier policy.
mail_mta_sts = "none"
mail_autoconfig = False  # True: mail programs find the settings of submission

# "interoperable": port 25 also accepts TLS 1.0 and old ciphers.
mail_tls_profile = "strict"
# TLS policy for mail to a domain or [host], as in smtp_tls_policy_maps: "encrypt", "secure", ...
mail_tls_outbound: dict[str, str] = {}

# Unbound asks these resolvers in place of the root servers; it still validates the answers.
mail_resolver_forwards: list[str] = []
mail_resolver_trust_anchor = ""  # DS or DNSKEY record, for a root that is not the public one
mail_unbound: dict[str, Any] = {}  # other settings of Unbound, by clause: {"server": {...}}

# Accounts on 465 and 587 by login, an address: its "password" and, for other sender addresses, its
# "senders". A password is a hash ('doveadm pw -s ARGON2ID', or SHA512-CRYPT) or a reference such as
# file("~/.passwords/anna"). A sender in mail_domains must be a recipient, for bounces.
mail_accounts: dict[str, dict[str, Any]] = {}
# Mailboxes by address, in mail_domains: a "password" as above, "aliases" whose mail gets there, and
# a "quota" such as "2G", and "sieve", a script of rules.
mail_mailboxes: dict[str, dict[str, Any]] = {}
mail_directory = None  # or a database that has mailboxes, aliases and recipients: docs/directory.md
mail_mailbox_format = "maildir"  # or "sdbox"; existing mailboxes are to be converted first
mail_quota_full = "refuse"  # "defer": senders' servers try again for days
mail_managesieve = False  # True: users change their rules, at port 4190
mail_pop3 = False  # True: also at port 995
mail_imap_starttls = False  # True: also at port 143, with STARTTLS
mail_subaddress = True  # with mailboxes, mail for anna+news@ is mail for anna@
mail_dovecot: dict[str, Any] = {}  # other settings of Dovecot; a section is a dictionary
# An address with so many wrong passwords in so many seconds is banned for as long; 0: no bans.
mail_ban_failures = 10
mail_ban_seconds = 600

# Seconds after which a sender learns that a message waits (0: never); texts of such notices.
mail_delay_warning = 14_400
mail_queue_days = 5  # days that Postfix tries to deliver; then the sender gets a bounce
mail_bounce_texts: dict[str, str] = {}  # "failure", "delay", "success", "verify"; see bounce(5)

# Bulk stream (docs/bulk.md): {"accounts": ["news@example.org"], "bounces": "bounces.example.org",
# "secret": env("BULK_SECRET")}, and more; None: there is no such stream.
mail_bulk: dict[str, Any] | None = None
# Limits of receivers for its mail, by group (docs/shaping.md): {"google": {"concurrency": 20}}.
mail_shaping: dict[str, Any] = {}
# Plan of a new address of the stream (docs/warmup.md): {"address": "203.0.113.42",
# "start": "2027-01-04", "plan": [50, 100, 500]}, or a list of such.
mail_warmup: dict[str, Any] | list[dict[str, Any]] = []

# The selectors are <name>-rsa and <name>-ed25519, then <name>-2-rsa and <name>-2-ed25519; "": the
# name is the first label of the host name.
mail_dkim_selector = ""
mail_dkim_rotate = ""  # age of keys at which new ones follow, like "180d", or "now"
# Zone of yours in mail_dns that holds the keys; their names in the domains are CNAMEs into it:
# "keys.example.net" for all domains, or {"example.org": "keys.example.net"}.
mail_dkim_cname: str | dict[str, str] = ""
mail_account_rate = "2000/1d"  # recipients per account and time; "": no limit
mail_encode = True  # encode, before the signature, what another server may change or refuse
mail_scan_outbound = False  # True: judge outgoing mail with rspamd's whole rule set
# Judge mail from outside (docs/filter.md): True, False, or {"junk": 6, "reject": 15, "greylist": 4,
# "dmarc_except": ["lists.example.net"], "forward_spam": False, "outside": False, "bayes": False};
# None: on a host with mailboxes.
mail_filter: bool | dict[str, Any] | None = None

# Other parameters of main.cf and lines of master.cf, as in Postfix; None removes a service.
mail_postfix_main: dict[str, Any] = {}
mail_postfix_master: dict[str, str | None] = {}

# Other settings of rspamd, by file of local.d: {"options.inc": {"task_timeout": "12s"}}.
mail_rspamd: dict[str, dict[str, Any]] = {}

# Seconds: a remote command, an installation, a switch with its preflight.
mail_timeout = 30
mail_install_timeout = 900
mail_apply_timeout = 600
mail_patience = 120  # in a switch, for a service that shows signs of life

# Consequences of the settings above that are meant, in the words of the refusal (docs/mistakes.md):
# ["relay for 198.18.0.0/15"].
mail_accept: list[str] = []

mail_preflight = True  # boot the new set of Postfix in namespaces and ask it, before the switch
mail_sandbox = True  # restrict the services of the host by systemd's sandbox
mail_trust_on_first_use = False  # True permits ssh_strict_host_key_checking = "accept-new"
