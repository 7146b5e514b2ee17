"""
A program of ours that stays on a host: modules of this tree, in a directory of its own.

Nothing is built: the modules go to the host as they are, with the `__init__` of each folder above
them, and Debian's Python runs them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...mail import paths
from .desired import File

TREE = Path(__file__).parents[2]
MARK = '"""Program of pyinfra-mail on a host."""\n'


@dataclass(frozen=True)
class HostProgram:
    """
    A program: the folders and modules of the tree that it is made of, by their paths.

    + module: what is run, as its name in the tree; "" for a program with a script of its own
    + imports: modules whose import shows that the program is complete
    + packages: what it imports later, of packages on the host
    """

    name: str
    sources: tuple[str, ...]
    module: str = ""
    imports: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """Return its directory on the host."""
        return f"{paths.PROGRAMS}/{self.name}"

    @cached_property
    def files(self) -> tuple[File, ...]:
        """Return its modules."""
        top, package = TREE, f"{self.home}/{paths.PROGRAM_PACKAGE}"
        modules = sorted({path for source in self.sources for path in _modules(top / source)})
        texts = {path.relative_to(top): path.read_text(encoding="utf-8") for path in modules}
        return (
            File(f"{package}/__init__.py", MARK),
            *(File(f"{package}/{path}", text) for path, text in texts.items()),
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of its modules; their text is of no use in a plan, only its digest."""
        return tuple(file.path for file in self.files)

    @property
    def validator(self) -> tuple[str, ...]:
        """Return the command that imports it where it is staged, as the first directory."""
        own = (f"{paths.PROGRAM_PACKAGE}.{name}" for name in self.imports)
        check = f"import {', '.join((*own, *self.packages))}"
        return ("env", "PYTHONPATH={directory}", "python3", "-B", "-c", check)

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return the command that runs it, with its home in PYTHONPATH."""
        module = f"{paths.PROGRAM_PACKAGE}.{self.module}"
        return ("/usr/bin/python3", "-B", "-m", module, *arguments)

    def words(self, *arguments: str) -> dict[str, str]:
        """Return the words of its unit: its home, and the command that runs it."""
        return {"home": self.home, "command": " ".join(self.command(*arguments))}


def _modules(source: Path) -> Iterator[Path]:
    """Yield the modules of a folder, or one module, and the `__init__` of each folder above."""
    yield from source.rglob("*.py") if source.is_dir() else (source,)
    for folder in source.parents:
        if folder == TREE:
            return
        yield folder / "__init__.py"
