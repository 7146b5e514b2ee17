"""
pyinfra as an operator runs it, imported once: each run is a fork of this program.

A line of JSON on its input is a run: its arguments, its folder, its path for modules, unless that
is the path of this program, and its environment. A line on its output is its exit status and all
that it printed. So a run costs what it does, and not a second of imports besides: the arguments of
this program are the modules to import.
"""

import importlib
import json
import os
import signal
import sys
import tempfile
from functools import cache
from unittest.mock import patch

import gevent
from pyinfra.api import connectors
from pyinfra_cli.main import main as pyinfra

LONGEST = 600  # seconds of a run


def run(
    arguments: list[str], folder: str, path: list[str], environment: dict[str, str], output: int
) -> None:
    """Run pyinfra in this process, and end it."""
    signal.alarm(LONGEST)
    gevent.sleep(0)  # a fork's loop is its own after one turn, and hears of the ends of programs
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if path:  # as with PYTHONPATH, and without the folder in which this program began
        sys.path[:1] = [folder, *path]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = ["pyinfra", *arguments]
    status = 1
    try:
        pyinfra()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def forked(
    arguments: list[str], folder: str, path: list[str], environment: dict[str, str]
) -> tuple[int, str]:
    """Run pyinfra in a fork, and return its exit status and output."""
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if not child:
            run(arguments, folder, path, environment, file.fileno())
        _, status = os.waitpid(child, 0)
        file.seek(0)
        return os.waitstatus_to_exitcode(status), file.read().decode()


def main() -> None:
    """Read once what every run needs, and make the runs."""
    for module in sys.argv[1:]:
        importlib.import_module(module)
    # pyinfra asks all installed packages for its connectors, again for each host of a run.
    with patch.object(connectors, "entry_points", cache(connectors.entry_points)):
        connectors.get_all_connectors()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(forked(*json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
