"""Settings of the mail hosts. Every optional key has its default here."""

from typing import Any

from deploys.mail.settings.secret import env

# Where the zones are: octoDNS's own keys for the provider (docs/providers.md). {"class": "manual"}:
# you publish what the run prints. Nothing here: zones are not touched.
mail_dns: dict[str, Any] | None = {
    "class": "powerdns",
    "host": "ns.example.org",
    "port": 8081,
    "api_key": env("POWERDNS_API_KEY"),
}
mail_dns_timeout = 120  # seconds to wait for every name server, and for caches
# How many record sets of a zone one run may update or delete; a host takes about nine with it when
# it leaves the inventory, a domain more. What is created is not counted.
mail_zone_updates = 20
mail_zone_deletes = 12
mail_ttl = 3600  # seconds, of records that do not exist yet

# How each of these joins what a zone has already: docs/records.md.
mail_spf_all = ""  # "-all" or "~all": at least so strict; "": ~all, and an existing one is kept
mail_dmarc = "none"  # or "quarantine", "reject": an existing one is raised by a step a run
mail_dmarc_reports: list[str] = []  # addresses that get DMARC's daily reports
mail_tls_rpt: list[str] = []  # addresses or https:// URLs that get reports of failed TLS
mail_caa = ""  # by which name CAA knows your ACME server; Let's Encrypt's is known
mail_silent_domains: list[str] = []  # names that never send nor receive mail, and shall say so
mail_bimi = ""  # the https:// URL of your logo, an .svg file

# Who reads mail for postmaster@ and abuse@ every domain, and for what other addresses.
mail_postmaster = "root"
mail_aliases: dict[str, str | list[str]] = {}

# Networks whose hosts may send to the world through these, besides the hosts themselves.
mail_networks: list[str] = []
mail_message_size_limit = 26_214_400  # octets

# Certificates: "acme" (certbot, HTTP-01 on port 80), "files" (yours, on the host) or "self-signed".
# Each name of the host has its own, with an ECDSA and an RSA key.
mail_tls = "self-signed"
mail_tls_names: list[str] = []  # more names that clients know the host by
# For "files": each key followed by its certificates, in one file or in several. Replace them on
# the host at any time: a pair that fits is served at once, another one is refused.
mail_tls_files: dict[str, str | list[str]] = {}
mail_acme_directory = "https://acme-v02.api.letsencrypt.org/directory"
mail_acme_contact = ""  # an address for the authority's warnings
mail_acme_ca_file = ""  # on this machine: who vouches for an ACME server of your own
# TLSA records say which keys the host shows, where its zone is signed; False: there are none.
mail_dane = True
# "now": the next keys, which the DNS knows already, take the place of those in use; for --data.
mail_tls_rotate = ""

# MTA-STS: "testing" asks others for reports; "enforce", which begins as testing, lets their mail
# wait rather than come without the right certificate; "none" takes back what was said before.
mail_mta_sts = "none"
mail_autoconfig = False  # True: mail programs learn from an address how its owner sends

# "interoperable": port 25 takes TLS 1.0 and old ciphers too, from peers that know no better.
mail_tls_profile = "strict"
# What TLS has to be for mail to a domain or [host], in Postfix's words: "encrypt", "secure", ...
mail_tls_outbound: dict[str, str] = {}

# The host's own resolver asks these instead of the root servers; it validates all the same.
mail_resolver_forwards: list[str] = []
mail_resolver_trust_anchor = ""  # a DS or DNSKEY record, for a root that is not the public one

# Who may log in on 465 and 587 to send: an address, with its "password" and, where it sends with
# others too, its "senders". A password is a hash ('doveadm pw -s ARGON2ID', or SHA512-CRYPT) or a
# reference such as file("~/.passwords/anna"). Senders have to receive: bounces come back to them.
mail_accounts: dict[str, dict[str, Any]] = {}
mail_dovecot: dict[str, Any] = {}  # any other setting of Dovecot; a section is a dict of its own
# Who sends so many wrong passwords in so many seconds cannot log in for as long; 0 seconds: never.
mail_ban_failures = 10
mail_ban_seconds = 600

# When a sender hears that his message still waits, in seconds (0: never), and what he reads then.
mail_delay_warning = 14_400
mail_bounce_texts: dict[str, str] = {}  # "failure", "delay", "success", "verify"; see bounce(5)

# The host's DKIM keys are <name>-rsa and <name>-ed25519, then <name>-2-rsa and <name>-2-ed25519;
# "": the name is the host's first label.
mail_dkim_selector = ""
mail_dkim_rotate = ""  # when new keys follow: never by itself, at an age like "180d", or "now"
# A zone of ours, by mail_dns, into which the domains lead the names of their keys with CNAMEs:
# "keys.example.net" for all domains, or {"example.org": "keys.example.net"}.
mail_dkim_cname: str | dict[str, str] = ""
mail_account_rate = ""  # recipients per account, like "100/1h"; "": as many as it likes
mail_scan_outbound = False  # True: rspamd's whole rule set judges mail, with its own limits

# Any other key of main.cf and line of master.cf, in Postfix's own words; None removes a service.
mail_postfix_main: dict[str, Any] = {}
mail_postfix_master: dict[str, str | None] = {}

# Any other setting of rspamd, by file of local.d: {"options.inc": {"task_timeout": "12s"}}.
mail_rspamd: dict[str, dict[str, Any]] = {}

# Seconds: a remote command, an installation, a switch with its preflight.
mail_timeout = 30
mail_install_timeout = 900
mail_apply_timeout = 120

mail_preflight = True  # boot the new set of Postfix in namespaces and ask it, before the switch
mail_trust_on_first_use = False  # True permits ssh_strict_host_key_checking = "accept-new"
