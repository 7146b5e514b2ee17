"""
Paths on a mail host: keys, certificates, sockets, tables, and the notes of a deploy.

The controller, the checks and the agent on the host take them from here. Only the standard library
is imported, and nothing of this project, so that the agent can carry this module to the host.
"""

import hashlib
import json
from collections.abc import Mapping

# Notes of a deploy: <service>.json names its own files here, and the set that it has loaded there.
STATE = "/var/lib/pyinfra-mail"
LOADED = "/run/pyinfra-mail"
PREFLIGHT = f"{LOADED}/preflight"
PROGRAMS = "/usr/local/lib/pyinfra-mail"  # a directory for each program of ours that stays
PROGRAM_PACKAGE = "pyinfra_mail"  # there
UNITS = "/usr/local/lib/systemd/system"  # of ours

POSTFIX = "/etc/postfix"
RELAY_CA = f"{POSTFIX}/relay_ca.pem"  # of a null client
RELAY_SENDERS = f"{POSTFIX}/relay_senders"
FORWARD = f"{POSTFIX}/forward"
RELAY_DOMAINS = f"{POSTFIX}/relay_domains"  # recipients of mail_relay_domains
DIRECTORY_ALIASES = f"{POSTFIX}/directory_aliases"  # questions of Postfix to mail_directory
DIRECTORY_MAILBOXES = f"{POSTFIX}/directory_mailboxes"
DIRECTORY_SENDERS = f"{POSTFIX}/directory_senders"
DIRECTORY_RELAYED = f"{POSTFIX}/directory_relayed"
HAND_OVER = f"{POSTFIX}/hand_over"  # ways to other hosts of a domain, and to homes of mailboxes
RELAY_RECIPIENTS = f"{POSTFIX}/relay_recipients"
QUEUE = "/var/spool/postfix"
BULK_ACCOUNTS = f"{POSTFIX}/bulk_accounts"  # whose mail is handed over to the bulk stream
POSTFIX_BULK = "/etc/postfix-bulk"  # the instance of the bulk stream
BULK_QUEUE = "/var/spool/postfix-bulk"
BULK_DATA = "/var/lib/postfix-bulk"
BULK_HANDLER = "/etc/pyinfra-mail-bulk"  # of the handler of its bounces
BULK_STATE = "/var/lib/pyinfra-mail-bulk"
# Reads a request of JSON from its input, and answers for the list of suppressed recipients.
SUPPRESSIONS = f"cd {PROGRAMS}/bulk && python3 -B -m {PROGRAM_PACKAGE}.host.bulk.suppressions"
RECEIVERS = "pyinfra-mail-receivers"  # directories of the receiver groups' program
VOLUME = f"/var/lib/{RECEIVERS}/volume.sqlite"  # results by day, address and receiver
# Reads a request of JSON from its input, and answers for the warm-up of new addresses.
WARMUP = f"cd {PROGRAMS}/receivers && python3 -B -m {PROGRAM_PACKAGE}.host.receivers.request"
RECEIVERS_SOCKET = f"/run/{RECEIVERS}/socket"
MAILBOXES = "/var/mail"  # of users
VMAIL = "/var/vmail"  # mailboxes of mail_mailboxes, one directory for each domain
# UNIX sockets; those of Postfix's clients are below its queue, which its daemons are chrooted to.
AUTH_SOCKET = f"{QUEUE}/private/auth"
LMTP_SOCKET = f"{QUEUE}/private/dovecot-lmtp"
QUOTA_SOCKET = f"{QUEUE}/private/quota-status"
MILTER_SOCKET = f"{QUEUE}/rspamd/milter.sock"
BULK_SOCKETS = f"{QUEUE}/bulk"
BULK_MAPS = f"{BULK_SOCKETS}/maps.sock"
BULK_LMTP = f"{BULK_SOCKETS}/lmtp.sock"
TLS_REPORTS = "/var/lib/pyinfra-mail-tls-reports"  # what the collector of TLS results knows
TLS_COLLECTED = f"{TLS_REPORTS}/collected.sqlite"
TLS_SENT = f"{TLS_REPORTS}/reports.sqlite"
TLS_SOCKETS = f"{QUEUE}/tls-reports"
TLS_SOCKET = f"{TLS_SOCKETS}/collector.sock"
ONE_CLICK = "/run/pyinfra-mail-bulk"  # the directory of the socket that nginx alone may use
ONE_CLICK_SOCKET = f"{ONE_CLICK}/one-click.sock"
REDIS_SOCKET = "/run/redis-rspamd/redis.sock"
CONTROLLER_SOCKET = "/run/rspamd/controller.sock"  # of rspamd's user alone
LEARNED = "/run/dovecot/learned"  # messages that users moved, until rspamd has learned them

DKIM_KEYS = f"{STATE}/dkim"
RSPAMD_LOCAL = "/etc/rspamd/local.d"
DKIM_TABLE = f"{RSPAMD_LOCAL}/dkim_signing.conf"  # the keys that sign, by domain

REPORTS = "/var/lib/pyinfra-mail-reports"  # the mailbox and the sums of the reader of reports
REPORT_MAIL = f"{REPORTS}/mail"

CERTIFICATES = "/etc/ssl/private/pyinfra-mail"
# The program that takes over renewed certificates, and certbot's hook.
CERTIFICATES_PROGRAM = f"{PROGRAMS}/certificates"
CERTBOT = "/etc/letsencrypt"
CERTBOT_LIVE = f"{CERTBOT}/live"
ACME_ORDERS = f"{LOADED}/acme"  # DNS-01 challenges that wait for their records
WEB_SITES = "/etc/nginx/pyinfra-mail"


def in_queue(path: str) -> str:
    """Return a path below the queue as Postfix's chrooted daemons see it."""
    return path.removeprefix(f"{QUEUE}/")


def originals(service: str) -> str:
    """Return the directory that keeps what others had configured for a service."""
    return f"{STATE}/originals/{service}"


def dkim_key(selector: str) -> str:
    """Return the file of a DKIM key; its public half is next to it, with `.pub`."""
    return f"{DKIM_KEYS}/{selector}.key"


def dkim_history(selector_base: str) -> str:
    """Return the file that notes since when a host's DKIM keys sign or are retired."""
    return f"{DKIM_KEYS}/{selector_base}.json"


def certbot(challenge: str, lineage: str) -> str:
    """Return certbot's directory for a lineage; its own timer does not see those of DNS-01."""
    return f"{STATE}/acme/{lineage}" if challenge == "dns" else CERTBOT


def certificate(name: str) -> str:
    """Return the file with the keys and certificates of a name."""
    return f"{CERTIFICATES}/{name}.pem"


def next_certificate(name: str) -> str:
    """Return the file with the next keys of a name, and certificates for them."""
    return f"{CERTIFICATES}/next/{name}.pem"


def mta_sts_policy(domain: str) -> str:
    """Return the file of a domain's MTA-STS policy."""
    return f"{WEB_SITES}/{domain}/mta-sts.txt"


def relay_password(transport: str) -> str:
    """Return the table with the login and the password at a relay, by the name of its transport."""
    return f"{POSTFIX}/{transport}_password"


def relay_ca(transport: str) -> str:
    """Return the file with the certificates that vouch for a relay."""
    return f"{POSTFIX}/{transport}_ca.pem"


def set_digest(contents: Mapping[str, str]) -> str:
    """Return the digest of a service's own files, given as text by path."""
    return hashlib.sha256(json.dumps(sorted(contents.items())).encode()).hexdigest()
