"""
Answers of a directory: the reason in what postmap(1) and doveadm(1) say, and its fix.

The deploy's agent on the host and the checks read them. Only the standard library is imported.
"""

import re

# Postfix names the connection, which is long, and writes "?" for a line break.
_REASON = re.compile(r"(?:connect to pgsql server|error from host) \S+:? (?P<said>[^?\n]*)")
_CERTIFICATE = (
    "renew the certificate of the server if it has expired, or name a file that vouches for it in "
    "mail_directory.ca"
)
_FIXES = (
    (
        "password authentication failed|no password supplied|role .* does not exist",
        "correct mail_directory.user and mail_directory.password",
    ),
    ("no pg_hba.conf entry", "permit this host in pg_hba.conf of the server, with hostssl"),
    (
        "digest for NID",
        "sign the certificate of the server with ECDSA or RSA; libpq cannot use Ed25519",
    ),
    ("does not match host name", "write mail_directory.host as the certificate names it"),
    ("certificate verify failed", _CERTIFICATE),
    ("database .* does not exist", "correct mail_directory.database, or make the database"),
    ("(relation|column) .* does not exist", "make the tables as docs/directory.md has them"),
    ("permission denied", "permit the user of mail_directory to read the tables (GRANT SELECT)"),
    ("translate host name", "correct mail_directory.host, or its records in the DNS"),
)
_OTHER = "see that PostgreSQL runs there and that this host reaches it, then run again"


def reason(output: str) -> str:
    """Return why a directory has not answered, from the output of a tool; "" if it has."""
    found = _REASON.search(output)
    lines = output.strip().splitlines()
    return found["said"].strip() if found else lines[-1].strip() if lines else ""


def fix(said: str) -> str:
    """Return what to do about the reason of a failure."""
    known = (text for pattern, text in _FIXES if re.search(pattern, said, re.IGNORECASE))
    return next(known, _OTHER)
