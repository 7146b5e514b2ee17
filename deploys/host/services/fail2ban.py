"""
fail2ban of a mail host: it bans addresses that guess passwords from the submission ports.

It reads Postfix's log in the journal and closes ports 465 and 587 by nftables. Port 25 stays open:
mail from the address is still accepted. This host and its trusted networks are never banned, but
another machine that verifies with a wrong password is.
"""

from dataclasses import replace

from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed, postfix_unit
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "fail2ban"
DIRECTORY = "/etc/fail2ban"
JAIL, FILTER = f"{DIRECTORY}/jail.d/pyinfra-mail.conf", f"{DIRECTORY}/filter.d/pyinfra-mail.conf"
IGNORED = (r"'allowipv6' not defined",)  # in Debian 12's own files
LOOPBACK = ("127.0.0.0/8", "::1")


def query(settings: MailSettings) -> Query:
    """Return the state of fail2ban that a plan needs."""
    return base_query(settings, NAME, (DIRECTORY,), (JAIL, FILTER))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired fail2ban."""
    files = (
        File(JAIL, jail(settings, installed(inputs.existing, NAME))),
        File(FILTER, render(FILTER, unit=postfix_unit(installed(inputs.existing, "postfix")))),
    )
    return replace(
        base_service(query(settings), files),
        validators=(("fail2ban-client", "-c", "{directory}", "-t"),),
        ignored=IGNORED,
        sockets=("/run/fail2ban/fail2ban.sock",),
    )


def jail(settings: MailSettings, version: tuple[int, ...]) -> str:
    """Return the jail for a version of fail2ban."""
    return render(
        JAIL,
        version=version,
        failures=settings.ban_failures,
        seconds=settings.ban_seconds,
        ignored=(*LOOPBACK, *map(str, settings.addresses), *settings.networks),
    )
