"""Lock files: they fit pyproject.toml and each other, and each version has its hashes."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.environment.installer import BUILD, SOURCES
from scripts.environment.locks import RUNTIME, Lock, LockError, Pin, extras, lock, lock_of

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]
FILES = (RUNTIME, *map(lock_of, EXTRAS), *map(lock_of, GROUPS))
# What only an extra may bring: an operator's run has no use for it.
NOT_OF_A_RUN = {
    *("sslyze", "nassl"),  # AGPL-3.0
    "tlsrpt-reporter",  # GPL-3.0-or-later
    *("pytest", "pytest-cov", "pytest-mock", "wheel", "pycountry-convert"),  # of octodns-route53
    *("adal", "msrest", "msrestazure"),  # of octodns-azure
    *("moto", "boto3", "botocore", "mypy", "ruff", "hypothesis", "uv", "setuptools"),
}


def pins(*names: str) -> dict[str, set[Pin]]:
    """Return the pins of lock files by the names of the packages."""
    found = defaultdict(set)
    for name in names:
        for pin in lock(ROOT, name).pins:
            found[pin.name].add(pin)
    return found


def satisfied(requirement: str, found: dict[str, set[Pin]]) -> bool:
    wanted = Requirement(requirement)
    versions = [pin.version for pin in found[canonicalize_name(wanted.name)]]
    return bool(versions) and all(map(wanted.specifier.contains, versions))


def test_every_extra_and_group_has_a_lock_and_nothing_else_has() -> None:
    found = {f"locks/{path.name}" for path in (ROOT / "locks").iterdir()}

    assert {RUNTIME, *found} == set(FILES)
    assert extras(ROOT) == tuple(sorted(EXTRAS))


def test_the_lock_of_a_run_satisfies_every_requirement() -> None:
    found = pins(RUNTIME)

    assert [one for one in PROJECT["project"]["dependencies"] if not satisfied(one, found)] == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_lock_of_an_extra_satisfies_its_requirements_beside_the_run(extra: str) -> None:
    found = pins(RUNTIME, lock_of(extra))

    assert [one for one in EXTRAS[extra] if not satisfied(one, found)] == []


@pytest.mark.parametrize("group", GROUPS)
def test_the_lock_of_a_script_satisfies_its_requirements(group: str) -> None:
    found = pins(lock_of(group))

    assert [one for one in GROUPS[group] if not satisfied(one, found)] == []


def test_all_extras_agree_on_the_versions_that_they_share() -> None:
    found = pins(RUNTIME, *map(lock_of, EXTRAS))
    several = {
        name: {pin.version: pin.marker for pin in some}
        for name, some in found.items()
        if len({pin.version for pin in some}) > 1
    }

    assert [name for name, versions in several.items() if not all(versions.values())] == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_nothing_that_a_run_has_anyway(extra: str) -> None:
    assert not set(pins(RUNTIME)) & set(pins(lock_of(extra)))


def test_what_a_run_has_no_use_for_is_not_in_its_lock() -> None:
    assert not NOT_OF_A_RUN & set(pins(RUNTIME))
    assert set(pins(*FILES)) >= NOT_OF_A_RUN


@pytest.mark.parametrize("name", FILES)
def test_a_lock_names_no_registry_and_no_path(name: str) -> None:
    text = (ROOT / name).read_text()

    assert lock(ROOT, name).pins
    assert not re.findall(r"://|--(?:extra-)?index-url|--find-links|/tmp", text)


def test_the_packages_without_wheels_are_pins_with_one_file() -> None:
    """A package of wheels has more than one file, or one for every machine and its source."""
    found = pins(RUNTIME, lock_of("scan"), lock_of("dev"))

    assert {name: found[name].pop().line.count("--hash") for name in SOURCES} == dict.fromkeys(
        SOURCES, 1
    )
    assert "setuptools" in pins(BUILD)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("alpha==1.0\n", 1),
        ("# a comment\nalpha>=1.0 --hash=sha256:" + "0" * 64, 2),
        ("alpha==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\nbeta==1.0 \\\n    # via alpha\n", 3),
        ("alpha==1.0 --hash=md5:" + "0" * 32, 1),
        ("alpha @ https://example.org/alpha.whl", 1),
        ("--index-url https://example.org", 1),
        ("<<<<<<< HEAD", 1),
    ],
)
def test_a_lock_edited_by_hand_is_refused_by_its_line(text: str, number: int) -> None:
    with pytest.raises(LockError, match=rf"^locks/x.lock line {number} is not a version with its"):
        _ = Lock("locks/x.lock", text).pins


def test_a_pin_has_its_marker_and_all_its_hashes() -> None:
    hashes = [f"--hash=sha256:{digit * 64}" for digit in "01"]
    written = f"alpha==1.0 ; python_version < '3.12' \\\n    {hashes[0]} \\\n    {hashes[1]}\n"

    (pin,) = Lock("locks/x.lock", f"# made\n{written}    # via beta\n").pins

    assert (pin.name, pin.version, pin.marker) == ("alpha", "1.0", "python_version < '3.12'")
    assert pin.line.split(" --")[1:] == [one.removeprefix("--") for one in hashes]


def test_a_missing_lock_is_named(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"^locks/desec.lock is missing: restore it with `git"):
        lock(tmp_path, lock_of("desec"))
