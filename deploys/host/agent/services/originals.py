"""
Configuration that somebody else wrote: found before a deploy replaces it, and kept for good.

A file is foreign unless a package ships it as it is, or Debian's maintainer scripts write it. Only
a service that no run has configured is asked: later on, files beside ours are the operator's own.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ....mail import paths
from ...model.desired import Query
from ..system.shell import must, run
from .loaded import was_configured

ALIASES = "/etc/aliases"
DPKG = Path("/var/lib/dpkg/info")
UCF = Path("/var/lib/ucf/hashfile")
MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
# Written by maintainer scripts, and not by a person.
GENERATED = re.compile(
    r"/etc/postfix/(.*\.proto|dynamicmaps\.cf|makedefs\.out|.*\.lmdb)"
    r"|/etc/unbound/unbound_(control|server)\.(key|pem)"
    r"|/etc/dovecot/private/dovecot\.(key|pem)"
    r"|.*\.(dpkg|ucf)-(new|tmp|dist|old|bak)"
)
BEGUN = ("half-installed", "unpacked", "half-configured")  # dpkg(1): package states
LOCAL = r"(\$myhostname|localhost(\.\S+)?|127\.0\.0\.0/8|\[::ffff:127\.0\.0\.0\]/104|\[::1\]/128)"
# What Debian's package writes into main.cf; any other value is somebody's choice.
SHIPPED = {
    "append_dot_mydomain": "no",
    "biff": "no",
    "alias_(maps|database)": "hash:/etc/aliases",
    "compatibility_level": r"[\d.]+",
    "cyrus_sasl_config_path": "/etc/postfix/sasl",
    "inet_interfaces": "all|loopback-only",
    "inet_protocols": "all|ipv4",
    "(mailbox|message)_size_limit": "0|10240000",
    "mailbox_command": "",
    "myhostname": ".*",
    "mydestination": ".*",  # its names are compared below
    "mynetworks": rf"({LOCAL}[ ,]*)+",
    "mynetworks_style": "host",
    "myorigin": "/etc/mailname",
    "readme_directory": ".*",
    "recipient_delimiter": r"\+",
    "relayhost": "",
    "smtpd_banner": r"\$myhostname ESMTP \$mail_name \(Debian.*\)",
    "smtpd_relay_restrictions": "permit_mynetworks permit_sasl_authenticated "
    "(reject|defer)_unauth_destination",
    "smtpd_tls_(cert|key)_file": "/etc/ssl/.*snakeoil.*",
    "smtpd_use_tls": "yes",
    "smtpd?_tls_security_level": "may",
    "smtpd?_tls_session_cache_database": r"btree:.*",
    "smtp_tls_CA(file|path)": "/etc/ssl/certs.*",
}


def foreign(query: Query) -> tuple[str, ...]:
    """Return the files of others that our set would replace, with what is theirs in them."""
    if not query.exclusive or was_configured(query.name) or _is_in_installation(query.packages[0]):
        return ()
    roots = [Path(root) for root in query.exclusive]
    paths = [path for root in roots for path in (root, *sorted(root.rglob("*")))]
    files = [path for path in paths if path.is_file() and not path.is_symlink()]
    return tuple(described for path in files if (described := _described(path)))


def keep(query: Query) -> None:
    """Copy the configuration of others to a directory that no run ever changes."""
    target = Path(paths.originals(query.name))
    if target.exists() or not foreign(query):
        return
    written = target.with_suffix(".new")
    shutil.rmtree(written, ignore_errors=True)
    written.mkdir(mode=0o700, parents=True)
    written.parent.chmod(0o700)
    kept = [path for path in query.exclusive if Path(path).exists()]
    must("stage", "cp", "-a", "--parents", *kept, str(written))
    written.rename(target)


def _is_in_installation(package: str) -> bool:
    """Tell whether a first installation has begun and not ended: its files are nobody's yet."""
    shown = run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Config-Version}", package).stdout
    status, _, configured = shown.partition(" ")
    return status in BEGUN and not configured.strip()


def _described(path: Path) -> str:
    """Return the path of a foreign file with what is foreign in it, or an empty text."""
    if str(path) == ALIASES:
        return _listed(path, _own_aliases() if Path(MAIN).exists() else [])
    if GENERATED.fullmatch(str(path)) or _is_shipped(str(path)):
        return ""
    if str(path) == MAIN:
        return _listed(path, _own_parameters())
    if str(path) == MASTER:
        return _listed(path, _own_services())
    return str(path)


def _listed(path: Path, names: list[str]) -> str:
    return f"{path} ({', '.join(names)})" if names else ""


def _own_parameters() -> list[str]:
    shown = run("postconf", "-n").stdout
    pairs = [line.partition("=")[::2] for line in shown.splitlines() if "=" in line]
    return [name.strip() for name, value in pairs if not _is_default(name.strip(), value.strip())]


def _is_default(name: str, value: str) -> bool:
    if name == "mydestination":
        host = {run("hostname", "-f").stdout.strip(), _first_line(Path("/etc/mailname"))}
        return all(
            one in host or re.fullmatch(LOCAL, one) for one in re.split(r"[\s,]+", value) if one
        )
    return any(
        re.fullmatch(names, name) and re.fullmatch(values, value)
        for names, values in SHIPPED.items()
    )


def _own_services() -> list[str]:
    """Return the services of master.cf whose line the package did not write."""
    shipped = set(_services(Path("/usr/share/postfix/master.cf.dist")))
    lines = [line for line in _services(Path(MASTER)) if line not in shipped]
    return list(dict.fromkeys("/".join(line.split()[:2]) for line in lines))


def _services(path: Path) -> Iterator[str]:
    """Yield the logical lines of a master.cf (postconf(5)), with single spaces."""
    text = re.sub(r"\n\s*#.*", "", "\n" + (path.read_text() if path.exists() else ""))
    for line in re.sub(r"\n[ \t]+", " ", text).splitlines():
        if line.strip():
            yield " ".join(line.split())


def _own_aliases() -> list[str]:
    """Return the names in /etc/aliases, that of the package aside."""
    try:
        lines = Path(ALIASES).read_text(errors="replace").splitlines()
    except OSError:
        return []
    pairs = [line.partition(":")[::2] for line in lines if re.match(r"[^#\s].*:", line)]
    return [name for name, target in pairs if (name, target.strip()) != ("postmaster", "root")]


def _first_line(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _is_shipped(path: str) -> bool:
    """Tell whether a package has brought the file, and nobody has changed it since."""
    digests, files = _shipped()
    if path in digests:
        return (
            hashlib.md5(Path(path).read_bytes(), usedforsecurity=False).hexdigest() in digests[path]
        )
    return path in files


@cache
def _shipped() -> tuple[dict[str, set[str]], frozenset[str]]:
    """Return digests of configuration files (dpkg, ucf) by path, and all files of packages."""
    shown = run("dpkg-query", "-W", "-f", "${Conffiles}\n").stdout.splitlines()
    pairs = [words[:2] for words in map(str.split, shown) if len(words) > 1]
    if UCF.exists():
        pairs += [line.split()[::-1] for line in UCF.read_text().splitlines() if line.strip()]
    digests: dict[str, set[str]] = {}
    for path, digest in pairs:
        digests.setdefault(path, set()).add(digest)
    lists = [path.read_text().splitlines() for path in DPKG.glob("*.list")]
    return digests, frozenset(line for lines in lists for line in lines if line.startswith("/etc/"))
