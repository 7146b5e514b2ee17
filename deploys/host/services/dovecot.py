"""
Dovecot of a mail host: SASL logins (RFC 4422) for submission, and mailboxes if there are any.

It answers Postfix at UNIX sockets, for logins and for delivery by LMTP (RFC 2033). Mailboxes are
read by IMAP (RFC 9051). Logins are in files that only root and Dovecot's group can read. The
configuration languages of 2.3 and 2.4 differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath

from ...mail import ciphers, paths, units
from ...mail.settings.accounts import Account, password_hash
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service, SystemUser
from ..model.templates import render
from ..model.versions import installed
from . import dovecot_dialogues, dovecot_directory
from .base import base_query, base_service
from .plan_input import PlanInput
from .smtp_steps import unaccepted

NAME = "dovecot"
PACKAGE = "dovecot-core"
UNIT = units.DOVECOT
DIRECTORY = "/etc/dovecot"
CONFIGURATION, ACCOUNTS = f"{DIRECTORY}/dovecot.conf", f"{DIRECTORY}/accounts"
MAILBOXES = f"{DIRECTORY}/mailboxes"  # logins of mailboxes
ALIASES = f"{DIRECTORY}/aliases"  # of mailboxes with a quota
OPENSSL, PREPARE = f"{DIRECTORY}/openssl.cnf", f"{DIRECTORY}/prepare"
SIEVE = f"{DIRECTORY}/sieve"  # a directory
JUNK = f"{SIEVE}/junk.sieve"
LEARNING = tuple(f"{SIEVE}/learn-{one}.sieve" for one in ("spam", "ham"))
PIPE = f"{DIRECTORY}/pipe"  # a directory: the programs that rules of ours may call
LEARN = f"{PIPE}/learn"
LARGEST_LEARNED = "500K"  # the text is learned, and more is not text
MOST_LEARNED = 300  # messages that wait for rspamd
WARNING = f"{DIRECTORY}/quota-warning"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/pyinfra-mail.conf"
SOCKET, LMTP = paths.AUTH_SOCKET, paths.LMTP_SOCKET
SOCKET_DIRECTORY = str(PurePath(SOCKET).parent)
RUN = "/run/dovecot"
CERTIFICATES, SCRIPTS = f"{RUN}/certificates", f"{RUN}/scripts"
USER = "vmail"
FORMATS = {"maildir": "Maildir", "sdbox": "sdbox"}  # each with its directory in a user's home
# Forward secrecy and authenticated encryption (mail/ciphers); those of TLS 1.3 have both.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
# uid, gid, gecos, home and shell of a passwd-file: Dovecot's settings have them.
NO_FIELDS = "::::::"
COMPILED = (
    'said=$(sievec -d "$1" 2>&1 >/dev/null) || '
    '{{ echo "mail_mailboxes.$2.sieve: $(echo "$said" | head -n 1)" >&2; exit 1; }}'
)
FULL = {"refuse": "552 5.2.2 The mailbox is full", "defer": "452 4.2.2 The mailbox is full"}
# A file, because the daemon keeps its standard error open, and a reader would never see its end.
ERRORS = f"{RUN}/errors"
# The preflight has a run directory of its own: the live Dovecot has its master's socket there.
BEGIN = (
    ("install", "-d", RUN),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", RUN),
    ("install", "-d", "-o", "postfix", "-g", "root", "-m", "0700", SOCKET_DIRECTORY),
)
VMAIL_MADE = ("install", "-d", "-o", USER, "-g", USER, "-m", "0700", paths.VMAIL)
# No message of a preflight gets into a mailbox of the host.
BEGIN_MAILBOXES = (
    VMAIL_MADE,
    ("mount", "-t", "tmpfs", "tmpfs", paths.VMAIL),
    VMAIL_MADE,
    ("sh", PREPARE),
)
START = ("sh", "-c", f"dovecot 2>{ERRORS} || {{ cat {ERRORS} >&2; exit 1; }}")


def query(settings: MailSettings) -> Query:
    """Return the state of Dovecot that a plan needs."""
    base = base_query(
        settings,
        NAME,
        (DIRECTORY, str(PurePath(DROP_IN).parent)),
        (
            CONFIGURATION,
            ACCOUNTS,
            MAILBOXES,
            ALIASES,
            OPENSSL,
            PREPARE,
            WARNING,
            JUNK,
            *LEARNING,
            LEARN,
            DROP_IN,
            *dovecot_directory.FILES,
            *_sources(settings),
        ),
    )
    row = units.service(settings, NAME)
    of_mailboxes = (LMTP, *((paths.QUOTA_SOCKET,) if settings.has_quotas else ()))
    return replace(
        base,
        sockets=(SOCKET, *(of_mailboxes if settings.mailboxes else ())),
        secrets=(ACCOUNTS, MAILBOXES, dovecot_directory.PASSWORD),
        exclusive=(DIRECTORY,),
        ports=row.ports,
        users=(USER,) if settings.mailboxes else (),
        patterns=tuple(other_formats(settings).values()),
    )


def other_formats(settings: MailSettings) -> dict[str, str]:
    """Return the formats in which Dovecot would find no mailbox, each with its pattern."""
    return {
        name: f"{paths.VMAIL}/*/*/{directory}"
        for name, directory in FORMATS.items()
        if settings.mailboxes and name != settings.mailbox_format
    }


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Dovecot, for the version that is installed or will be."""
    version = installed(inputs.existing, PACKAGE)
    files = (
        File(CONFIGURATION, configuration(settings, version)),
        _logins(ACCOUNTS, settings, settings.accounts),
        File(DROP_IN, _drop_in(settings)),
        *(mailbox_files(settings, version) if settings.mailboxes else ()),
    )
    base = replace(
        base_service(query(settings), files),
        validators=(("doveconf", "-n", "-c", "{directory}/dovecot.conf"), *_scripts(settings)),
        preflight=_preflight(settings) if settings.preflight else None,
    )
    if not settings.mailboxes:
        return base
    return replace(
        base,
        system_users=(SystemUser(USER, paths.VMAIL),),
        probes=tuple(dovecot_dialogues.probes(settings)),
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own settings of Dovecot."""
    yield from (("mail_dovecot", name) for name in settings.dovecot)


def configuration(settings: MailSettings, version: tuple[int, ...]) -> str:
    """Return `dovecot.conf` in the language of a version."""
    language = "2.4" if version >= (2, 4) else "2.3"
    hybrid = (ciphers.HYBRID_GROUP,) if version >= (2, 4) else ()  # Debian 13, with OpenSSL 3.5
    return render(
        f"{DIRECTORY}/dovecot-{language}.conf",
        socket=SOCKET,
        overrides=settings.dovecot,
        mailboxes=bool(settings.mailboxes),
        lmtp=LMTP,
        names=settings.host_names,
        certificates=CERTIFICATES,
        ciphers=CIPHERS,
        groups=(*hybrid, *ciphers.GROUPS),
        user=USER,
        vmail=paths.VMAIL,
        marks=settings.subaddress_marks,
        format=settings.mailbox_format,
        directory=FORMATS[settings.mailbox_format],
        quotas=settings.has_quotas,
        quota_socket=paths.QUOTA_SOCKET,
        full=FULL[settings.quota_full],
        aliases=bool(_limited_aliases(settings)),
        warning=WARNING,
        rules=settings.has_rules,
        judged=settings.judgement,
        learns=settings.learns,
        pipe=PIPE,
        asked=bool(settings.directory),
        scripts=SCRIPTS,
        protocols=_protocols(settings),
        logins=_login_services(settings),
    )


def _protocols(settings: MailSettings) -> tuple[str, ...]:
    offered = settings.mailbox_services
    also = {"sieve": "sieve" in offered, "pop3": "pop3s" in offered}
    return ("imap", "lmtp", *(name for name, on in also.items() if on))


def _login_services(settings: MailSettings) -> dict[str, str]:
    """Return the services for logins, each with the listener of Dovecot's that is closed."""
    return {
        "imap": "" if settings.imap_starttls else "imap",
        **({"pop3": "pop3"} if settings.pop3 else {}),
        **({"managesieve": ""} if settings.managesieve else {}),
    }


def _sources(settings: MailSettings) -> tuple[str, ...]:
    """Return the paths of the scripts of Sieve."""
    return tuple(f"{SIEVE}/{one}.sieve" for one, box in settings.mailboxes.items() if box.sieve)


def _scripts(settings: MailSettings) -> Iterator[tuple[str, ...]]:
    """Yield the commands that refuse a script of Sieve with a mistake."""
    for address, mailbox in settings.mailboxes.items():
        if mailbox.sieve:
            yield ("sh", "-c", COMPILED, "sh", f"{{directory}}/sieve/{address}.sieve", address)


def _preflight(settings: MailSettings) -> Preflight:
    """Return the preflight: mailboxes are asked, and get messages of Postfix's preflight."""
    if not settings.mailboxes:
        return Preflight((*BEGIN, START), passwords=(ACCOUNTS,))
    alone = (dovecot_directory.WITHOUT,) if settings.directory else ()
    return Preflight(
        (*BEGIN, *BEGIN_MAILBOXES, *alone, ("env", f"OPENSSL_CONF={OPENSSL}", *START)),
        passwords=(ACCOUNTS, MAILBOXES),
        dialogues=unaccepted(settings, dovecot_dialogues.dialogues(settings)),
        reads=unaccepted(settings, dovecot_dialogues.others(settings)),
    )


def _drop_in(settings: MailSettings) -> str:
    return render(
        DROP_IN,
        directory=SOCKET_DIRECTORY,
        restricted=settings.sandbox,
        mailboxes=bool(settings.mailboxes),
        user=USER,
        vmail=paths.VMAIL,
        prepare=PREPARE,
        openssl=OPENSSL,
    )


def mailbox_files(settings: MailSettings, version: tuple[int, ...]) -> Iterator[File]:
    """Yield the logins of mailboxes, and what Dovecot needs for TLS and quotas."""
    own = {login: settings.logins[login] for login in settings.mailboxes}
    quotas = {
        login: NO_FIELDS + _quota(one.quota, version) for login, one in settings.mailboxes.items()
    }
    yield _logins(MAILBOXES, settings, own, quotas)
    signed = ciphers.SIGNATURE_ALGORITHMS
    yield File(OPENSSL, render(OPENSSL, signature_algorithms=signed))
    values = {"directory": CERTIFICATES, "served": paths.CERTIFICATES, "names": settings.host_names}
    of_rules = {"scripts": settings.has_rules, "run": RUN, "sources": SIEVE, "user": USER}
    learned = paths.LEARNED if settings.learns else ""
    yield File(PREPARE, render(PREPARE, **values, **of_rules, learned=learned))
    for address, mailbox in settings.mailboxes.items():
        if mailbox.sieve:
            yield File(f"{SIEVE}/{address}.sieve", f"{mailbox.sieve.rstrip()}\n", 0o600)
    if settings.directory:
        yield from dovecot_directory.files(settings.directory, version)
    if settings.judgement:
        yield File(JUNK, render(JUNK), 0o600)
    if settings.learns:
        yield from (File(one, render(one, largest=LARGEST_LEARNED), 0o600) for one in LEARNING)
        yield File(LEARN, render(LEARN, learned=paths.LEARNED, most=MOST_LEARNED), 0o755)
    if settings.has_quotas:
        yield File(WARNING, render(WARNING, options=_unlimited(version)), 0o755)
    if limited := _limited_aliases(settings):
        fields = {
            alias: f"{NO_FIELDS}userdb_user={end} {quotas[end].removeprefix(NO_FIELDS)}"
            for alias, end in sorted(limited.items())
        }
        yield File(ALIASES, render(ACCOUNTS, hashes=fields), 0o640, group="dovecot")


def _limited_aliases(settings: MailSettings) -> dict[str, str]:
    """Return the aliases whose mail all gets into one mailbox with a quota, each with it."""
    limited = {address for address, one in settings.mailboxes.items() if one.quota}
    return {
        address: ends[0]
        for address, ends in settings.recipients.ends.items()
        if len(ends) == 1 and ends[0] in limited - {address} and not address.startswith("@")
    }


def _unlimited(version: tuple[int, ...]) -> tuple[str, ...]:
    """Return the settings with which a message is delivered whatever the quota is."""
    if version >= (2, 4):
        return ("quota_enforce=no",)
    # Statistics are for Dovecot's own user, and the user of the mail would log an error.
    return ("plugin/quota=count:mailbox:noenforcing", "stats_writer_socket_path=")


def _quota(octets: int | None, version: tuple[int, ...]) -> str:
    """Return the quota of a mailbox as a field of a passwd-file."""
    if not octets:
        return ""
    size = octets >> 10
    if version >= (2, 4):
        # As in 2.3, the last message may be over the quota by a tenth; the default is 10 M.
        return f"userdb_quota_storage_size={size}K userdb_quota_storage_grace={size // 10}K"
    return f"userdb_quota_rule=*:storage={size}K"


def _logins(
    path: str, settings: MailSettings, logins: Mapping[str, Account], fields: Mapping[str, str] = {}
) -> File:
    """Return a passwd-file with the hash of each login's password, and its other fields."""
    hashes = {
        login: password_hash(account.password, login, settings.hostname) + fields.get(login, "")
        for login, account in sorted(logins.items())
    }
    return File(path, render(ACCOUNTS, hashes=hashes), 0o640, group="dovecot", secret=True)
