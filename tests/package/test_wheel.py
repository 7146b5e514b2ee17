"""The wheel: what it holds, and the tests of the clone with what is installed from it."""

import sys
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest

import deploys
from deploys.mail.toolkit import VERSION
from tests.package.environment import ROOT, built, pip, succeeded, tools

INFO = f"pyinfra_mail-{VERSION}.dist-info"
OF_THE_CLONE = ("lab",)
TESTS = (
    *("tests/mail", "tests/host", "tests/dns", "tests/run"),
    *("tests/checks/test_report.py", "tests/checks/test_timer.py"),
)
# What these say is of a clone: its paths, and its example inventory.
CLONE_ALONE = ("tests/mail/test_toolkit.py", "tests/mail/test_defaults.py")
# Programs, and a module that runs on mail hosts alone, where Debian's python3-psycopg is.
NOT_IMPORTED = ("__main__", "host.bulk.postgresql")


def tree(folder: str) -> dict[str, Path]:
    """Return the files of a folder by their path in it."""
    top = ROOT / folder
    files = (path for path in top.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(top)): path for path in files}


def expected() -> dict[str, Path]:
    """Return the files that the package has, by their path in the wheel."""
    modules = {
        f"pyinfra_mail/{name}": path
        for name, path in tree("deploys").items()
        if name.split("/")[0] not in OF_THE_CLONE and ("/" in name or name.startswith("_"))
    }
    texts = {f"pyinfra_mail/templates/{name}": path for name, path in tree("templates").items()}
    return modules | texts | {"pyinfra_mail/py.typed": ROOT / "deploys" / "py.typed"}


def test_the_wheel_holds_every_module_and_template_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.startswith(INFO)]
        contents = {name: archive.read(name) for name in names}

    assert contents == {name: path.read_bytes() for name, path in expected().items()}


def test_the_wheel_has_the_licence_and_its_metadata(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        licence = archive.read(f"{INFO}/licenses/LICENSE")
        metadata = Parser().parsestr(archive.read(f"{INFO}/METADATA").decode())

    assert licence == (ROOT / "LICENSE").read_bytes()
    assert metadata["Version"] == VERSION
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert f"pyinfra=={version('pyinfra')}" in metadata.get_all("Requires-Dist", [])


def test_a_wheel_is_the_same_whether_it_is_built_from_the_tree_or_from_the_source_distribution(
    wheel: Path, tmp_path: Path
) -> None:
    (again,) = built(tmp_path, "--wheel")

    assert again.read_bytes() == wheel.read_bytes()


def test_an_index_would_accept_both_distributions(distributions: tuple[Path, ...]) -> None:
    said = succeeded(sys.executable, "-m", "twine", "check", "--strict", *distributions)

    assert said.count("PASSED") == len(distributions) == 2


def test_the_lock_has_every_dependency_of_the_wheel(python: Path) -> None:
    assert "No broken requirements found" in succeeded(*pip(python), "check")


def test_every_module_is_imported_without_an_extra(python: Path, tmp_path: Path) -> None:
    program = (
        "import importlib, pkgutil, pyinfra_mail, pyinfra_cli.main\n"
        "for one in pkgutil.walk_packages(pyinfra_mail.__path__, 'pyinfra_mail.'):\n"
        f"    one.name.endswith({NOT_IMPORTED}) or importlib.import_module(one.name)\n"
        "print(pyinfra_mail.__version__, *(getattr(pyinfra_mail, name).__name__"
        " for name in sorted(pyinfra_mail.__all__)))"
    )

    said = succeeded(python, "-W", "error::ImportWarning", "-c", program, cwd=tmp_path)

    names = sorted(deploys.__all__)
    assert said.split()[-1 - len(names) :] == [VERSION, *names]


@pytest.mark.lab  # it needs none, but takes as long: the quick part has run these tests once
def test_the_tests_of_the_clone_pass_with_the_installed_package(
    python: Path, tmp_path: Path
) -> None:
    said = succeeded(
        *(python, "-m", "pytest", "-q", "-p", "tests.package.alias", "-p", "no:cacheprovider"),
        *("-m", "not lab", *(f"--ignore={path}" for path in CLONE_ALONE), *TESTS),
        PYTHONPATH=tools(tmp_path / "tools"),
        PYTHONDONTWRITEBYTECODE="1",
    )

    assert " passed" in said
    assert "skipped" not in said
