"""scripts/setup in small clones, with real pip and a package index on loopback."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOO_OLD = "Python 3.10.13"
EXTRAS = {"dev": ["gamma"], "desec": ["beta"], "docs": ["delta"]}


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


def wheel(name: str, version: str = "1.0") -> bytes:
    """Return a wheel with one module."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{one},,\n" for one in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(data := io.BytesIO(), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return data.getvalue()


def source(name: str) -> bytes:
    """Return a source package that needs a compiler."""
    text = f"from setuptools import *\nsetup(name={name!r}, ext_modules=[Extension('x', ['x.c'])])"
    with tarfile.open(fileobj=(data := io.BytesIO()), mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"{name}-1.0/setup.py")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
    return data.getvalue()


def test_the_help_of_the_tests_installs_nothing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")

    done = subprocess.run(
        (tmp_path / "scripts/test", "--help"), capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("scripts/test [ARGUMENT...]: every test, the lab's included.")
    assert not (tmp_path / ".venv").exists()


@dataclass
class Index:
    """A package index in a folder, and the files in it."""

    folder: Path
    url: str = ""
    hashes: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, file: str, data: bytes) -> None:
        """Add a file of a package."""
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / file).write_bytes(data)
        self.hashes[name] = hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Serve an index with four packages as wheels, and one as source only."""
    found = Index(tmp_path_factory.mktemp("index"))
    for name in ("alpha", "beta", "gamma", "delta"):
        found.add(name, f"{name}-1.0-py3-none-any.whl", wheel(name))
    found.add("compiled", "compiled-1.0.tar.gz", source("compiled"))
    serve = partial(Quiet, directory=str(found.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@dataclass
class Clone:
    """A clone with small lock files."""

    root: Path
    index: Index

    def lock(self, name: str, *packages: str, wrong: bool = False) -> None:
        """Write a lock file, perhaps with wrong hashes."""
        hashes = {one: "0" * 64 if wrong else self.index.hashes[one] for one in packages}
        lines = [f"{one}==1.0 \\\n    --hash=sha256:{hashes[one]}\n" for one in packages]
        (self.root / name).write_text("".join(lines))

    def setup(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run scripts/setup, with nothing of this machine's settings for pip and for shells."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        path = f"{Path(sys.executable).resolve().parent}:{os.defpath}"
        mine = {"PATH": path, "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": self.index.url}
        return subprocess.run(
            (self.root / "scripts/setup", *arguments),
            env=kept | mine | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def stamp(self) -> Mapping[str, object]:
        """Return the stamp of .venv."""
        found: Mapping[str, object] = json.loads((self.root / ".venv/installed.json").read_text())
        return found

    @property
    def installed(self) -> set[str]:
        """Return the installed ones of our packages."""
        (packages,) = (self.root / ".venv/lib").glob("python3*/site-packages")
        return {path.stem for path in packages.glob("*.py")} & set(self.index.hashes)


def cloned(folder: Path, index: Index) -> Clone:
    """Return a clone without an environment."""
    made = Clone(folder, index)
    shutil.copytree(ROOT / "scripts/environment", folder / "scripts/environment")
    for name in ("setup", "lib.sh"):
        shutil.copy(ROOT / "scripts" / name, folder / "scripts")
    (folder / "locks").mkdir()
    table = "".join(f"{extra} = {packages}\n" for extra, packages in EXTRAS.items())
    text = f"[project]\nname = 'x'\n[project.optional-dependencies]\n{table}"
    (folder / "pyproject.toml").write_text(text)
    made.lock("requirements.lock", "alpha")
    for extra, packages in EXTRAS.items():
        made.lock(f"locks/{extra}.lock", *packages)
    return made


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, index: Index) -> Path:
    """Have scripts/setup make an environment without packages, in the place of a half-made one."""
    made = cloned(tmp_path_factory.mktemp("bare"), index)
    made.lock("requirements.lock")
    rest = made.root / ".venv/lib/rest"
    rest.mkdir(parents=True)

    done = made.setup()

    assert done.returncode == 0, done.stderr
    assert "again, as it does not start or has no pip" in done.stderr
    assert not rest.exists()
    (made.root / ".venv/installed.json").unlink()
    return made.root / ".venv"


def copied(environment: Path, folder: Path) -> None:
    """Copy an environment, with links to its files: pip and Python replace a file to change it."""
    shutil.copytree(environment, folder, symlinks=True, copy_function=os.link)
    for stamp in folder.glob("installed.json"):  # which scripts/setup writes into
        stamp.unlink()
        shutil.copy(environment / stamp.name, stamp)


@pytest.fixture
def clone(tmp_path: Path, index: Index, bare: Path) -> Clone:
    """Return a clone with an environment without packages."""
    made = cloned(tmp_path, index)
    copied(bare, tmp_path / ".venv")
    return made


@pytest.fixture(scope="module")
def desec(tmp_path_factory: pytest.TempPathFactory, index: Index, bare: Path) -> Path:
    """Have scripts/setup install what a run needs and one extra, once."""
    made = cloned(tmp_path_factory.mktemp("desec"), index)
    copied(bare, made.root / ".venv")
    assert made.setup("--with", "desec").returncode == 0
    return made.root / ".venv"


@pytest.fixture
def with_desec(tmp_path: Path, index: Index, desec: Path) -> Clone:
    """Return a clone with an environment with one extra."""
    made = cloned(tmp_path, index)
    copied(desec, tmp_path / ".venv")
    return made


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence with which a set-up fails."""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(errors) == 1, done.stderr
    assert done.stderr.endswith(f"{errors[0]}\n")
    return errors[0].removeprefix("error: ")


def test_a_run_gets_what_it_needs_and_no_extra(clone: Clone) -> None:
    done = clone.setup()

    assert done.returncode == 0, done.stderr
    assert clone.installed == {"alpha"}
    assert "==> Install 1 packages, of requirements.lock\n" in done.stderr


def test_the_same_locks_change_nothing_even_without_a_network(with_desec: Clone) -> None:
    done = with_desec.setup(PIP_INDEX_URL="http://127.0.0.1:9")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_extras_are_added_and_remembered(with_desec: Clone) -> None:
    with_desec.setup("docs")
    (with_desec.root / ".venv/installed.json").write_text(
        json.dumps({**with_desec.stamp, "digests": {}})
    )

    done = with_desec.setup()

    assert done.returncode == 0, done.stderr
    assert with_desec.installed == {"alpha", "beta", "delta"}
    assert with_desec.stamp["extras"] == ["desec", "docs"]


def test_all_extras_have_one_word(clone: Clone) -> None:
    clone.setup("--with", "all")

    assert clone.installed == {"alpha", "beta", "gamma", "delta"}


def test_a_changed_lock_brings_and_removes_packages_but_none_of_the_operator(
    with_desec: Clone,
) -> None:
    (packages,) = (with_desec.root / ".venv/lib").glob("python3*/site-packages")
    (gamma,) = (with_desec.index.folder / "gamma").iterdir()
    shutil.unpack_archive(gamma, packages, "zip")  # as pip does
    with_desec.lock("locks/desec.lock", "delta")

    done = with_desec.setup()

    assert done.returncode == 0, done.stderr
    assert with_desec.installed == {"alpha", "delta", "gamma"}
    assert "==> Remove 1 packages that no lock has any more" in done.stderr


def test_an_environment_with_the_former_stamp_keeps_every_extra_of_its_time(clone: Clone) -> None:
    former = clone.root / ".venv/requirements.lock"
    former.write_text("alpha==1.0\n")

    done = clone.setup()

    assert done.returncode == 0, done.stderr
    assert clone.stamp["extras"] == ["desec", "dev"]
    assert clone.installed == {"alpha", "beta", "gamma"}
    assert not former.exists()


@pytest.fixture(scope="module")
def copying(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder for Python's path with a venv that copies, as venv itself takes seconds."""
    folder = tmp_path_factory.mktemp("copying")
    program = f"""
import shutil, sys

if __name__ == "__main__":
    option, environment = sys.argv[1:]
    assert option == "--clear"
    shutil.rmtree(environment)
    shutil.copytree({str(bare)!r}, environment, symlinks=True)
"""
    (folder / "venv.py").write_text(program)
    return str(folder)


@pytest.mark.parametrize("broken", ["bin/python", "lib", "pyvenv.cfg"])
def test_a_half_made_environment_is_made_again(
    with_desec: Clone, copying: str, broken: str
) -> None:
    found = with_desec.root / ".venv" / broken
    if found.is_dir():
        shutil.rmtree(found)
    else:
        found.unlink()

    done = with_desec.setup(PYTHONPATH=copying)

    assert done.returncode == 0, done.stderr
    assert "again, as it does not start or has no pip" in done.stderr
    assert with_desec.installed == {"alpha", "beta"}


def test_without_a_network_one_sentence_says_so_and_the_next_run_completes_it(
    clone: Clone,
) -> None:
    sentence = refused(clone.setup("desec", PIP_INDEX_URL="http://127.0.0.1:9"))

    assert sentence.startswith(
        "the package index does not answer: connect this machine to the network, or set "
    )

    done = clone.setup()

    assert done.returncode == 0, done.stderr
    assert clone.installed == {"alpha", "beta"}


def test_a_folder_that_is_no_environment_is_left_alone(clone: Clone) -> None:
    shutil.rmtree(clone.root / ".venv")
    (clone.root / ".venv").mkdir()
    (clone.root / ".venv/thesis.txt").write_text("years of work")

    assert refused(clone.setup()) == f"{clone.root}/.venv is no virtual environment: move it away"
    assert (clone.root / ".venv/thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--with", "desek"),
            "there is no extra 'desek': did you mean desec? The extras are desec, ",
        ),
        (("--with", "x"), "there is no extra 'x': The extras are desec, dev, docs"),
        (("--with",), "--with needs the name of an extra: see scripts/setup --help"),
        (("--without", "dev"), "unknown argument --without: see scripts/setup --help"),
    ],
)
def test_an_unknown_argument_is_refused(
    clone: Clone, arguments: tuple[str, ...], sentence: str
) -> None:
    assert refused(clone.setup(*arguments)).startswith(sentence)


def test_a_file_that_does_not_match_its_hash_is_not_installed(clone: Clone) -> None:
    clone.lock("requirements.lock", "alpha", wrong=True)

    assert refused(clone.setup()).startswith(
        "the package index has another file of alpha==1.0 than the lock file: restore that with "
    )
    assert not clone.installed


def test_a_lock_edited_by_hand_is_refused_before_anything_is_installed(clone: Clone) -> None:
    (clone.root / "requirements.lock").write_text("alpha==1.0\n")

    assert refused(clone.setup()).startswith(
        "requirements.lock line 1 is not a version with its hashes: restore the file with "
    )


def test_a_missing_lock_is_refused(clone: Clone) -> None:
    (clone.root / "locks/dev.lock").unlink()

    assert refused(clone.setup("dev")).startswith("locks/dev.lock is missing: restore it with ")


def test_a_package_without_a_wheel_for_this_machine_is_named_and_not_compiled(clone: Clone) -> None:
    clone.lock("requirements.lock", "alpha", "compiled")

    sentence = refused(clone.setup())

    version = ".".join(map(str, sys.version_info[:2]))
    assert sentence.startswith(f"compiled==1.0 has no wheel for Python {version} on ")


def stand_in(folder: Path, name: str, script: str) -> None:
    """Write a program that stands for a Python which this machine may not have."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def tools(folder: Path) -> Path:
    """Return a folder for PATH with the tools of a shell script, and no Python."""
    made = folder / "bin"
    made.mkdir()
    for name in ("dirname", "sed", "date", "env", "sh"):
        (made / name).symlink_to(shutil.which(name) or name)
    return made


def test_python_3_10_alone_is_too_old(clone: Clone, tmp_path: Path) -> None:
    path = tools(tmp_path)
    stand_in(path, "python3", f'test "$1" = --version || exit 1\necho "{TOO_OLD}"')

    assert refused(clone.setup(PATH=str(path))).startswith(
        f"{TOO_OLD} is too old: install Python 3.11 or"
    )


def test_a_python_without_venv_is_named(clone: Clone, tmp_path: Path) -> None:
    path = tools(tmp_path)
    (path / "python3.11").symlink_to(Path(sys.executable).resolve())
    without = tmp_path / "without"
    without.mkdir()
    (without / "ensurepip.py").write_text("raise ImportError\n")  # as Debian without its package

    sentence = refused(clone.setup(PATH=str(path), PYTHONPATH=str(without)))

    assert sentence == "python3.11 has no venv: apt-get install python3.11-venv"


def test_without_python_its_packages_are_named(clone: Clone, tmp_path: Path) -> None:
    path = tools(tmp_path)

    sentence = refused(clone.setup(PATH=str(path)))

    assert sentence == "there is no Python: apt-get install python3 python3-venv"
