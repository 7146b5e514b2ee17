"""
One look at a host: one remote command that collects all that is judged here, and changes nothing.

Each line of its output names the section that it belongs to. The command's begin and end by the
host's clock, seen from here, tell how far that clock can be off.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from inspect import getsource

from ...mail import paths
from ...mail.settings.model import MailSettings
from ..core.world import UnansweredError, World
from . import deployed

SCRIPT = "look.sh"


@dataclass(frozen=True)
class Look:
    """What was seen: lines by section, and between which bounds the host's clock is behind."""

    host: MailSettings
    sections: Mapping[str, Sequence[str]] = field(default_factory=dict)
    now: float = 0.0  # by the host's clock
    behind: tuple[float, float] = (0.0, 0.0)

    def lines(self, section: str) -> Sequence[str]:
        """Return the lines of a section, none if it has none."""
        return self.sections.get(section, ())


def look(host: MailSettings, units: Sequence[str], targets: Sequence[str], world: World) -> Look:
    """Look at a host; raise UnansweredError if it does not answer to the end."""
    text = files(__package__).joinpath("scripts", SCRIPT).read_text()
    arguments = (SCRIPT, str(world.port), " ".join(units), *targets)
    command = shlex.join(["env", *_environment(), "sh", "-c", text, *arguments])
    asked = world.clock()
    output = world.hosts.run(host.inventory_name, command, [], world.timeout)
    answered = world.clock()
    sections: dict[str, list[str]] = {}
    for line in output:
        section, _, rest = line.partition(" ")
        sections.setdefault(section, []).append(rest.strip())
    try:
        begin, end = (float(sections[name][-1]) for name in ("begin", "end"))
    except (KeyError, ValueError) as problem:
        name = host.inventory_name
        raise UnansweredError(f"the look at {name} ended without its last word") from problem
    return Look(host, sections, end, (asked - begin, answered - end))


def _environment() -> Iterator[str]:
    """Yield the variables of the script: paths, and the program that compares deployed files."""
    yield f"QUEUE={paths.QUEUE}"
    yield f"MAILBOXES={paths.MAILBOXES}"
    yield f"CERTIFICATES={paths.CERTIFICATES}"
    yield f"DKIM_KEYS={paths.DKIM_KEYS}"
    call = "print(*compared(Path(STATE), Path(LOADED), set_digest), sep=chr(10))"
    program = "\n".join((getsource(paths), getsource(deployed), call))
    yield f"DEPLOYED={program}"
