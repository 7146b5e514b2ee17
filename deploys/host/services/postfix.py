"""
Postfix, described.

What is read before planning (`query`) and what shall be there (`service`): files from templates,
lookup tables from the settings, the tools that validate them, and the questions that a rehearsal
and the live server have to answer. Versions 3.7 and 3.10 differ in defaults and in their unit.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...mail import paths, units
from ...mail.settings.model import HostSettings, MailSettings
from ..model import templates
from ..model.desired import File, Query, Service, Table
from ..model.versions import installed
from ..tls import certificates
from . import postfix_preflight, postfix_submission
from .plan_input import PlanInput

NAME = "postfix"
DIRECTORY = paths.POSTFIX
DAEMONS = "/usr/lib/postfix/sbin"
LOOPBACK = ("127.0.0.0/8", "[::ffff:127.0.0.0]/104", "[::1]/128")
PROGRAM = 5  # master(5): the sixth field after name and type is the program
# Debian's postfix-script hands "start" to systemd unless systemd seems to have called it.
CHROOT = ("/usr/lib/postfix/configure-instance.sh", "-")
START = ("env", "INVOCATION_ID=rehearsal", "postfix", "start")
IGNORED = (
    r"symlink leaves directory: .*/\./makedefs\.out",  # as Debian 12 ships it
    r"file system clock is|resetting file time stamps",  # a host under load, and no mistake
    r"RBL lookup error|Name service error|does not resolve to address",  # no DNS in the rehearsal
    r"SASL PLAIN authentication failed: .*@nobody\.invalid",  # asked for by the rehearsal
    # The daemon that knows TLS policies is not rehearsed, which a relayhost makes felt.
    r"\b127\.0\.0\.1:8461\b|policy table lookup error|TLS policy lookup for",
)
MAIN, MASTER = f"{DIRECTORY}/main.cf", f"{DIRECTORY}/master.cf"
PID_FILE = f"{paths.QUEUE}/pid/master.pid"
ALIASES, VIRTUAL = f"{DIRECTORY}/aliases", f"{DIRECTORY}/virtual"
OUTBOUND = f"{DIRECTORY}/tls_outbound"
TABLES = (ALIASES, VIRTUAL, OUTBOUND, postfix_submission.SENDERS)
# Debian 12 runs an instance of postfix@.service, Debian 13 postfix.service; both get the same.
DROP_INS = ("/etc/systemd/system/postfix.service.d", "/etc/systemd/system/postfix@-.service.d")
DROP_IN = "pyinfra-mail.conf"
DIRECTORIES = (DIRECTORY, *DROP_INS, *certificates.DIRECTORIES)
IN = ("-c", "{directory}")
VALIDATORS = (
    ("postconf", *IN),
    ("postconf", *IN, "-M"),
    ("postconf", *IN, "-P"),
    ("postfix", *IN, "check"),
)
BOUNCES = ("postconf", *IN, "-b", "{directory}/bounce.cf")


def wanted(settings: MailSettings) -> bool:
    """Return True: it is what a mail host is for."""
    return units.service(settings, NAME).wanted


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about Postfix."""
    own = units.service(settings, NAME)
    unit_files = (file.path for file in _units(settings))
    return Query(
        name=NAME,
        directories=DIRECTORIES,
        packages=own.packages,
        files=(
            MAIN,
            MASTER,
            *TABLES,
            postfix_submission.BOUNCE,
            postfix_submission.HEADERS,
            *unit_files,
        ),
        tables=TABLES,
        units=own.units,
        pid_file=PID_FILE,
        ports=own.ports,
        certificates=certificates.certificates(settings),
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what Postfix shall be on a host, for the version that is there or will be."""
    version = installed(given.existing, "postfix")
    start = starting(version)
    return replace(
        every(query(settings), settings, version),
        files=(
            File(MAIN, render(settings, version, "main.cf")),
            File(MASTER, render(settings, version, "master.cf")),
            *postfix_submission.files(settings, version),
            *_units(settings),
        ),
        tables=(*_tables(settings), *postfix_submission.tables(settings)),
        validators=(*VALIDATORS, BOUNCES),
        certificates=certificates.certificates(settings),
        preflight=(
            postfix_preflight.preflight(settings, start, given.dkim.signs)
            if settings.preflight
            else None
        ),
        users=(settings.postmaster,),
        addresses=(*map(str, settings.addresses), postfix_preflight.STRANGER),
        restart_for=(f"{certificates.UNITS}/{units.CERTIFICATES_WATCH}",),
        probes=tuple(postfix_preflight.probes(settings)),
    )


def every(query: Query, settings: HostSettings, version: tuple[int, ...]) -> Service:
    """Return what every Postfix has in common, a mail host's and a client's."""
    return Service(
        query=query,
        unit=unit(version),
        enabled="postfix.service",
        files=(),
        masked=("postfix.service", "postfix@.service"),
        preseed="postfix postfix/main_mailer_type select No configuration\n",
        executables=tuple(sorted(_executables(settings))),
        validators=VALIDATORS,
        ignored=IGNORED,
        scratch=(paths.QUEUE, "/var/lib/postfix", paths.MAILBOXES),
        listening_command=("postconf", "-x", "-h", "inet_interfaces", "inet_protocols"),
    )


def starting(version: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the commands that start it in a rehearsal, where systemd is not."""
    return (START,) if _one_unit(version) else (CHROOT, START)


def unit(version: tuple[int, ...]) -> str:
    """Return the unit that runs it."""
    return units.POSTFIX[not _one_unit(version)]


def _one_unit(version: tuple[int, ...]) -> bool:
    return version >= (3, 9)  # before, postfix.service stands for instances and does nothing


def overrides(settings: HostSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own parameters and services of Postfix."""
    yield from (("mail_postfix_main", name) for name in settings.postfix_main)
    yield from (("mail_postfix_master", name) for name in settings.postfix_master)
    if isinstance(settings, MailSettings):
        yield from (("mail_bounce_texts", name) for name in settings.bounce_texts)


def render(settings: MailSettings, version: tuple[int, ...], name: str) -> str:
    """Return a file of `/etc/postfix` as its template makes it for a version."""
    networks = (*LOOPBACK, *map(_bracketed, settings.networks))
    return templates.render(
        f"{DIRECTORY}/{name}",
        version=version,
        hostname=settings.hostname,
        domains=settings.domains,
        networks=networks,
        message_size_limit=settings.message_size_limit,
        accounts=bool(settings.accounts),
        quiet_keywords=postfix_submission.quiet_keywords(networks),
        delay_warning=settings.delay_warning,
        certificate=paths.certificate(settings.hostname),
        server_names={name: paths.certificate(name) for name in settings.tls_names},
        interoperable=settings.tls_profile == "interoperable",
        outbound=settings.tls_outbound,
        overrides=settings.postfix_main if name == "main.cf" else settings.postfix_master,
    )


def _tables(settings: MailSettings) -> list[Table]:
    here = f"@{settings.hostname}"
    virtual = {
        address.lower(): ", ".join(target if "@" in target else target + here for target in targets)
        for address, targets in settings.recipients().items()
    }
    # RFC 5321 section 4.5.1: postmaster without a domain, and at this host's own name.
    own = dict.fromkeys({"postmaster", "abuse"} - {settings.postmaster}, settings.postmaster)
    outbound = [Table(OUTBOUND, ("postmap",), settings.tls_outbound)]
    return [
        Table(ALIASES, ("postalias",), own),
        Table(VIRTUAL, ("postmap",), virtual),
        *(outbound if settings.tls_outbound else ()),
    ]


def _units(settings: MailSettings) -> list[File]:
    """Return what Postfix's unit has beside the distribution's, and what renews certificates."""
    wanted = units.started_by_postfix(settings)
    drop_in = templates.render(f"{DROP_INS[0]}/{DROP_IN}", wanted=wanted)
    beside = [File(f"{directory}/{DROP_IN}", drop_in) for directory in DROP_INS]
    return [*beside, *certificates.files(settings)]


def _bracketed(network: str) -> str:
    address, _, length = network.partition("/")
    return f"[{address}]/{length}" if ":" in network else network


def _executables(settings: HostSettings) -> set[str]:
    # What the operator adds may name a program that is not there; Postfix finds out too late.
    lines = [(fields or "").split() for fields in settings.postfix_master.values()]
    programs = {words[PROGRAM] for words in lines if len(words) > PROGRAM}
    programs |= {
        word.removeprefix("argv=") for words in lines for word in words if "argv=/" in word
    }
    return {name if name.startswith("/") else f"{DAEMONS}/{name}" for name in programs}
