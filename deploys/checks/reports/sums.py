"""Sums of every host that reads reports: one command each, at the same time."""

import shlex
from collections.abc import Mapping
from inspect import getsource

from pydantic import TypeAdapter, ValidationError

from ...mail import paths, report_store
from ...mail.report_store import ReportSums
from ...mail.settings.model import Fleet, MailSettings
from ...run.threads import in_parallel
from ..core.world import UnansweredError, World

_CALL = "print(as_json(sums(Path(sys.argv[1]), map(Path, sys.argv[2:]), time.time())))"
_SUMS = TypeAdapter(ReportSums)
HostSums = Mapping[str, ReportSums | UnansweredError]  # by inventory name


def reading(fleet: Fleet) -> tuple[MailSettings, ...]:
    """Return the hosts that read reports."""
    return tuple(host for host in fleet.hosts if host.recipients.read)


def host_sums(fleet: Fleet, world: World) -> HostSums:
    """Return what each host has read, or why it does not answer."""
    hosts = reading(fleet)
    found = in_parallel(lambda host: _of_host(host, world), hosts)
    return {host.inventory_name: one for host, one in zip(hosts, found, strict=True)}


def _of_host(host: MailSettings, world: World) -> ReportSums | UnansweredError:
    program = "\n".join((getsource(report_store), "import sys, time", _CALL))
    waiting = (f"{paths.REPORT_MAIL}/new", f"{paths.REPORT_MAIL}/cur")
    command = shlex.join(("python3", "-c", program, paths.REPORTS, *waiting))
    try:
        output = world.hosts.run(host.inventory_name, command, [], world.timeout)
        return _SUMS.validate_json(output[-1] if output else "")
    except UnansweredError as problem:
        return problem
    except ValidationError:
        return UnansweredError(f"{host.inventory_name}: the sums of its reports cannot be read")
