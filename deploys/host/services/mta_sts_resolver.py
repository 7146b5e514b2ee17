"""
MTA-STS for mail that leaves (RFC 8461): a domain's published policy demands TLS with a certificate.

postfix-mta-sts-resolver finds and keeps the policies. It runs inside a program of ours that asks
for DANE first, because Postfix takes a policy in place of DANE. While it is away, mail waits.
"""

from collections.abc import Iterator

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed
from .plan_input import PlanInput

NAME = "mta-sts"
PACKAGE = "postfix-mta-sts-resolver"
UNIT = units.MTA_STS_RESOLVER
CONFIGURATION = "/etc/mta-sts/mta-sts-daemon.yml"
PROGRAM = "/usr/local/lib/pyinfra-mail/tls-policy/tls-policy"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/pyinfra-mail.conf"
FILES = (CONFIGURATION, PROGRAM, DROP_IN)


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about the policies' daemon."""
    own = units.service(settings, NAME)
    return Query(
        name=NAME,
        directories=tuple(path.rpartition("/")[0] for path in FILES),
        packages=own.packages,
        files=FILES,
        units=own.units,
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what the policies' daemon shall be, for its version and Postfix's."""
    # An answer with attributes is refused by Postfix before 3.10; 3.10.5 judges MX names by them.
    attributes = installed(given.existing, "postfix") >= (3, 10, 5) and _version(given) >= (1, 5)
    values = {"version": _version(given), "attributes": attributes}
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(CONFIGURATION, render(CONFIGURATION, **values)),
            File(PROGRAM, render(PROGRAM)),
            File(DROP_IN, render(DROP_IN)),
        ),
        masked=(UNIT,),
        executables=("/usr/bin/mta-sts-daemon",),
        validators=(("python3", "-B", "-c", CHECK),),
        restart_for=FILES,
    )


# That the program is sound, and that the package is as it expects.
CHECK = f"import runpy; runpy.run_path({PROGRAM!r})"


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield nothing: no setting of the operator goes into it."""
    yield from ()


def _version(given: PlanInput) -> tuple[int, ...]:
    return installed(given.existing, PACKAGE)
