"""
Dovecot, described: who may log in to send (SASL, RFC 4422), and nothing else of what it can.

It answers Postfix at a UNIX socket and listens to no network. The accounts stand in a file that
only root and Dovecot's own group may read. Versions 2.3 and 2.4 speak different languages.
"""

from collections.abc import Iterator
from pathlib import PurePath

from ...mail import paths, units
from ...mail.settings.accounts import password_hash
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service
from ..model.templates import render
from ..model.versions import installed
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
SAID = (
    f"{RUN}/said"  # it keeps its standard error for itself, and who reads that would wait for ever
)
# Its own run directory in the rehearsal, as the live Dovecot has its master's socket in this one.
REHEARSED = (
    ("install", "-d", RUN),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", RUN),
    ("install", "-d", "-o", "postfix", "-g", "root", "-m", "0700", SOCKET_DIRECTORY),
    ("sh", "-c", f"dovecot 2>{SAID} || {{ cat {SAID} >&2; exit 1; }}"),
)


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about Dovecot."""
    own = units.service(settings, NAME)
    return Query(
        name=NAME,
        directories=(DIRECTORY, str(PurePath(DROP_IN).parent)),
        packages=own.packages,
        files=(CONFIGURATION, ACCOUNTS, DROP_IN),
        secrets=(ACCOUNTS,),
        units=own.units,
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what Dovecot shall be on a host, for the version that is there or will be."""
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(CONFIGURATION, configuration(settings, installed(given.existing, PACKAGE))),
            File(ACCOUNTS, _accounts(settings), 0o640, group="dovecot", secret=True),
            File(DROP_IN, render(DROP_IN, directory=SOCKET_DIRECTORY)),
        ),
        masked=(UNIT,),
        validators=(("doveconf", "-n", "-c", "{directory}/dovecot.conf"),),
        preflight=Preflight(REHEARSED) if settings.preflight else None,
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
