"""An operator's own repository with a copy of the toolkit: what is refused, and what is not."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploys.mail.toolkit import VERSION
from tests.fakes import ROOT, Run, forks, written
from tests.host.found import SETTINGS
from tests.package.repositories import DEPLOY, PLANNED, copied, made

# What the toolkit imports of others.
USED = ("authres", "cryptography.x509", "dkim", "dns.resolver", "pydantic")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("site-packages"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return one without config.py, so that a run reads deploy.py as pyinfra does by itself."""
    return made(tmp_path, config=False)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs pyinfra in a repository with a path for modules."""
    with forks(*USED) as runs:
        yield lambda folder, path, *arguments: runs(folder, path, ("inventory.py", *arguments))


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Runs pyinfra, which fails without a traceback, and returns the output."""

    def refused(*arguments: Path | tuple[Path, ...] | str) -> str:
        done = run(*arguments)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stdout, done.stdout
        assert "Starting operation" not in done.stdout, done.stdout
        return done.stdout

    return refused


@pytest.mark.parametrize("deploy", ["deploy.py", "pyinfra_mail.site"])
def test_two_lines_or_the_name_of_the_deploy_show_the_whole_plan(
    run: Run, deploy: str, repository: Path, installed: Path
) -> None:
    done = run(repository, (installed,), deploy, "--dry", "--diff")

    assert done.returncode == 0, done.stdout
    for line in PLANNED:
        assert line in done.stdout


def test_messages_name_what_can_be_run_there(installed: Path) -> None:
    program = (
        "from pyinfra_mail.checks.dns import tlsa; from pyinfra_mail.mail import toolkit;"
        "from pyinfra_mail.checks.timer.operation import PACKAGE;"
        "print(tlsa.TLSA.remedy, toolkit.TEMPLATES, PACKAGE)"
    )
    done = subprocess.run(
        (sys.executable, "-c", program),
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Run `pyinfra_mail.site`" in done.stdout
    assert done.stdout.split()[-2:] == [str(installed / "pyinfra_mail/templates"), "pyinfra_mail"]


def test_mistakes_are_told_before_any_host_is_touched(
    refused: Callable[..., str], repository: Path, installed: Path
) -> None:
    written(repository, mx1=SETTINGS | {"mail_domain": "x.example"})

    said = refused(repository, (installed,), "deploy.py", "-y")

    assert "nothing was changed" in said
    assert f"mail_domain is not a setting of pyinfra-mail {VERSION}; did you mean" in said


def test_an_inventory_that_needs_a_newer_version_says_what_to_install(
    refused: Callable[..., str], repository: Path, installed: Path
) -> None:
    written(repository, mx1=SETTINGS | {"mail_requires": ">=99"})

    said = refused(repository, (installed,), "deploy.py", "-y")

    assert f"but {installed / 'pyinfra_mail'} has version {VERSION}" in said
    assert "run pip install 'pyinfra-mail>=99'" in said


def test_a_repository_without_group_data_is_told_to_make_it(
    refused: Callable[..., str], repository: Path, installed: Path
) -> None:
    written(repository, mx1={"mail_hostname": "mx1.harbor.example"})

    said = refused(repository, (installed,), "deploy.py", "-y")

    assert "@fake/mx1: mail_addresses is missing; it has no default" in said
    assert f"{repository} has no folder group_data; make it, with keys for all hosts in" in said


def test_a_repository_with_group_data_is_told_of_the_keys_alone(
    refused: Callable[..., str], repository: Path, installed: Path
) -> None:
    written(repository, mx1={"mail_hostname": "mx1.harbor.example"})
    (repository / "group_data").mkdir()

    assert "group_data" not in refused(repository, (installed,), "deploy.py", "-y")


def test_a_run_with_the_clone_and_the_package_is_refused_with_both_paths(
    refused: Callable[..., str], repository: Path, installed: Path
) -> None:
    inventory = repository / "inventory.py"
    inventory.write_text(f"from deploys import env\n\n{inventory.read_text()}")

    said = refused(repository, (ROOT, installed), "deploy.py", "-y")

    assert "pyinfra-mail is there twice" in said
    assert str(ROOT / "deploys") in said
    assert str(installed / "pyinfra_mail") in said


def test_a_clone_on_the_path_that_nothing_imports_does_no_harm(
    run: Run, repository: Path, installed: Path
) -> None:
    done = run(repository, (ROOT, installed), "deploy.py", "--dry")

    assert done.returncode == 0, done.stdout


def test_a_folder_deploys_of_the_operator_is_no_toolkit(
    run: Run, repository: Path, installed: Path
) -> None:
    (repository / "deploys").mkdir()
    (repository / "deploys" / "__init__.py").write_text("")
    (repository / "deploys" / "web.py").write_text("PORT = 80\n")
    (repository / "deploy.py").write_text(f"from deploys.web import PORT\n{DEPLOY}")

    done = run(repository, (installed,), "deploy.py", "--dry")

    assert done.returncode == 0, done.stdout


def test_two_packages_on_the_path_are_refused_with_both_paths(
    refused: Callable[..., str], repository: Path, installed: Path, tmp_path: Path
) -> None:
    other = copied(tmp_path / "other")

    said = refused(repository, (installed, other), "deploy.py", "-y")

    for folder in (installed, other):
        assert str(folder / "pyinfra_mail") in said


def test_one_package_that_is_twice_on_the_path_is_one(
    run: Run, repository: Path, installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(installed)

    done = run(repository, (installed, tmp_path / "link"), "deploy.py", "--dry")

    assert done.returncode == 0, done.stdout


def test_an_old_python_is_refused_with_its_path(
    refused: Callable[..., str], repository: Path, installed: Path
) -> None:
    inventory = repository / "inventory.py"
    old = "import sys\nsys.version_info = (3, 10, 12)\nfrom pyinfra_mail import env\n"
    inventory.write_text(f"{old}\n{inventory.read_text()}")

    said = refused(repository, (installed,), "deploy.py", "-y")

    assert "pyinfra-mail needs Python 3.11 or newer" in said
    assert f"/{Path(sys.executable).name} is 3.10" in said
