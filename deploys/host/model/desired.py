"""
What a service shall be, as values: files, tables, certificates, and how it is asked.

A service module makes one `Service` of the settings; the plan compares it, the agent applies it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ...mail.paths import set_digest

KeyKind = Literal["rsa2048", "ed25519"]
CertificateSource = Literal["acme", "files", "self-signed"]


@dataclass(frozen=True)
class File:
    """A file of one of a service's directories; the content of a secret one is never shown."""

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
    """A lookup table: a source file in the builder's language and the LMDB file made of it."""

    path: str
    builder: tuple[str, ...]
    entries: Mapping[str, str] = field(repr=False)
    mode: int = 0o644
    group: str = "root"
    secret: bool = False

    def file(self) -> File:
        """Return the source from which the builder makes the table, which takes its mode."""
        separator = ": " if self.builder[0] == "postalias" else " "
        lines = (f"{key}{separator}{value}\n" for key, value in sorted(self.entries.items()))
        text = "".join(lines)
        return File(self.path, text, self.mode, group=self.group, secret=self.secret)


@dataclass(frozen=True)
class Certificate:
    """The keys and certificates of one name, in one file, and where they come from."""

    path: str
    name: str
    source: CertificateSource = "self-signed"
    files: tuple[str, ...] = ()  # on the host, each key followed by its certificates
    directory: str = ""  # the ACME server's
    contact: str = ""
    authority: str = ""  # certificates that vouch for the ACME server itself
    kinds: tuple[str, ...] = ("ecdsa", "rsa")  # of keys: some old peers of mail know only RSA
    unit: str = "postfix.service"  # that is reloaded for it; the name is good on every Debian
    next: str = ""  # the next keys, with certificates of their own
    rotate: bool = False


@dataclass(frozen=True)
class Key:
    """A private key that is made on the host and stays there; what is public of it is a fact."""

    path: str
    kind: KeyKind
    owner: str = "root"


@dataclass(frozen=True)
class Step:
    """One line to say and the answer that must come; or STARTTLS with a file's certificate."""

    send: str = ""
    expect: str = ""
    certificate: str = ""


@dataclass(frozen=True)
class Dialogue:
    """
    A short SMTP dialogue; `means` is what to look at where it goes otherwise.

    A `site` is asked over HTTPS instead: each step is a request line, and the status, the type and
    the body that have to come.
    """

    name: str
    means: str
    steps: tuple[Step, ...]
    target: str = "127.0.0.1"
    port: int = 25
    source: str = ""
    tls: str = ""  # TLS from the first octet, with this file's certificate
    site: str = ""  # the name of a web site


@dataclass(frozen=True)
class Preflight:
    """How a service is started in the rehearsal, asked there, and what its log must show."""

    start: tuple[tuple[str, ...], ...]
    dialogues: tuple[Dialogue, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """What has to be known of a service before it can be planned; every path is absolute."""

    name: str
    directories: tuple[str, ...]  # each is exchanged as a whole; what others keep there stays
    packages: tuple[str, ...]
    files: tuple[str, ...]
    units: tuple[str, ...]  # the last is the one that runs it
    tables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()  # files and tables that are compared by their digest alone
    pid_file: str = ""  # where systemd does not know the main process
    ports: tuple[int, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()  # of keys


@dataclass(frozen=True)
class Service:
    """What one service shall be, complete."""

    query: Query
    unit: str
    enabled: str
    files: tuple[File, ...]
    tables: tuple[Table, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[Key, ...] = ()
    # Installing: what must not start by itself, and debconf's answers.
    masked: tuple[str, ...] = ()
    preseed: str = ""
    # Validating: programs that have to be there, and tools; `{directory}` is the first staged one.
    executables: tuple[str, ...] = ()
    validators: tuple[tuple[str, ...], ...] = ()
    ignored: tuple[str, ...] = ()  # lines of tools and of the log that say nothing wrong
    # Rehearsing: what is empty there, whose homes are, the addresses of the loopback.
    preflight: Preflight | None = None
    scratch: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    # Loading: a reload does, unless the command's output or one of the files has changed.
    listening_command: tuple[str, ...] = ()
    restart_for: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()  # UNIX sockets at which it answers once it runs
    workers: bool = False  # only new processes of its main one have read what is new
    probes: tuple[Dialogue, ...] = ()

    @property
    def set(self) -> tuple[File, ...]:
        """Return every file that belongs to the service, tables' sources included."""
        return (*self.files, *(table.file() for table in self.tables))

    @property
    def digest(self) -> str:
        """Return the digest of the set, as the service shall have loaded it."""
        return set_digest({file.path: file.content for file in self.set})
