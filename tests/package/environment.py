"""The wheel of this tree, and an empty virtual environment in which it is installed."""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from pathlib import Path

from scripts.environment.locks import RUNTIME, Pin, lock, lock_of

ROOT = Path(__file__).parents[2]
# What the tests themselves need, from the environment of the clone; nothing else of it is there.
TOOLS = ("pytest", "_pytest", "pluggy", "iniconfig", "hypothesis", "sortedcontainers")
FILES = ("py", "spf", "_hypothesis_globals", "_hypothesis_ftz_detector", "_hypothesis_pytestplugin")


@dataclass(frozen=True)
class Done:
    """What a program ended with; stderr is in the output."""

    returncode: int
    stdout: str


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> Done:
    """Run a program without what this process has of Python's path and environment."""
    inherited = {name: os.environ[name] for name in os.environ if not name.startswith("PYTHON")}
    inherited.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        command,
        cwd=cwd,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    return Done(done.returncode, done.stdout)


def succeeded(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Return the output of a program that must not fail."""
    done = run(*command, cwd=cwd, **environment)
    assert done.returncode == 0, done.stdout
    return done.stdout


def built(folder: Path, *what: str) -> tuple[Path, ...]:
    """Build into a folder, the source distribution and from it the wheel unless one is named."""
    succeeded(
        *(sys.executable, "-m", "build", "--no-isolation"), *what, f"--outdir={folder}", str(ROOT)
    )
    return tuple(sorted(folder.iterdir()))


def linked(folder: Path, wheel: Path, *extras: str) -> Path:
    """
    Make an empty environment with a wheel and what the locks name; return its Python.

    These packages are links to those of this environment.
    """
    venv.create(folder)
    python = folder / "bin" / "python"
    (packages,) = (folder / "lib").glob("python3*/site-packages")
    locks = (RUNTIME, *map(lock_of, extras))
    for pin in (pin for name in locks for pin in lock(ROOT, name).pins):
        for name, source in files(pin).items():
            if not (packages / name).exists():
                (packages / name).symlink_to(source)
    (pyinfra,) = entry_points(group="console_scripts", name="pyinfra")
    program = python.with_name("pyinfra")
    program.write_text(
        f"#!{python}\nimport sys\nfrom {pyinfra.module} import {pyinfra.attr}\n"
        f"sys.exit({pyinfra.attr}())\n"
    )
    program.chmod(0o755)
    succeeded(*pip(python), "install", "--quiet", "--no-index", "--no-deps", wheel)
    return python


def files(pin: Pin) -> dict[str, Path]:
    """Return the folders and files of a package, by their names in site-packages."""
    try:
        found = distribution(pin.name)
    except PackageNotFoundError:
        assert pin.marker, f"{pin.name} is missing: scripts/setup"
        return {}
    tops = {path.parts[0] for path in found.files or ()} - {".."}
    return {top: Path(str(found.locate_file(top))) for top in tops}


def pip(python: Path) -> tuple[str | Path, ...]:
    """Return a command of this environment's pip for another one."""
    return (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)


def tools(folder: Path) -> str:
    """Return a folder for Python's path with pytest and no other package of this environment."""
    folder.mkdir()
    for name in (*TOOLS, *FILES):
        found = find_spec(name)
        assert found, name
        assert found.origin, name
        source = Path(found.origin)
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source)
    return str(folder)
