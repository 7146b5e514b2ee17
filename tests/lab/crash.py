"""
pyinfra with an agent that dies: `crash.py N ARGUMENTS...` runs it so.

Each system call of the agent in an apply is an audit event of Python. The Nth of them kills it with
SIGKILL; with 0 it goes through and leaves the events in a file.
"""

import sys

from pyinfra_cli.main import cli

from deploys.host.transport import remote

EVENTS = "/run/pyinfra-mail-events"
HOOK = """
import json, os, signal, pyinfra_mail.host.agent.apply as door
apply = door.apply
def armed(request):
    seen = []
    def hook(event, args):
        if event in {{"open", "os.mkdir", "os.remove", "os.rename", "os.chmod", "subprocess.Popen",
                     "ctypes.dlsym", "shutil.rmtree", "shutil.chown"}}:
            seen.append(event)
            if len(seen) == {number}:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    answer = apply(request)
    open("{events}", "w").write(json.dumps(seen))
    return answer
armed.__annotations__ = apply.__annotations__  # they name the type of the request
door.apply = armed
"""


def main(number: int) -> None:
    """Arm the agent and run pyinfra's command line."""
    hook = HOOK.format(number=number, events=EVENTS)
    start, door, call = remote.BOOTSTRAP.rpartition(f"from {remote.PROGRAM}.__main__")
    remote.BOOTSTRAP = f"{start}exec({hook!r});{door}{call}"
    cli()


if __name__ == "__main__":
    point = int(sys.argv[1])
    sys.argv = ["pyinfra", *sys.argv[2:]]
    main(point)
