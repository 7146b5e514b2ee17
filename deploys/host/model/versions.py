"""
Versions of the programs that templates are written for.

A version is the installed package's or, before the installation, that of the Debian release.
Templates ask for the version and not the release, because point releases and backports change it.
"""

from ...mail import units
from .state import Existing

RELEASES: dict[str, dict[str, tuple[int, ...]]] = {
    "12": {
        "postfix": (3, 7, 11),
        "dovecot-core": (2, 3, 19),
        "rspamd": (3, 4),
        "unbound": (1, 17, 1),
        "postfix-mta-sts-resolver": (1, 1, 2),
        "certbot": (2, 1, 0),
        "fail2ban": (1, 0, 2),
        "redis-server": (7, 0, 15),
        "nginx": (1, 22, 1),
    },
    "13": {
        "postfix": (3, 10, 0),
        "dovecot-core": (2, 4, 1),
        "rspamd": (3, 12, 1),
        "unbound": (1, 22, 0),
        "postfix-mta-sts-resolver": (1, 5, 0),
        "certbot": (4, 0, 0),
        "fail2ban": (1, 1, 0),
        "redis-server": (8, 0, 2),
        "nginx": (1, 26, 3),
    },
}


def installed(existing: Existing, package: str) -> tuple[int, ...]:
    """Return the upstream version of a package, as numbers that can be compared."""
    found = existing.packages[package]
    return _numbers(found) if found else RELEASES[existing.system.version_id][package]


def postfix_unit(version: tuple[int, ...]) -> str:
    """Return the unit that runs a version of Postfix."""
    instance = version < (3, 9)  # postfix.service only groups its instances
    return units.POSTFIX[instance]


def _numbers(version: str) -> tuple[int, ...]:
    # deb-version(7): [epoch:]upstream[-revision]; "2.4.1+dfsg1" is 2.4.1 for a template.
    upstream = version.rpartition(":")[2].rpartition("-")[0] or version
    leading = upstream.replace("~", "+").split("+")[0]
    return tuple(int(part) for part in leading.split(".") if part.isdigit())
