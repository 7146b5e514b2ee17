"""
Transport of the agent and of requests to it, and of its answers.

Each request brings the agent along. Both are sent on standard input, so that they appear in no
argument, log or file, and the host needs only Python.
"""

import io
import json
import zipfile
from base64 import b64encode
from functools import cache
from pathlib import Path

from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.exceptions import FactProcessError

from ..model.request import Request
from ..model.state import Existing
from ..model.wire import decode, payload

DEPLOYS = Path(__file__).parents[2]
MODEL = ("desired", "request", "state", "wire")  # modules of both sides
AGENT = DEPLOYS / "host" / "agent"
SHARED = (
    *(f"mail/{name}.py" for name in ("paths", "report_store", "directory_answers")),
    *(f"host/model/{name}.py" for name in MODEL),
)
ROOT = "pyinfra_mail"  # package of the archive
PROGRAM = f"{ROOT}.host.agent"
BOOTSTRAP = (
    "import sys,os,base64;f=os.memfd_create('agent',0);"
    "os.write(f,base64.b64decode(sys.stdin.readline()));"
    "sys.path.insert(0,'/proc/self/fd/%d'%f);"
    f"from {PROGRAM}.__main__ import main;main()"
)
INCOMPLETE = "the host's answer is incomplete"
NO_PYTHON = '{"refused":{"step":"python3","why":"python3 is missing: apt-get install python3"}}'


class Input(list[str]):
    """The agent and a request to it, as lines of standard input; their content is never printed."""

    def __init__(self, request: Request) -> None:
        super().__init__((agent(), *payload(request).splitlines()))

    def __repr__(self) -> str:
        return f"<{sum(map(len, self))} characters>"


class Refusal(FactProcessError):
    """The agent refused a request; the text has the step and the reason."""


def agent_command() -> StringCommand:
    """Return the command that starts the agent on a host, or reports that Python is missing."""
    return StringCommand(
        *("if command -v python3 >/dev/null; then python3 -c", QuoteString(BOOTSTRAP), ";"),
        *("else echo", QuoteString(NO_PYTHON), "; fi"),
    )


def answer_in(output: list[str]) -> Existing:
    """Return the agent's answer; raise Refusal with its sentence if it refused."""
    reply = json.loads(output[-1])
    if refused := reply.get("refused"):
        raise Refusal(f"{refused['step']}: {refused['why']}")
    return decode(Existing, reply["answer"])


@cache
def agent() -> str:
    """Return the agent as one line: a zip archive of its modules, in base64."""
    modules = [*sorted(AGENT.rglob("*.py")), *(DEPLOYS / name for name in SHARED)]
    names = {module.relative_to(DEPLOYS) for module in modules}
    packages = {folder / "__init__.py" for name in names for folder in name.parents} - names
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(names):
            bundle.write(DEPLOYS / name, f"{ROOT}/{name}")
        for name in sorted(packages):
            bundle.writestr(f"{ROOT}/{name}", "")
    return b64encode(archive.getvalue()).decode()
