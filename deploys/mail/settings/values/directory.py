"""Directory: a database of mailboxes, aliases and recipients that a host asks for each address."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ...names import domain_name
from ...postfix import SYSTEM_CAS
from ..types import CertificateFile, Frozen, SecretReference
from .addresses import server_address
from .forms import Whole, Words, form

PORT = 5432
SECONDS = 3  # for a connection
STATEMENT = 3000  # milliseconds for an answer
_ADDRESS = re.compile(r"[\d.]+|.*:.*")
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"


def _server(value: object) -> str:
    """Return a server as its certificate names it."""
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return str(server_address(value))
    return domain_name(value)


class Directory(Frozen):
    """
    Database of PostgreSQL, the login that reads it, and the certificates that vouch for it.

    It has the tables of docs/directory.md. Without `ca` the certificates of the system vouch.
    """

    kind: Literal["postgresql"] = Field(alias="class")
    host: Annotated[str, BeforeValidator(_server), Words("host name or IP address")]
    port: Annotated[Whole, Field(gt=0, lt=1 << 16)] = PORT
    database: Annotated[
        str, form(_NAME, "the name of a database", "one like 'mail'"), Words("name")
    ]
    user: Annotated[str, form(_NAME, "the name of a user", "one like 'mail'"), Words("name")]
    password: SecretReference
    ca: CertificateFile = ""

    def session(self, authorities: str) -> Mapping[str, str]:
        """
        Return the parameters for libpq of a session: it is under TLS, and only reads.

        + authorities: the path of the file with the directory's own certificates
        """
        return {
            "dbname": self.database,
            "sslmode": "verify-full",
            "sslrootcert": authorities if self.ca else SYSTEM_CAS,
            "connect_timeout": str(SECONDS),
            # A server that has gone without a word is given up.
            "tcp_user_timeout": str(2 * STATEMENT),
            "options": f"-c statement_timeout={STATEMENT} -c default_transaction_read_only=on",
        }
