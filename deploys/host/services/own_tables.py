"""Lookup tables and directories that the operator names in own settings of Postfix."""

import re
from collections.abc import Iterator

from ...mail import paths
from ...mail.settings.model import HostSettings

# Types of tables whose file Postfix reads, and the end of its name (DATABASE_README).
BUILT = {"lmdb": ".lmdb", "hash": ".db", "btree": ".db", "cdb": ".cdb"}
TRANSPORTS = "transport_maps"
READ = ("texthash", "regexp", "pcre", "cidr")
TABLE = re.compile(rf"\b({'|'.join((*BUILT, *READ))}):(/[^\s,{{}}]+)")
# Directories that are empty in a preflight.
EMPTY = (paths.QUEUE, "/var/lib/postfix", "/root", "/home")
# Tables of which a tool can list all keys and values (postmap(1)).
LISTED = re.compile(r"\b(?:lmdb|hash|btree|cdb|texthash):/[^\s,{}]+")
MISSING = (
    'for one; do test -e "${{one#*=}}" || '
    'echo "${{one%%=*}} names the table ${{one#*=}}, which does not exist" >&2; done'
)
SPOOL = "mail_spool_directory"
NO_DIRECTORY = (
    'test -d "$1" || echo "mail_spool_directory is $1, which is no directory; make it, or correct '
    'the setting" >&2'
)
WITHOUT_SERVICE = (
    'set=$1; shift; for one; do postmap -c "$set" -s "$one" | while read -r key value; do '
    'name="${{value%%:*}}"; '
    """test -z "$name" || grep -qE "^$name +unix " "$set/master.cf" || """
    'echo "transport_maps: $key in $one leads to the transport $name, which is no service of '
    'master.cf" >&2; done; done'
)


def validators(settings: HostSettings) -> Iterator[tuple[str, ...]]:
    """
    Yield the commands that refuse missing tables and directories, and transports that do not exist.

    A daemon notices them when a message needs them.
    """
    tables = dict.fromkeys(_tables(settings))
    if tables:
        yield ("sh", "-c", MISSING, "sh", *tables)
    if spool := settings.postfix_expanded(settings.postfix_main.get(SPOOL, "")):
        yield ("sh", "-c", NO_DIRECTORY, "sh", spool)
    transports = LISTED.findall(settings.postfix_expanded(settings.postfix_value(TRANSPORTS)))
    if transports:
        places = (_staged_table(table) for table in transports)
        yield ("sh", "-c", WITHOUT_SERVICE, "sh", "{directory}", *places)


def _tables(settings: HostSettings) -> Iterator[str]:
    lines = {name: fields or "" for name, fields in settings.postfix_master.items()}
    for name, text in {**settings.postfix_main, **lines}.items():
        for kind, path in TABLE.findall(settings.postfix_expanded(text)):
            if not path.startswith(tuple(f"{directory}/" for directory in EMPTY)):
                yield f"{name}={_staged(path)}{BUILT.get(kind, '')}"


def _staged_table(table: str) -> str:
    kind, _, path = table.partition(":")
    return f"{kind}:{_staged(path)}"


def _staged(path: str) -> str:
    """Return a file of Postfix's directory in the staged one, in which the files of others are."""
    inside = path.removeprefix(f"{paths.POSTFIX}/")
    return path if inside == path else f"{{directory}}/{inside}"
