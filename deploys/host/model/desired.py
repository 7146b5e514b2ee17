"""
Desired state of a service: files, tables, certificates, and the dialogues that test it.

A service module derives one `Service` from the settings; the plan compares it, the agent applies
it. Only the standard library is imported.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ...mail.paths import set_digest

KeyKind = Literal["rsa2048", "ed25519"]
# "dns" with records by the controller, "update" with records by the host itself.
Challenge = Literal["http", "webroot", "dns", "update"]
CertificateSource = Literal["acme", "files", "self-signed"]


@dataclass(frozen=True)
class File:
    """A file in one of a service's directories; the content of a secret file is never printed."""

    path: str
    content: str = field(repr=False)
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False

    @property
    def sha256(self) -> str:
        """Return the digest of its content."""
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True)
class Table:
    """A lookup table: a source file, and the LMDB file that the builder makes of it."""

    path: str
    builder: tuple[str, ...]
    entries: Mapping[str, str] = field(repr=False)
    mode: int = 0o644
    group: str = "root"
    secret: bool = False

    def file(self) -> File:
        """Return the source file of the table, which gets the same mode."""
        separator = ": " if self.builder[0] == "postalias" else " "
        lines = (f"{key}{separator}{value}\n" for key, value in sorted(self.entries.items()))
        text = "".join(lines)
        return File(self.path, text, self.mode, group=self.group, secret=self.secret)


@dataclass(frozen=True)
class Certificate:
    """Keys and certificates of one name, in one file, and their source."""

    path: str
    name: str
    source: CertificateSource = "self-signed"
    files: tuple[str, ...] = ()  # on the host, each key followed by its certificates
    directory: str = ""  # the ACME server's
    contact: str = ""
    authority: str = ""  # CA certificates for the ACME server itself
    challenge: Challenge = "http"
    webroot: str = ""  # the directory of a web server, for the challenge there
    kinds: tuple[str, ...] = ("ecdsa", "rsa")  # of keys: some old mail servers support only RSA
    units: tuple[str, ...] = ()  # reloaded after a change
    next: str = ""  # the next keys, with certificates of their own
    rotate: bool = False


@dataclass(frozen=True)
class Key:
    """A private key that is made on the host and stays there; its public half is reported."""

    path: str
    kind: KeyKind
    owner: str = "root"


@dataclass(frozen=True)
class SystemUser:
    """A user of the system for one service, without a login; a run makes it if it is missing."""

    name: str
    home: str


@dataclass(frozen=True)
class Step:
    """
    A line to send and a pattern for its answer; or STARTTLS with a file's certificate.

    DATA sends a message. With `login` the line is AUTH, with the password of the preflight. With
    `ends`, the pattern of an answer's last line, the server speaks another protocol than SMTP; then
    the line has PASSWORD in place of the password.
    """

    send: str = ""
    expect: str = ""
    certificate: str = ""
    name: str = ""  # for which the certificate must be valid
    message: str = "Subject: preflight\r\n\r\n"
    login: str = ""
    ends: str = ""


@dataclass(frozen=True)
class Dialogue:
    """
    A short SMTP dialogue; `hint` tells the operator what to check if an answer does not match.

    A target that the host does not have, behind NAT, stands for its own address of that family; a
    dialogue in a family that the host lacks does not take place. With `closed` no address of the
    host may answer, those of the loopback excepted. With `site` it is HTTPS: each step is a request
    line, and a pattern for the status, the type and the body of the answer. A target that is a path
    is a UNIX socket.
    """

    name: str
    hint: str
    steps: tuple[Step, ...]
    target: str = "127.0.0.1"
    port: int = 25
    source: str = ""
    tls: str = ""  # TLS from the first octet, with this file's certificate
    closed: bool = False
    site: str = ""  # the name of a web site


@dataclass(frozen=True)
class Command:
    """A command that must succeed in a preflight, with its standard input."""

    name: str
    hint: str
    argv: tuple[str, ...]
    stdin: str


@dataclass(frozen=True)
class Arrival:
    """A message that must be in a mailbox or, `queued`, wait for its server, by its lines."""

    name: str
    hint: str
    patterns: tuple[str, ...]
    queued: bool = False


@dataclass(frozen=True)
class LogLine:
    """A line that a preflight must log, by its pattern; `why` is the reason if it is missing."""

    pattern: str
    why: str


@dataclass(frozen=True)
class RelayLogin:
    """
    A login at a relay that is tried before the switch; `key` is its setting.

    The login and the password are in the table at a path; `authorities` is a file of certificates,
    or "" for those of the system.
    """

    key: str
    host: str
    port: int
    greeting: str  # the name in EHLO
    table: str
    authorities: str = ""
    wrapped: bool = False  # TLS from the first octet


@dataclass(frozen=True)
class Preflight:
    """
    Preflight of a service: its start, its dialogues and commands, and what must come of them.

    `mailboxes` are directories, beside the homes of users. Every login of `passwords`, passwd-files
    of Dovecot, gets a password of the preflight. `reads` are dialogues that find in mailboxes what
    has arrived.
    """

    start: tuple[tuple[str, ...], ...]
    dialogues: tuple[Dialogue, ...] = ()
    commands: tuple[Command, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    reads: tuple[Dialogue, ...] = ()
    log: tuple[LogLine, ...] = ()
    mailboxes: tuple[str, ...] = ()
    passwords: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()  # of daemons that start, and complain, at a connection
    at_once: int = 8  # questions


@dataclass(frozen=True)
class Query:
    """Parts of a service that a plan needs the state of, by name; every path is absolute."""

    name: str
    directories: tuple[str, ...]  # each is exchanged as a whole; files of others in it stay
    packages: tuple[str, ...]
    files: tuple[str, ...]
    units: tuple[str, ...]  # the last one runs the service
    tables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()  # files and tables that are compared by digest only
    pid_file: str = ""  # if systemd does not know the main process
    ports: tuple[int, ...] = ()
    sockets: tuple[str, ...] = ()  # UNIX sockets at which it answers
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()  # of keys
    users: tuple[str, ...] = ()  # that get mail, or run the service
    # Directories and files from which nothing but our set is read, once it is loaded.
    exclusive: tuple[str, ...] = ()
    reports: str = ""  # the directory of the database of reports whose sums count in a plan
    unread: tuple[str, ...] = ()  # files of the service that others read, and itself does not
    # Queues of Postfix whose mail keeps a service that is no longer needed, each with a text in the
    # files of that mail.
    queues: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()  # of paths that a plan asks for, as of glob(3)


@dataclass(frozen=True)
class Service:
    """The complete desired state of one service."""

    query: Query
    unit: str
    enabled: str
    files: tuple[File, ...]
    tables: tuple[Table, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[Key, ...] = ()
    # Installation: users, units that must not start by themselves, and debconf's answers.
    system_users: tuple[SystemUser, ...] = ()
    masked: tuple[str, ...] = ()
    preseed: str = ""
    # Validation: programs that must exist, and commands; `{directory}` is the first staged one.
    executables: tuple[str, ...] = ()
    validators: tuple[tuple[str, ...], ...] = ()
    next_hops: Mapping[str, str] = field(default_factory=dict)  # that must exist, by setting
    logins: tuple[RelayLogin, ...] = ()
    # Questions to a directory, which must answer: tables of Postfix, each with a key without entry.
    directory: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()  # patterns of harmless lines in outputs and the log
    # Preflight: directories that are empty there, if they exist, and users with a home.
    preflight: Preflight | None = None
    scratch: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    # Load: by a reload, or a restart if the command's output or one of these files has changed.
    listening_command: tuple[str, ...] = ()
    restart_for: tuple[str, ...] = ()
    workers: bool = False  # only new child processes have read new files
    probes: tuple[Dialogue, ...] = ()
    resolvers: tuple[str, ...] = ()  # addresses at which it answers questions of the DNS

    @property
    def set(self) -> tuple[File, ...]:
        """Return every file of the service, the sources of tables included."""
        return (*self.files, *(table.file() for table in self.tables))

    @property
    def digest(self) -> str:
        """Return the digest of the files that the service has to load."""
        return set_digest({file.path: file.content for file in self.set})
