"""
Reader of reports on a mail host (RFC 9990, RFC 8460): a program of ours, for addresses of the host.

Postfix delivers to a Maildir with the rights of the reader's user, as the file `.forward` in its
home asks. The program is a copy of `deploys/host/reader`, with the parser dmarc-report beside it,
in the version of the lock. While it is down, mail waits in the Maildir.
"""

import json
from dataclasses import replace
from importlib.metadata import distribution
from importlib.resources import files

from ...mail import paths, units
from ...mail.recipients import READER
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service, SystemUser
from ..model.program import HostProgram
from ..model.templates import render
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "reports"
UNIT = units.REPORTS
PROGRAM = HostProgram(
    "reports",
    ("host/reader", "mail/report_store.py"),
    module="host.reader",
    imports=("host.reader.batch", "host.reader.__main__"),
)
HOME = PROGRAM.home
UNIT_FILE = f"{paths.UNITS}/{UNIT}"
CONFIGURATION = f"{HOME}/reports.json"
FORWARD = f"{HOME}/.forward"
PARSER = "dmarc-report"
# Modules of the parser that read a report; the others print one, and need more packages.
PARSER_MODULES = ("__init__", "_attachments", "_xml_parser", "exceptions", "parser", "schema")


def query(settings: MailSettings) -> Query:
    """Return the state of the reader that a plan needs."""
    own = tuple(file.path for file in _program())
    kept = (CONFIGURATION, FORWARD, UNIT_FILE)
    query = base_query(settings, NAME, (HOME, paths.UNITS), (*own, *kept))
    wanted = bool(settings.recipients.read) and "auto" in (settings.dmarc, settings.mta_sts)
    database = paths.REPORTS if wanted else ""
    return replace(query, secrets=own, users=(READER,), reports=database)


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired reader."""
    words = PROGRAM.words(CONFIGURATION)
    given = (
        File(CONFIGURATION, _configuration(settings)),
        File(FORWARD, f"{paths.REPORT_MAIL}/\n"),
        File(UNIT_FILE, render(UNIT_FILE, user=READER, restricted=settings.sandbox, **words)),
    )
    every = (*_program(), *given)
    return replace(
        base_service(query(settings), every),
        system_users=(SystemUser(READER, HOME),),
        validators=(PROGRAM.validator,),
        restart_for=tuple(file.path for file in every),
        scratch=(paths.REPORTS,),
    )


def _program() -> tuple[File, ...]:
    """Return the modules of the reader and of the parser, and the parser's licence."""
    parser = files("dmarc_report")
    texts = {
        **{f"{name}.py": parser.joinpath(f"{name}.py").read_text() for name in PARSER_MODULES},
        "LICENSE": distribution(PARSER).read_text("licenses/LICENSE") or "",
    }
    theirs = (File(f"{HOME}/dmarc_report/{path}", text) for path, text in texts.items())
    return (*PROGRAM.files, *theirs)


def _configuration(settings: MailSettings) -> str:
    values = {
        "state": paths.REPORTS,
        "hostname": settings.hostname,
        "domains": sorted(settings.reported_domains),
        "networks": [one.translate(_UNBRACKETED) for one in settings.relay_networks],
    }
    return json.dumps(values, indent=2) + "\n"


_UNBRACKETED = {ord("["): None, ord("]"): None}
