"""
Snapshot of a host: one remote command that collects all data of its checks and changes nothing.

Each line of its output begins with the name of its section. The begin and end of the command, by
both clocks, bound the error of the host's clock.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from inspect import getsource

from ...mail import paths
from ...mail.settings.model import MailSettings
from ..core.world import UnansweredError, World
from . import bulk_results, deployed, tls_results

SCRIPT = "snapshot.sh"


@dataclass(frozen=True)
class Snapshot:
    """Lines by section, and the bounds in seconds by which the host's clock is behind."""

    host: MailSettings
    sections: Mapping[str, Sequence[str]] = field(default_factory=dict)
    now: float = 0.0  # by the host's clock
    behind: tuple[float, float] = (0.0, 0.0)

    def lines(self, section: str) -> Sequence[str]:
        """Return the lines of a section."""
        return self.sections.get(section, ())


@dataclass(frozen=True)
class SnapshotRequest:
    """Units of systemd, parameters of main.cf, and addresses to reach at port 25."""

    units: Sequence[str] = ()
    parameters: Sequence[str] = ()
    targets: Sequence[str] = ()


def take_snapshot(host: MailSettings, request: SnapshotRequest, world: World) -> Snapshot:
    """Return the snapshot of a host; raise UnansweredError if its answer is not complete."""
    text = files(__package__).joinpath("scripts", SCRIPT).read_text()
    arguments = (SCRIPT, str(world.port), " ".join(request.units), *request.targets)
    variables = _environment(host, request.parameters)
    command = shlex.join(["env", *variables, "sh", "-c", text, *arguments])
    before = world.clock()
    output = world.hosts.run(host.inventory_name, command, [], world.timeout)
    after = world.clock()
    sections: dict[str, list[str]] = {}
    for line in output:
        section, _, rest = line.partition(" ")
        sections.setdefault(section, []).append(rest.strip())
    try:
        begin, end = (float(sections[name][-1]) for name in ("begin", "end"))
    except (KeyError, ValueError) as problem:
        name = host.inventory_name
        raise UnansweredError(f"the snapshot of {name} ended without its last line") from problem
    return Snapshot(host, sections, end, (before - begin, after - end))


def _environment(host: MailSettings, parameters: Sequence[str]) -> Iterator[str]:
    """Yield the script's variables: paths, parameters, and the program that compares files."""
    yield f"QUEUE={paths.QUEUE}"
    yield f"BULK={paths.POSTFIX_BULK}"
    yield f"BULK_ACCOUNTS={paths.BULK_ACCOUNTS}"
    yield f"WARMUP={paths.WARMUP if host.warmup else ''}"
    yield f"MAILBOXES={paths.MAILBOXES}"
    yield f"VMAIL={paths.VMAIL}"
    yield f"DIRECTORY={_directory(host)}"
    yield f"CERTIFICATES={paths.CERTIFICATES}"
    yield f"DKIM_KEYS={paths.DKIM_KEYS}"
    yield f"TLS_REPORTS={paths.TLS_REPORTS}"
    yield f"PARAMETERS={' '.join(parameters)}"
    yield f"RESULTS={_results()}"
    call = "print(*compared(Path(STATE), Path(LOADED), set_digest), sep=chr(10))"
    program = "\n".join((getsource(paths), getsource(deployed), call))
    yield f"DEPLOYED={program}"
    files = f"Path({paths.TLS_COLLECTED!r}), Path({paths.TLS_SENT!r})"
    call = f"print(*tls_results({files}), sep=chr(10))"
    yield "TLS_RESULTS=" + "\n".join((getsource(tls_results), call))


def _directory(host: MailSettings) -> str:
    """Return the tables of the directory, each with a key without an entry."""
    return " ".join(f"{table}={key}" for table, key in host.directory_questions.items())


def _results() -> str:
    """Return the program that reads what the host has counted of its bulk stream."""
    directories = (f"/etc/{paths.RECEIVERS}", f"/var/lib/{paths.RECEIVERS}", paths.BULK_STATE)
    call = f"print(bulk_results(*map(Path, {directories}), time.time()))"
    return "\n".join((getsource(bulk_results), "import time", call))
