"""The documents about the checks are equal to the code."""

from pathlib import Path

import pytest

from deploys.checks.run.catalogue import CHECKS
from deploys.checks.run.docs import DOCUMENTS, catalogue

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_up_to_date(name: str) -> None:
    made = DOCUMENTS[name]()

    assert (DOCS / name).read_text() == made, "run python -m deploys.checks.run.docs"


def test_the_catalogue_says_why_every_check_matters_and_how_to_fix_it() -> None:
    page = catalogue()

    for check in CHECKS.values():
        assert page.count(f"### {check.id}\n") == 1
        for sentence in (check.why, check.remedy):
            assert sentence.endswith("."), check.id
            assert f"{sentence}\n" in page
        assert check.question.endswith("?")
        assert check.source


def test_every_heading_of_the_catalogue_occurs_once() -> None:
    headings = [line for line in catalogue().splitlines() if line.startswith("#")]

    assert len(headings) == len(set(headings))
