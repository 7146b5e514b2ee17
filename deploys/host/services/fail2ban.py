"""
fail2ban of a mail host: it bans addresses that guess passwords from the ports with logins.

It reads the logs of Postfix and Dovecot in the journal and closes the ports of submission and of
mailboxes by nftables. Port 25 stays open: mail from the address is still accepted. This host and
its trusted networks are never banned, but another machine that verifies with a wrong password is.
"""

from dataclasses import replace

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed, postfix_unit
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "fail2ban"
DIRECTORY = "/etc/fail2ban"
JAIL, FILTER = f"{DIRECTORY}/jail.d/pyinfra-mail.conf", f"{DIRECTORY}/filter.d/pyinfra-mail.conf"
DROP_INS = f"/etc/systemd/system/{units.FAIL2BAN}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
IGNORED = (r"'allowipv6' not defined",)  # in Debian 12's own files
SOCKET = "/run/fail2ban/fail2ban.sock"
LOOPBACK = ("127.0.0.0/8", "::1")


def query(settings: MailSettings) -> Query:
    """Return the state of fail2ban that a plan needs."""
    base = base_query(settings, NAME, (DIRECTORY, DROP_INS), (JAIL, FILTER, DROP_IN))
    return replace(base, sockets=(SOCKET,))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired fail2ban."""
    files = (
        File(JAIL, jail(settings, installed(inputs.existing, NAME))),
        File(FILTER, rules(settings, postfix_unit(installed(inputs.existing, "postfix")))),
        File(DROP_IN, render(DROP_IN, restricted=settings.sandbox)),
    )
    return replace(
        base_service(query(settings), files),
        validators=(("fail2ban-client", "-c", "{directory}", "-t"),),
        # A reload would leave the rules with the ports of the jail as it was. Bans outlive a start.
        restart_for=(JAIL,),
        ignored=IGNORED,
    )


def jail(settings: MailSettings, version: tuple[int, ...]) -> str:
    """Return the jail for a version of fail2ban."""
    return render(
        JAIL,
        version=version,
        ports=(*units.SUBMISSION_PORTS, *units.service(settings, "dovecot").ports),
        failures=settings.ban_failures,
        seconds=settings.ban_seconds,
        ignored=(*LOOPBACK, *map(str, settings.addresses), *settings.networks),
    )


def rules(settings: MailSettings, unit: str) -> str:
    """Return the filter of log lines, for a name of Postfix's unit."""
    return render(FILTER, unit=unit, dovecot=units.DOVECOT if settings.mailboxes else "")
