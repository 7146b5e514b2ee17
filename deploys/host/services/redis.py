"""
Redis, described: where rspamd counts what accounts send.

It is an instance of rspamd's own, at a UNIX socket that nobody else can use. Where it is away,
mail is signed and sent, and not counted.
"""

from collections.abc import Iterator
from pathlib import PurePath

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service
from ..model.templates import render
from .plan_input import PlanInput

NAME = "redis"
UNIT = units.REDIS
SOCKET = paths.REDIS_SOCKET
ROOM = str(PurePath(SOCKET).parent)
CONFIGURATION = "/etc/redis/redis-rspamd.conf"
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
AS_REDIS = ("setpriv", "--reuid=redis", "--regid=_rspamd", "--clear-groups")
START = (
    ("mkdir", "-p", ROOM),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", ROOM),
    ("chown", "redis:_rspamd", ROOM),
    (*AS_REDIS, "redis-server", CONFIGURATION, "--daemonize", "yes"),
)


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about Redis."""
    own = units.service(settings, NAME)
    return Query(
        name=NAME,
        directories=("/etc/redis", DROP_INS),
        packages=own.packages,
        files=(CONFIGURATION, DROP_IN),
        units=own.units,
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what rspamd's Redis shall be."""
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(CONFIGURATION, render(CONFIGURATION, socket=SOCKET), 0o640, "redis", "redis"),
            File(DROP_IN, render(DROP_IN)),
        ),
        masked=("redis-server.service",),
        restart_for=(CONFIGURATION,),  # which is read once
        sockets=(SOCKET,),
        preflight=Preflight(START) if settings.preflight else None,
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield nothing: there is no key for settings of Redis."""
    yield from ()
