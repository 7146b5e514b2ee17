"""
MTA-STS for outgoing mail (RFC 8461): a recipient domain's policy demands TLS with a certificate.

postfix-mta-sts-resolver fetches and keeps the policies. It runs inside a program of ours that looks
for DANE first, because Postfix uses a policy instead of DANE. While it is down, mail waits.
"""

from dataclasses import replace

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "mta-sts"
PACKAGE = "postfix-mta-sts-resolver"
UNIT = units.MTA_STS_RESOLVER
CONFIGURATION = "/etc/mta-sts/mta-sts-daemon.yml"
PROGRAM = "/usr/local/lib/pyinfra-mail/tls-policy/tls-policy"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/pyinfra-mail.conf"
FILES = (PROGRAM, CONFIGURATION, DROP_IN)
# Import the program, in the first directory: it is complete, and the package has the classes that
# it extends.
IMPORT = "import runpy; runpy.run_path('{directory}/tls-policy')"


def query(settings: MailSettings) -> Query:
    """Return the state of the policy daemon that a plan needs."""
    return base_query(settings, NAME, tuple(path.rpartition("/")[0] for path in FILES), FILES)


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired policy daemon, for its version and Postfix's."""
    # Postfix before 3.10 refuses an answer with attributes; 3.10.5 matches MX names by them.
    attributes = installed(inputs.existing, "postfix") >= (3, 10, 5) and _version(inputs) >= (1, 5)
    values = {"version": _version(inputs), "attributes": attributes, "port": units.MTA_STS_PORT}
    files = (
        File(PROGRAM, render(PROGRAM)),
        File(CONFIGURATION, render(CONFIGURATION, **values)),
        File(DROP_IN, render(DROP_IN)),
    )
    return replace(
        base_service(query(settings), files),
        executables=("/usr/bin/mta-sts-daemon",),
        validators=(("python3", "-B", "-c", IMPORT),),
        restart_for=FILES,
    )


def _version(inputs: PlanInput) -> tuple[int, ...]:
    return installed(inputs.existing, PACKAGE)
