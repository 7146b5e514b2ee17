"""
postsrsd of a mail host: it rewrites the senders of forwarded mail, and their bounces' recipients.

The package makes the secret on the host, in /etc/postsrsd.secret. Postfix asks at two ports on
loopback; without an answer forwarded mail and its bounces wait.
"""

from dataclasses import replace

from ...mail import units
from ...mail.postfix import SRS_BACK_PORT, SRS_PORT
from ...mail.settings.model import MailSettings
from ..model.desired import File, Preflight, Query, Service
from ..model.templates import render
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "postsrsd"
UNIT = units.POSTSRSD
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
SECRET, ROOT, USER = "/etc/postsrsd.secret", "/var/lib/postsrsd", "postsrsd"


def query(settings: MailSettings) -> Query:
    """Return the state of postsrsd that a plan needs."""
    return base_query(settings, NAME, (DROP_INS,), (DROP_IN,))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired postsrsd."""
    del inputs  # it is the same for every version
    command = _command(settings)
    values = {"command": command, "restricted": settings.sandbox}
    return replace(
        base_service(query(settings), (File(DROP_IN, render(DROP_IN, **values)),)),
        executables=command[:1],
        restart_for=(DROP_IN,),
        preflight=Preflight(((*command, "-D"),)) if settings.preflight else None,
    )


def _command(settings: MailSettings) -> tuple[str, ...]:
    ports = ("-l", "127.0.0.1", "-f", str(SRS_PORT), "-r", str(SRS_BACK_PORT))
    identity = ("-s", SECRET, "-u", USER, "-c", ROOT)
    excluded = f"-X{','.join(settings.kept_senders)}"
    return ("/usr/sbin/postsrsd", "-4", *ports, *identity, "-d", settings.hostname, excluded)
