"""Conditions of a measurement: the machine, its load, and the versions of the programs."""

import os
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from typing import Any

from .command import ROOT, run


def machine() -> dict[str, Any]:
    """Return the conditions to print with the figures."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": run(("git", "describe", "--always", "--dirty")).strip(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "kernel": platform.release(),
        "versions": {
            "python": platform.python_version(),
            "pyinfra": version("pyinfra"),
            **_ansible(),
            **_podman(),
        },
    }


def _podman() -> dict[str, str]:
    if shutil.which("podman") is None:  # a bench without a lab does not need it
        return {}
    return {"podman": run(("podman", "--version")).split()[-1]}


def _ansible() -> dict[str, str]:
    # The program itself would make a directory in the user's home.
    installed = map(str, (ROOT / ".venv-bench").glob("lib/*/site-packages"))
    named = distributions(name="ansible-core", path=[*installed])
    return {found.name: found.version for found in named}
