"""Parts that Postfix has on every host, mail host or null client."""

from collections.abc import Iterator
from dataclasses import replace

from ...mail import paths, units
from ...mail.settings.model import HostSettings, MailSettings
from ..model.desired import Query, Service
from ..model.versions import postfix_unit
from ..tls import certificates
from . import base

NAME = "postfix"
DIRECTORY = paths.POSTFIX
MAIN, MASTER = f"{DIRECTORY}/main.cf", f"{DIRECTORY}/master.cf"
PID_FILE = f"{paths.QUEUE}/pid/master.pid"
DAEMONS = "/usr/lib/postfix/sbin"
LOOPBACK = ("127.0.0.0/8", "[::ffff:127.0.0.0]/104", "[::1]/128")
# Both units of Debian 12 and 13 get the same drop-in.
DROP_INS = tuple(f"/etc/systemd/system/{unit}.d" for unit in units.POSTFIX)
DROP_IN = "pyinfra-mail.conf"
# A null client has them too: files of an earlier mail host are removed.
DIRECTORIES = (DIRECTORY, *DROP_INS, *certificates.DIRECTORIES)
STAGED = ("-c", "{directory}")
VALIDATORS = (
    ("postconf", *STAGED),
    ("postconf", *STAGED, "-M"),
    ("postconf", *STAGED, "-P"),
    ("postfix", *STAGED, "check"),
)
IGNORED = (
    r"symlink leaves directory: .*/\./makedefs\.out",  # as Debian 12 ships it
    r"file system clock is|resetting file time stamps",  # a host under load
    r"RBL lookup error|Name service error|does not resolve to address",  # no DNS in the preflight
    r"SASL PLAIN authentication failed: .*@nobody\.invalid",  # provoked by the preflight
    # The preflight does not start the daemon of TLS policies, which a relayhost needs.
    rf"\b127\.0\.0\.1:{units.MTA_STS_PORT}\b|policy table lookup error|TLS policy lookup for",
)
# Debian's postfix-script passes "start" to systemd unless systemd seems to have called it.
START = ("env", "INVOCATION_ID=preflight", "postfix", "start")
CHROOT = ("/usr/lib/postfix/configure-instance.sh", "-")
PROGRAM = 5  # master(5): the sixth field after name and type is the program


def base_query(settings: HostSettings, files: tuple[str, ...]) -> Query:
    """Return the query for Postfix's package, units and files."""
    query = base.base_query(settings, NAME, DIRECTORIES, files)
    return replace(query, pid_file=PID_FILE, exclusive=(DIRECTORY, "/etc/aliases"))


def base_service(query: Query, settings: HostSettings, version: tuple[int, ...]) -> Service:
    """Return the desired Postfix of any host, without files."""
    return Service(
        query=query,
        unit=postfix_unit(version),
        enabled=units.POSTFIX[0],
        files=(),
        masked=("postfix.service", "postfix@.service"),
        preseed="postfix postfix/main_mailer_type select No configuration\n",
        executables=tuple(sorted(_executables(settings))),
        validators=VALIDATORS,
        ignored=IGNORED,
        scratch=(paths.QUEUE, "/var/lib/postfix", paths.MAILBOXES),
        listening_command=("postconf", "-x", "-h", "inet_interfaces", "inet_protocols"),
    )


def start_commands(version: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the commands that start Postfix in a preflight, without systemd."""
    return (START,) if postfix_unit(version) == units.POSTFIX[0] else (CHROOT, START)


def overrides(settings: HostSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own parameters and services of Postfix."""
    yield from (("mail_postfix_main", name) for name in settings.postfix_main)
    yield from (("mail_postfix_master", name) for name in settings.postfix_master)
    if isinstance(settings, MailSettings):
        yield from (("mail_bounce_texts", name) for name in settings.bounce_texts)


def _executables(settings: HostSettings) -> set[str]:
    # A service of the operator may name a program that is missing; Postfix finds out too late.
    lines = [(fields or "").split() for fields in settings.postfix_master.values()]
    programs = {words[PROGRAM] for words in lines if len(words) > PROGRAM}
    programs |= {
        word.removeprefix("argv=") for words in lines for word in words if "argv=/" in word
    }
    return {name if name.startswith("/") else f"{DAEMONS}/{name}" for name in programs}
