"""
fail2ban, described: who guesses passwords cannot reach the submission ports for a while.

It reads Postfix's words in the journal and closes 465 and 587 by nftables, no other port: mail from
there still comes in. This host and the networks it trusts are never kept out; a machine elsewhere
that verifies with a wrong password is.
"""

from collections.abc import Iterator

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed, postfix_unit
from .plan_input import PlanInput

NAME = "fail2ban"
UNIT = units.FAIL2BAN
DIRECTORY = "/etc/fail2ban"
JAIL, FILTER = f"{DIRECTORY}/jail.d/pyinfra-mail.conf", f"{DIRECTORY}/filter.d/pyinfra-mail.conf"
IGNORED = (r"'allowipv6' not defined",)  # Debian 12's own files leave it to the default
LOOPBACK = ("127.0.0.0/8", "::1")


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about fail2ban."""
    own = units.service(settings, NAME)
    return Query(
        name=NAME,
        directories=(DIRECTORY,),
        packages=own.packages,
        files=(JAIL, FILTER),
        units=own.units,
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what fail2ban shall be on a host."""
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(JAIL, jail(settings, installed(given.existing, NAME))),
            File(FILTER, render(FILTER, unit=postfix_unit(installed(given.existing, "postfix")))),
        ),
        masked=(UNIT,),
        validators=(("fail2ban-client", "-c", "{directory}", "-t"),),
        ignored=IGNORED,
        sockets=("/run/fail2ban/fail2ban.sock",),
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield nothing: the operator's own jails are files of his own."""
    return iter(())


def jail(settings: MailSettings, version: tuple[int, ...]) -> str:
    """Return the jail for a version."""
    return render(
        JAIL,
        version=version,
        failures=settings.ban_failures,
        seconds=settings.ban_seconds,
        ignored=(*LOOPBACK, *map(str, settings.addresses), *settings.networks),
    )
