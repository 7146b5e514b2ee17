"""
Redis of a mail host: the counters of rspamd, for rates and DMARC reports, and what it has learned.

rspamd has its own instance, at a UNIX socket that only rspamd can use. Without Redis, mail is
signed and sent, but not counted.
"""

from dataclasses import replace
from pathlib import PurePath

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service
from ..model.templates import render
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "redis"
UNIT = units.REDIS
SOCKET = paths.REDIS_SOCKET
DATA = "/var/lib/redis"
RUN = str(PurePath(SOCKET).parent)
CONFIGURATION = "/etc/redis/redis-rspamd.conf"
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
AS_REDIS = ("setpriv", "--reuid=redis", "--regid=_rspamd", "--clear-groups")
START = (
    ("mkdir", "-p", RUN),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", RUN),
    ("chown", "redis:_rspamd", RUN),
    (*AS_REDIS, "redis-server", CONFIGURATION, "--daemonize", "yes"),
)


def query(settings: MailSettings) -> Query:
    """Return the state of Redis that a plan needs."""
    base = base_query(settings, NAME, ("/etc/redis", DROP_INS), (CONFIGURATION, DROP_IN))
    return replace(base, sockets=(SOCKET,))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Redis."""
    kept = "dmarc" in settings.send_reports or settings.learns
    text = render(CONFIGURATION, socket=SOCKET, kept=kept, learns=settings.learns)
    files = (
        File(CONFIGURATION, text, 0o640, "redis", "redis"),
        File(DROP_IN, render(DROP_IN)),
    )
    return replace(
        base_service(query(settings), files),
        masked=("redis-server.service",),
        restart_for=(CONFIGURATION,),  # read at the start only
        scratch=(DATA,) if kept else (),  # the preflight writes none of the live data
        preflight=Preflight(START) if settings.preflight else None,
    )
