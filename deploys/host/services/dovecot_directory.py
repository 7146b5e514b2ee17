"""Directory of a mail host as Dovecot asks it: logins, users and their quotas."""

from collections.abc import Iterator

from ...mail import directory
from ...mail.settings.values.directory import Directory
from ..model.desired import File
from ..model.templates import render

HOME = "/etc/dovecot"
# The preflight has an empty file in the place of this one, as it has no network.
CONFIGURATION = f"{HOME}/directory.conf"
SQL = f"{HOME}/directory-sql.conf"  # of 2.3
PASSWORD, AUTHORITIES = f"{HOME}/directory_password", f"{HOME}/directory_ca.pem"
FILES = (CONFIGURATION, SQL, PASSWORD, AUTHORITIES)
READER = "dovecot"
WITHOUT = ("mount", "--bind", "/dev/null", CONFIGURATION)


def files(own: Directory, version: tuple[int, ...]) -> Iterator[File]:
    """Yield the files with which a version of Dovecot asks a directory."""
    new = version >= (2, 4)
    parameters = {
        "host": own.host,
        "port": str(own.port),
        "user": own.user,
        "passfile": PASSWORD,
        **own.session(AUTHORITIES),
    }
    text = render(
        f"{HOME}/directory-{'2.4' if new else '2.3'}.conf", sql=SQL, parameters=parameters
    )
    yield File(CONFIGURATION, text, 0o640, group=READER)
    if not new:
        session = directory.connection(parameters)
        yield File(SQL, render(SQL, session=session), 0o640, group=READER)
    # libpq refuses a file that a group can read.
    line = directory.password_file(own.password.resolve())
    yield File(PASSWORD, line, 0o600, owner=READER, secret=True)
    if own.ca:
        yield File(AUTHORITIES, own.ca)
