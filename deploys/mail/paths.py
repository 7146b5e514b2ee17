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

POSTFIX = "/etc/postfix"
QUEUE = "/var/spool/postfix"
MAILBOXES = "/var/mail"
# UNIX sockets; those of Postfix's clients are below its queue, which its daemons are chrooted to.
AUTH_SOCKET = f"{QUEUE}/private/auth"
MILTER_SOCKET = f"{QUEUE}/rspamd/milter.sock"
REDIS_SOCKET = "/run/redis-rspamd/redis.sock"

DKIM_KEYS = f"{STATE}/dkim"
RSPAMD_LOCAL = "/etc/rspamd/local.d"
DKIM_TABLE = f"{RSPAMD_LOCAL}/dkim_signing.conf"  # the keys that sign, by domain

CERTIFICATES = "/etc/ssl/private/pyinfra-mail"
CERTBOT_LIVE = "/etc/letsencrypt/live"
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


def certificate(name: str) -> str:
    """Return the file with the keys and certificates of a name."""
    return f"{CERTIFICATES}/{name}.pem"


def next_certificate(name: str) -> str:
    """Return the file with the next keys of a name, and certificates for them."""
    return f"{CERTIFICATES}/next/{name}.pem"


def mta_sts_policy(domain: str) -> str:
    """Return the file of a domain's MTA-STS policy."""
    return f"{WEB_SITES}/{domain}/mta-sts.txt"


def set_digest(contents: Mapping[str, str]) -> str:
    """Return the digest of a service's own files, given as text by path."""
    return hashlib.sha256(json.dumps(sorted(contents.items())).encode()).hexdigest()
