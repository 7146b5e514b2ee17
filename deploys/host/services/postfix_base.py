"""Parts that Postfix has on every host, mail host or null client."""

from collections.abc import Iterator
from dataclasses import replace

from ...mail import paths, units
from ...mail.settings.model import HostSettings, MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import postfix_unit
from ..tls import certificates
from . import base, own_tables

NAME = "postfix"
DIRECTORY = paths.POSTFIX
MAIN, MASTER = f"{DIRECTORY}/main.cf", f"{DIRECTORY}/master.cf"
PID_FILE = f"{paths.QUEUE}/pid/master.pid"
DAEMONS = "/usr/lib/postfix/sbin"
DROP_INS = tuple(f"/etc/systemd/system/{unit}.d" for unit in units.POSTFIX)
DROP_IN_FILES = tuple(f"{directory}/pyinfra-mail.conf" for directory in DROP_INS)
CHROOT_ETC = "pyinfra-mail-chroot-etc"  # below /run
TMPFILES = "/usr/local/lib/tmpfiles.d"
# A null client has them too: files of an earlier mail host are removed.
DIRECTORIES = (DIRECTORY, *DROP_INS, TMPFILES, *certificates.DIRECTORIES)
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
    r"\b(lookup|update) average delay is \d+ ms",  # of postscreen's cache, on a host under load
    # Without scache(8) connections are not used again.
    r"\bprivate/scache\b|: disabling connection caching$",
    r"SASL PLAIN authentication failed: .*@nobody\.invalid",  # provoked by the preflight
    # The preflight does not start the daemon of TLS policies, which a relayhost needs.
    rf"\b127\.0\.0\.1:{units.MTA_STS_PORT}\b",
    r"policy table lookup error|TLS policy lookup (error )?for",
)
# Debian's postfix-script passes "start" to systemd unless systemd seems to have called it.
START = ("env", "INVOCATION_ID=preflight", "postfix", "start")
CHROOT = ("/usr/lib/postfix/configure-instance.sh", "-")
RELAYHOST = "relayhost"
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
        validators=(*VALIDATORS, *own_tables.validators(settings)),
        next_hops=_next_hops(settings),
        ignored=IGNORED,
        scratch=tuple(
            dict.fromkeys(
                (
                    *(paths.QUEUE, "/var/lib/postfix", paths.MAILBOXES),
                    settings.postfix_value("mail_spool_directory").rstrip("/"),
                )
            )
        ),
        listening_command=("postconf", "-x", "-h", "inet_interfaces", "inet_protocols"),
    )


def drop_in(
    settings: HostSettings, unit: str, version: tuple[int, ...], wanted: tuple[str, ...] = ()
) -> File:
    """
    Return the drop-in of one of Postfix's units: it comes back by itself if it runs this version.

    `wanted` are the units that start with it. Only a mail host has a resolver.
    """
    path = DROP_IN_FILES[units.POSTFIX.index(unit)]
    runs = unit == postfix_unit(version)
    values = {
        "resolver": isinstance(settings, MailSettings),
        "wanted": wanted,
        "runs": runs,
        "pid_file": PID_FILE,
        "queue": paths.QUEUE,
        "chroot_etc": CHROOT_ETC,
        "restricted": settings.sandbox,
    }
    return File(path, render(DROP_IN_FILES[0], **values))


def own_sockets(settings: HostSettings) -> tuple[str, ...]:
    """Return the sockets of the operator's own services, which master(8) starts when needed."""
    lines = {name: (fields or "").split() for name, fields in settings.postfix_master.items()}
    return tuple(
        f"{paths.QUEUE}/{'public' if words[0] == 'n' else 'private'}/{name.partition('/')[0]}"
        for name, words in lines.items()
        # spawn(8) would start the operator's own program.
        if name.endswith("/unix") and len(words) > PROGRAM and words[PROGRAM] != "spawn"
    )


def start_commands(version: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the commands that start Postfix in a preflight, without systemd."""
    return (START,) if postfix_unit(version) == units.POSTFIX[0] else (CHROOT, START)


def _next_hops(settings: HostSettings) -> dict[str, str]:
    """Return the next hop of all mail by its parameter, if the operator has chosen one."""
    hop = settings.postfix_expanded(settings.postfix_main.get(RELAYHOST, ""))
    return {RELAYHOST: hop} if hop else {}


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
