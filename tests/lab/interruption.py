"""
pyinfra, interrupted: `interruption.py HOST N MOMENT ACTION ARGUMENTS...` runs it, and acts once.

The moment is `before` the Nth remote command to the host is sent, `within` it (half a second
later) or `after` its answer. The action is `die`, which is SIGKILL, or a command line.
"""

import os
import shlex
import signal
import subprocess
import sys
import threading
from typing import Any

from pyinfra.connectors.ssh import SSHConnector
from pyinfra_cli.main import cli


def main(name: str, number: int, moment: str, action: str) -> None:
    """Arm the action and run pyinfra's command line."""
    run = SSHConnector.run_shell_command
    calls: list[str] = []

    def interrupted(self: SSHConnector, *args: Any, **kwargs: Any) -> Any:
        calls.append(self.host.name)
        due = self.host.name == name and calls.count(name) == number
        if due and moment == "before":
            _act(action)
        if due and moment == "within":
            threading.Timer(0.5, _act, (action,)).start()
        result = run(self, *args, **kwargs)
        if due and moment == "after":
            _act(action)
        return result

    SSHConnector.run_shell_command = interrupted  # type: ignore[method-assign]
    cli()


def _act(action: str) -> None:
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    subprocess.run(shlex.split(action), check=True, timeout=30)


if __name__ == "__main__":
    host, count, when, what = sys.argv[1:5]
    sys.argv = ["pyinfra", *sys.argv[5:]]
    main(host, int(count), when, what)
