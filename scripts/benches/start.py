"""
Bench `start`: seconds until a run begins, of pyinfra alone and with each of our deploys.

Each runs in a process of its own, from the start of Python to its end. A deploy is measured by the
import of its module, after those of pyinfra; nothing connects to a host. The first run of a case
may compile our modules; the later ones read the bytecode that it wrote, as an operator's runs do.
"""

import sys
import time
from collections.abc import Callable, Iterator

from .instruments.command import run
from .instruments.machine import machine
from .instruments.report import Case, Figures, Report, interleaved

SECONDS, MODULES, PYINFRA = "seconds", "modules", "pyinfra"
DEPLOYS = ("hosts", "site", "verify")
MOST_SECONDS = {"site": 0.85, "verify": 0.85}
ALONE = "import pyinfra_cli.main"
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}  # empty is off: compiling would be most of the time
COUNT = "import sys; print(len(sys.modules))"
NOTE = (
    "Seconds from the start of Python to its end, in a process of its own each; modules are those"
    " that have been imported then. This machine has"
)
Tell = Callable[[str], None]


def start(runs: int, tell: Tell) -> Report:
    """Measure the imports of pyinfra and of each deploy."""
    here = machine()
    cases = interleaved(_cases(), runs, _measured, tell)
    note = f"{NOTE} {here['cores']} cores; its load was {here['load']} before."
    return Report("start", SECONDS, (PYINFRA,), note, here, cases)


def _cases() -> Iterator[Case]:
    for name in (PYINFRA, *DEPLOYS):
        aims = {SECONDS: MOST_SECONDS[name]} if name in MOST_SECONDS else {}
        yield Case("start", name, {}, aims)


def _measured(case: Case) -> Figures:
    program = "\n".join((ALONE, *imports(case.contender), COUNT))
    began = time.perf_counter()
    modules = run((sys.executable, "-c", program), environment=BYTECODE)
    return {SECONDS: round(time.perf_counter() - began, 3), MODULES: int(modules)}


def imports(name: str) -> list[str]:
    """Return the import statements of a deploy; none for pyinfra alone."""
    return [] if name == PYINFRA else [f"import deploys.api.{name}"]
