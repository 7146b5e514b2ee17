"""The page of dependencies: each direct one has its row, with the licence of its own metadata."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts.environment.locks import RUNTIME, lock, lock_of

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
DIRECT = {
    Requirement(one).name for some in (PROJECT["dependencies"], *EXTRAS.values()) for one in some
}
# Words of a licence in metadata, which has had other forms than SPDX expressions.
WORDS = {
    "AGPL-3.0": "AGPL",
    "Apache-2.0": r"Apache[- ](Software License|2\.0)",
    "BSD": "BSD",
    "BSD-3-Clause": "BSD|Redistribution and use in source and binary forms",
    "GPL-3.0-or-later": r"GPL-3\.0-or-later",
    "ISC": "ISC",
    "LGPL-2.1": r"LGPL-2\.1",
    "MIT": "MIT",
    "MPL-2.0": r"MPL-2\.0",
    "Python-2.0": "Python Software Foundation",
}
# Licences that ask for the source of a whole work; a run has to do without.
STRONG = re.compile(r"\bA?GPL|Affero|GNU General Public", re.IGNORECASE)


def rows() -> dict[str, list[str]]:
    """Return the cells of each row whose third one is a release."""
    lines = (ROOT / "docs/dependencies.md").read_text().splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row for row in table if len(row) == 5 and re.match(r"\d", row[2])}


ROWS = rows()


def stated(name: str) -> str:
    """Return what the metadata of an installed package says of its licence."""
    found = distribution(name)
    every = found.metadata.get_all
    texts = [
        *every("License-Expression", []),
        *(one.partition("\n")[0] for one in every("License", [])),
        *(one for one in every("Classifier", []) if "License" in one),
    ]
    if any(texts):
        return "; ".join(texts)
    licences = [one for one in found.files or [] if "licenses" in one.parts]
    return "; ".join(Path(str(one.locate())).read_text() for one in licences)


def test_each_direct_dependency_has_a_row_and_nothing_else_has() -> None:
    assert set(ROWS) == DIRECT


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_the_licence_is_that_of_the_metadata(name: str) -> None:
    licence, said = ROWS[name][1], stated(name)

    assert licence == said.strip("; ") or re.search(WORDS[licence], said), said


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_the_release_is_that_of_the_lock(name: str) -> None:
    locks = (RUNTIME, *map(lock_of, EXTRAS))
    versions = {pin.version for one in locks for pin in lock(ROOT, one).pins if pin.name == name}

    version, _, released = ROWS[name][2].partition(", ")
    assert {version} == versions
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", released)


def test_a_run_has_no_package_whose_licence_asks_for_the_source_of_the_whole() -> None:
    found = {pin.name: stated(pin.name) for pin in lock(ROOT, RUNTIME).pins}

    assert [name for name, said in found.items() if STRONG.search(said)] == []


def test_each_oddity_that_the_page_names_is_in_the_lock_that_it_names() -> None:
    places = {
        "azure": ("adal", "msrest", "msrestazure"),
        "route53": ("pycountry-convert", "pytest", "pytest-cov", "pytest-mock", "wheel"),
        "scan": ("sslyze", "nassl"),
    }

    for extra, names in places.items():
        assert set(names) <= {pin.name for pin in lock(ROOT, lock_of(extra)).pins}
