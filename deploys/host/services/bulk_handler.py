"""
Handler of the bulk stream's bounces: a program of ours, with its configuration and its user.

Its modules are those of `host/bulk`. Postfix reaches it at UNIX sockets in its queue directory:
lookups of recipients and suppressions, and LMTP. nginx hands over requests to unsubscribe at a
socket of its own.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from ...mail import paths, units
from ...mail.settings.bulk import Bulk
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service, SystemUser
from ..model.program import HostProgram
from ..model.templates import render
from .base import base_query
from .plan_input import PlanInput

NAME = "bulk-handler"
UNIT = units.BULK_HANDLER
USER = "pyinfra-mail-bulk"
WEB_GROUP = "www-data"  # of nginx's workers
DIRECTORY = paths.BULK_HANDLER
CONFIGURATION = f"{DIRECTORY}/handler.json"
SECRET, WEBHOOK, DATABASE = (f"{DIRECTORY}/{one}" for one in ("secret", "webhook", "database"))
UNIT_FILE = f"{paths.UNITS}/{UNIT}"
SOFT_EXPIRY_DAYS = 90
PROGRAM = HostProgram(
    "bulk",
    ("host/bulk", "host/programs", "mail/unsubscribe.py", "mail/verp.py"),
    module="host.bulk",
    imports=("host.bulk.program", "host.bulk.suppressions"),
    packages=("flufl.bounce",),
)
# The program stays in the foreground, and Postfix needs its sockets.
START = (
    'install -d -g postfix -m 2710 "$1"; shift; "$@" >/dev/null 2>&1 & '
    f"for one in $(seq 100); do test -S {paths.BULK_MAPS} && exit 0; sleep 0.1; done; "
    'echo "the handler of bounces does not start" >&2; exit 1'
)
WEB_START = (
    ("mkdir", "-p", paths.ONE_CLICK),
    ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", paths.ONE_CLICK),
    ("install", "-d", "-g", WEB_GROUP, "-m", "2710", paths.ONE_CLICK),
)


def query(settings: MailSettings) -> Query:
    """Return the state of the handler that a plan needs."""
    secrets = (SECRET, WEBHOOK, DATABASE, *PROGRAM.paths)
    directories = (PROGRAM.home, DIRECTORY, paths.UNITS)
    base = base_query(settings, NAME, directories, (CONFIGURATION, UNIT_FILE, *secrets))
    web = (paths.ONE_CLICK_SOCKET,) if settings.one_click_name else ()
    return replace(
        base,
        secrets=secrets,
        users=(USER,) if settings.bulk else (),
        sockets=(paths.BULK_MAPS, paths.BULK_LMTP, *web),
    )


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired handler."""
    assert settings.bulk  # noqa: S101 - the row in mail/units says so
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(CONFIGURATION, configuration(settings, settings.bulk)),
            *_secrets(settings.bulk),
            File(UNIT_FILE, _unit(settings)),
            *PROGRAM.files,
        ),
        system_users=(SystemUser(USER, paths.BULK_STATE),),
        validators=(PROGRAM.validator,),
        preflight=Preflight(_start(settings)) if settings.preflight else None,
    )


def configuration(settings: MailSettings, bulk: Bulk) -> str:
    """Return the handler's configuration, without its secrets."""
    values = {
        "domain": bulk.bounces,
        "hostname": settings.hostname,
        "sockets": paths.BULK_SOCKETS,
        "state": paths.BULK_STATE,
        "digests": bulk.digests,
        "rules": {
            "soft_bounces": bulk.soft_bounces,
            "soft_days": bulk.soft_days,
            "soft_expiry_days": SOFT_EXPIRY_DAYS,
        },
        "shared": bool(bulk.database),
        **({"webhook": bulk.webhook.url} if bulk.webhook else {}),
        **({"one_click": paths.ONE_CLICK_SOCKET} if settings.one_click_name else {}),
    }
    return json.dumps(values, indent=2) + "\n"


def _unit(settings: MailSettings) -> str:
    return render(
        UNIT_FILE,
        user=USER,
        sockets=paths.BULK_SOCKETS,
        **PROGRAM.words(CONFIGURATION),
        restricted=settings.sandbox,
        one_click=paths.ONE_CLICK if settings.one_click_name else "",
        web_group=WEB_GROUP,
    )


def _start(settings: MailSettings) -> tuple[tuple[str, ...], ...]:
    return (
        ("mkdir", "-p", paths.BULK_STATE),
        ("mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", paths.BULK_STATE),
        *(WEB_START if settings.one_click_name else ()),
        (
            *("sh", "-c", START, "sh", paths.BULK_SOCKETS, "env", f"PYTHONPATH={PROGRAM.home}"),
            *PROGRAM.command(CONFIGURATION, "alone"),
        ),
    )


def _secrets(bulk: Bulk) -> Iterator[File]:
    hook = bulk.webhook.secret if bulk.webhook else None
    for path, secret in ((SECRET, bulk.secret), (WEBHOOK, hook), (DATABASE, bulk.database)):
        if secret:
            yield File(path, secret.resolve(), 0o640, group=USER, secret=True)
