"""
Dovecot of a mail host: SASL logins (RFC 4422) for submission, and nothing else.

It answers Postfix at a UNIX socket and listens on no port. The accounts are in a file that only
root and Dovecot's group can read. The configuration languages of 2.3 and 2.4 differ.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from ...mail import paths, units
from ...mail.settings.accounts import password_hash
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service
from ..model.templates import render
from ..model.versions import installed
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "dovecot"
PACKAGE = "dovecot-core"
UNIT = units.DOVECOT
DIRECTORY = "/etc/dovecot"
CONFIGURATION, ACCOUNTS = f"{DIRECTORY}/dovecot.conf", f"{DIRECTORY}/accounts"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/pyinfra-mail.conf"
SOCKET = paths.AUTH_SOCKET
SOCKET_DIRECTORY = str(PurePath(SOCKET).parent)
RUN = "/run/dovecot"
# A file, because the daemon keeps its standard error open, and a reader would never see its end.
ERRORS = f"{RUN}/errors"
# The preflight has a run directory of its own: the live Dovecot has its master's socket there.
START = (
    ("install", "-d", RUN),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", RUN),
    ("install", "-d", "-o", "postfix", "-g", "root", "-m", "0700", SOCKET_DIRECTORY),
    ("sh", "-c", f"dovecot 2>{ERRORS} || {{ cat {ERRORS} >&2; exit 1; }}"),
)


def query(settings: MailSettings) -> Query:
    """Return the state of Dovecot that a plan needs."""
    base = base_query(
        settings,
        NAME,
        (DIRECTORY, str(PurePath(DROP_IN).parent)),
        (CONFIGURATION, ACCOUNTS, DROP_IN),
    )
    return replace(base, secrets=(ACCOUNTS,), exclusive=(DIRECTORY,))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Dovecot, for the version that is installed or will be."""
    files = (
        File(CONFIGURATION, configuration(settings, installed(inputs.existing, PACKAGE))),
        File(ACCOUNTS, _accounts(settings), 0o640, group="dovecot", secret=True),
        File(DROP_IN, render(DROP_IN, directory=SOCKET_DIRECTORY)),
    )
    return replace(
        base_service(query(settings), files),
        validators=(("doveconf", "-n", "-c", "{directory}/dovecot.conf"),),
        preflight=Preflight(START) if settings.preflight else None,
        sockets=(SOCKET,),
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own settings of Dovecot."""
    yield from (("mail_dovecot", name) for name in settings.dovecot)


def configuration(settings: MailSettings, version: tuple[int, ...]) -> str:
    """Return `dovecot.conf` in the language of a version."""
    language = "2.4" if version >= (2, 4) else "2.3"
    template = f"{DIRECTORY}/dovecot-{language}.conf"
    return render(template, socket=SOCKET, overrides=settings.dovecot)


def _accounts(settings: MailSettings) -> str:
    hashes = {
        login: password_hash(account.password, login, settings.hostname)
        for login, account in sorted(settings.accounts.items())
    }
    return render(ACCOUNTS, hashes=hashes)
