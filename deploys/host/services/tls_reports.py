"""
TLS reports to others (RFC 8460): a collector of what Postfix tells, and the sender of reports.

Both are programs of tlsrpt-reporter, whose package goes to the host as it is installed on the
controller. It is GPL-3.0-or-later and the extra `tlsrpt`; nothing here imports it. Each instance of
Postfix writes to the collector's socket in the queue directory; without it, mail goes on.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, PackagePath, distribution

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service, SystemUser
from ..model.program import HostProgram
from ..model.templates import render
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "tls-reports"
UNIT = units.TLS_COLLECTOR
USER = "pyinfra-mail-tls-reports"
FIRST_POSTFIX = (3, 10)
PACKAGE, MODULE = "tlsrpt-reporter", "tlsrpt_reporter"
# Hands a message of its input to Postfix.
MAILER = HostProgram(
    "tls-reports",
    ("host/programs/report_mail.py",),
    module="host.programs.report_mail",
    imports=("host.programs.report_mail",),
)
HOME = MAILER.home
UNIT_FILES = tuple(f"{paths.UNITS}/{one}" for one in (UNIT, units.TLS_REPORTER))
COLLECTOR, FETCHER, REPORTER = (f"{HOME}/{one}.cfg" for one in ("collectd", "fetcher", "reportd"))
DOMAINS, ADDRESSES, URLS = (f"{HOME}/{one}" for one in ("domains", "addresses", "urls"))
CONFIGURATION = (COLLECTOR, FETCHER, REPORTER, DOMAINS, ADDRESSES, URLS)
POST = (
    "curl --silent --fail --proto =https --max-time 8 "
    "--header 'Content-Type: application/tlsrpt+gzip' --data-binary @-"
)
# Other destinations are left out: others choose them, and the sender writes them into a header.
PLAIN_ADDRESS = r"regexp:(?!mailto:[A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+\Z) DISCARD"
PLAIN_URL = r"regexp:(?!https://[!-~]+\Z) DISCARD"
START = ("python3", "-B", "-c", f"import {MODULE}.tlsrpt")


def query(settings: MailSettings) -> Query:
    """Return the state of the programs that a plan needs."""
    program = tuple(file.path for file in _programs())
    query = base_query(settings, NAME, (HOME, paths.UNITS), (*program, *CONFIGURATION, *UNIT_FILES))
    return replace(query, secrets=program, users=(USER,) if "tls" in settings.send_reports else ())


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired collector, with the sender beside it."""
    del inputs  # an older Postfix is an obstacle
    words = {
        "user": USER,
        "home": HOME,
        "sockets": paths.TLS_SOCKETS,
        "collector": UNIT,
        "reporter": units.TLS_REPORTER,
        "restricted": settings.sandbox,
    }
    files = (
        *_programs(),
        *(File(path, text) for path, text in _configuration(settings).items()),
        *(File(path, render(path, **words)) for path in UNIT_FILES),
    )
    return replace(
        base_service(query(settings), files),
        system_users=(SystemUser(USER, paths.TLS_REPORTS),),
        validators=(("env", "PYTHONPATH={directory}", *START), MAILER.validator),
        restart_for=tuple(file.path for file in files),
    )


def is_installed() -> bool:
    """Tell whether the controller has the package."""
    return bool(_package())


def _programs() -> tuple[File, ...]:
    return (*MAILER.files, *_package())


def _package() -> tuple[File, ...]:
    """Return the package as it is installed, with its licence; () without it."""
    try:
        found = distribution(PACKAGE).files or ()
    except PackageNotFoundError:
        return ()
    return tuple(
        File(f"{HOME}/{one}", one.read_text(encoding="utf-8")) for one in found if _is_carried(one)
    )


def _is_carried(path: PackagePath) -> bool:
    """Tell whether the host needs a file: a module, the licence, the names of the plug-ins."""
    top, name = path.parts[0], path.name
    if top == MODULE:
        return path.suffix == ".py"
    return top.endswith(".dist-info") and name in ("METADATA", "entry_points.txt", "COPYING")


def _configuration(settings: MailSettings) -> Mapping[str, str]:
    """Return the files of the programs by path."""
    storage = {"storage": f"sqlite://{paths.TLS_COLLECTED}"}
    own = sorted({*settings.author_domains, *settings.reported_domains})
    return {
        COLLECTOR: _section(
            "tlsrpt_collectd", {**storage, "socketname": paths.TLS_SOCKET, "socketmode": "0660"}
        ),
        FETCHER: _section("tlsrpt_fetcher", storage),
        REPORTER: _section("tlsrpt_reportd", _reporter(settings)),
        DOMAINS: "".join(f"{name} DISCARD\n.{name} DISCARD\n" for name in own),
        ADDRESSES: f"{PLAIN_ADDRESS}\n",
        URLS: f"{PLAIN_URL}\n",
    }


def _reporter(settings: MailSettings) -> Mapping[str, str]:
    sender = settings.report_from
    fetcher = f"/usr/bin/python3 -B -m {MODULE}.tlsrpt_fetcher --config_file {FETCHER}"
    return {
        "organization_name": settings.report_organization or sender.rpartition("@")[2],
        "contact_info": sender,
        "sender_address": sender,
        "dbname": paths.TLS_SENT,
        "fetchers": fetcher,
        "tlsrpt_record_map": DOMAINS,
        "mail_destination_map": ADDRESSES,
        "http_upload_map": URLS,
        "sendmail_script": " ".join(MAILER.command()),
        "http_script": POST,
    }


def _section(name: str, values: Mapping[str, str]) -> str:
    """Return a configuration of one section, as configparser reads it."""
    lines = (f"{key} = {value}\n" for key, value in values.items())
    return f"[{name}]\n{''.join(lines)}"
