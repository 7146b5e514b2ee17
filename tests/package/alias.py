"""
Plugin of pytest with which the tests of the clone test the installed package.

`python -m pytest -p tests.package.alias`: `deploys` is `pyinfra_mail`, module by module.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

CLONE, INSTALLED = "deploys", "pyinfra_mail"


class Alias(MetaPathFinder, Loader):
    """Finds each module of the installed package under its name in the clone."""

    def __init__(self) -> None:
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        ours = fullname.partition(".")[0] == CLONE
        return spec_from_loader(fullname, self) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(f"{INSTALLED}{spec.name.removeprefix(CLONE)}")
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__
        module.__spec__ = self._specs[module.__spec__.name]  # the import has replaced it


sys.meta_path.insert(0, Alias())


def pytest_sessionfinish() -> None:
    """Fail if a test had a module of the clone itself."""
    imported = {name: module for name, module in sys.modules.items() if name.startswith(CLONE)}
    assert imported
    assert not [
        name for name, module in imported.items() if not module.__name__.startswith(INSTALLED)
    ]
